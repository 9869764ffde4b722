// RUN: cimc-opt %s -p "place-blocks{cores=4 crossbars=2}" --split-input-file | filecheck %s

// The blocks of a layer share as few cores as can be, evenly; vector work takes idle cores
// first, then those with the fewest positions.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x6xi8>
  %y = tile.feature_map "y_q" of "conv" role "intermediate" : !tile.feature_map<2x2x2xi8>
  %z = tile.feature_map "z_q" of "table" role "output" : !tile.feature_map<2x2x2xi8>
  %w0 = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> : !tile.weight_block<2x2xi8>
  %w1 = tile.weight_block <"w", "00"> rows <2 : 4> columns <0 : 2> : !tile.weight_block<2x2xi8>
  %w2 = tile.weight_block <"w", "00"> rows <4 : 6> columns <0 : 2> : !tile.weight_block<2x2xi8>
  tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> elements <0 : 2> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
    %1 = tile.mvm %w0, %0 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %2 = tile.window %x <kernel 1x1> elements <2 : 4> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
    %3 = tile.mvm %w1, %2 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %4 = tile.window %x <kernel 1x1> elements <4 : 6> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
    %5 = tile.mvm %w2, %4 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
  }
  tile.sweep "first" rows <0 : 2> columns <0 : 1> {
    %0 = tile.window %y <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
    tile.store %0, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
  tile.sweep "second" rows <0 : 1> columns <0 : 1> {
    %0 = tile.window %y <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
    tile.store %0, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
  tile.sweep "third" rows <0 : 2> columns <1 : 2> {
    %0 = tile.window %y <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
    tile.store %0, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x6xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "conv" role "intermediate" : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %z = tile.feature_map "z_q" of "table" role "output" : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %w0 = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> core 0 array 0 : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %w1 = tile.weight_block <"w", "00"> rows <2 : 4> columns <0 : 2> core 1 array 0 : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %w2 = tile.weight_block <"w", "00"> rows <4 : 6> columns <0 : 2> core 1 array 1 : !tile.weight_block<2x2xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %0 = tile.window %x <kernel 1x1> elements <0 : 2> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
// CHECK-NEXT: %1 = tile.mvm %w0, %0 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: %2 = tile.window %x <kernel 1x1> elements <2 : 4> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
// CHECK-NEXT: %3 = tile.mvm %w1, %2 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: %4 = tile.window %x <kernel 1x1> elements <4 : 6> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
// CHECK-NEXT: %5 = tile.mvm %w2, %4 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "first" core 2 rows <0 : 2> columns <0 : 1> {
// CHECK-NEXT: %6 = tile.window %y <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %6, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "second" core 3 rows <0 : 1> columns <0 : 1> {
// CHECK-NEXT: %7 = tile.window %y <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %7, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "third" core 3 rows <0 : 2> columns <1 : 2> {
// CHECK-NEXT: %8 = tile.window %y <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %8, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }
