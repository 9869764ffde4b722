// RUN: cimc-opt %s -p "insert-sync{part=9}" | filecheck %s
// RUN: cimc-opt %s -p "insert-sync{part=1}" | filecheck %s --check-prefix=SINGLE
// RUN: cimc-opt %s -p "insert-sync{part=9 finest_part=1}" | filecheck %s

// A part has at least so many positions: whole rows of 8, or each position. With a finest
// part they stay rows, since the pool has as much to do as the busiest core.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x8x2xi8, halo 1x0x1x0 of 0>
  %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<8x8x2xi8>
  tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 8> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<8x8x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8, halo 1x0x1x0 of 0>
  }
  tile.sweep "pool" core 1 rows <0 : 8> columns <0 : 8> {
    %b = tile.window %y <kernel 3x1 pad 1x0x1x0> : !tile.feature_map<8x8x2xi8, halo 1x0x1x0 of 0> -> vector<6xi8>
    %c = tile.max %b segments 3 : vector<6xi8> -> vector<2xi8>
    tile.store %c, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
// CHECK-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x8x2xi8, halo 1x0x1x0 of 0>
// CHECK-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<8x8x2xi8>
// CHECK-NEXT: %0 = tile.sequence 0 -> 1 : !tile.sequence
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 8> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.store %a, %y channels <0 : 2>
// CHECK-NEXT: tile.signal %0 every 8{{$}}
// CHECK-NEXT: tile.signal %0{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 1 rows <0 : 8> columns <0 : 8> {
// CHECK-NEXT: tile.await %0{{$}}
// CHECK-NEXT: tile.await %0 every 8{{$}}
// CHECK-NEXT: %b = tile.window
// CHECK-NEXT: %c = tile.max
// CHECK-NEXT: tile.store %c, %z channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: }

// SINGLE: builtin.module {
// SINGLE-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
// SINGLE-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x8x2xi8, halo 1x0x1x0 of 0>
// SINGLE-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<8x8x2xi8>
// SINGLE-NEXT: %0 = tile.sequence 0 -> 1 : !tile.sequence
// SINGLE-NEXT: tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 8> {
// SINGLE-NEXT: %a = tile.window
// SINGLE-NEXT: tile.store %a, %y channels <0 : 2>
// SINGLE-NEXT: tile.signal %0 every 1{{$}}
// SINGLE-NEXT: tile.signal %0 by 8{{$}}
// SINGLE-NEXT: }
// SINGLE-NEXT: tile.sweep "pool" core 1 rows <0 : 8> columns <0 : 8> {
// SINGLE-NEXT: tile.await %0 by 8{{$}}
// SINGLE-NEXT: tile.await %0 every 1{{$}}
// SINGLE-NEXT: %b = tile.window
// SINGLE-NEXT: %c = tile.max
// SINGLE-NEXT: tile.store %c, %z channels <0 : 2>
// SINGLE-NEXT: }
// SINGLE-NEXT: }
