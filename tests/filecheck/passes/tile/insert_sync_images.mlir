// RUN: cimc-opt %s -p insert-sync --split-input-file | filecheck %s

// %y holds two images. Its writer waits before each image for the one whose place that
// takes, its reader lets go of one at its end. Inputs and outputs have places for all.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" images 4 : !tile.feature_map<4x4x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" images 4 ring 8 : !tile.feature_map<4x4x2xi8>
  %z = tile.feature_map "z" of "pool" role "output" images 4 : !tile.feature_map<1x1x2xi8>
  tile.sweep "copy" core 0 rows <0 : 4> columns <0 : 4> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
  tile.sweep "pool" core 1 rows <0 : 1> columns <0 : 1> {
    %b = tile.window %y <kernel 4x4> : !tile.feature_map<4x4x2xi8> -> vector<32xi8>
    %c = tile.max %b segments 16 : vector<32xi8> -> vector<2xi8>
    tile.store %c, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<1x1x2xi8>
  }
}

// CHECK: %0 = tile.sequence 1 -> 0 credit 2 : !tile.sequence
// CHECK-NEXT: %1 = tile.sequence 0 -> 1 : !tile.sequence
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.await %0{{$}}
// CHECK-NEXT: tile.store %a, %y
// CHECK-NEXT: tile.signal %1{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 1 rows <0 : 1> columns <0 : 1> {
// CHECK-NEXT: tile.await %1{{$}}
// CHECK-NEXT: %b = tile.window
// CHECK-NEXT: %c = tile.max
// CHECK-NEXT: tile.store %c, %z
// CHECK-NEXT: tile.signal %0{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----
// One core reads %y with two sweeps, and its last lets go. Another one writes the map that
// it reads itself, in the order of its program.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" images 3 : !tile.feature_map<1x4x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" images 3 ring 2 : !tile.feature_map<1x4x2xi8>
  %z = tile.feature_map "z" of "near" role "output" images 3 : !tile.feature_map<1x4x2xi8>
  tile.sweep "copy" core 0 rows <0 : 1> columns <0 : 4> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<1x4x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<1x4x2xi8>
  }
  tile.sweep "near" core 1 rows <0 : 1> columns <0 : 2> {
    %b = tile.window %y <kernel 1x1> : !tile.feature_map<1x4x2xi8> -> vector<2xi8>
    tile.store %b, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<1x4x2xi8>
  }
  tile.sweep "near" core 1 rows <0 : 1> columns <2 : 3> {
    %c = tile.window %y <kernel 1x1> : !tile.feature_map<1x4x2xi8> -> vector<2xi8>
    tile.store %c, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<1x4x2xi8>
  }
  tile.sweep "near" core 0 rows <0 : 1> columns <3 : 4> {
    %d = tile.window %y <kernel 1x1> : !tile.feature_map<1x4x2xi8> -> vector<2xi8>
    tile.store %d, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<1x4x2xi8>
  }
}

// CHECK: %0 = tile.sequence 1 -> 0 credit 2 : !tile.sequence
// CHECK-NEXT: %1 = tile.sequence 0 -> 1 : !tile.sequence
// CHECK-NEXT: tile.sweep "copy"
// CHECK: tile.await %0{{$}}
// CHECK: tile.signal %1{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "near" core 1 rows <0 : 1> columns <0 : 2> {
// CHECK-NEXT: tile.await %1{{$}}
// CHECK-NEXT: tile.window
// CHECK-NEXT: tile.store
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "near" core 1 rows <0 : 1> columns <2 : 3> {
// CHECK-NEXT: tile.window
// CHECK-NEXT: tile.store
// CHECK-NEXT: tile.signal %0{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "near" core 0
// CHECK-NEXT: tile.window
// CHECK-NEXT: tile.store
// CHECK-NEXT: }
// CHECK-NEXT: }
