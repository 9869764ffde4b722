// RUN: cimc-opt %s -p "allocate-map-arrays{domains=8 ports=2 word_bits=32 capacity=64}" --split-input-file | filecheck %s

// Three rows of one array of 6 bytes each; rows of 9 columns take two arrays; channels
// of two writers have arrays of their own; sums take four bytes a lane.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" core 0 : !tile.feature_map<3x8x6xi8>
  %y = tile.feature_map "y" of "conv" role "intermediate" core 1 : !tile.feature_map<2x9x4xi8>
  %z = tile.feature_map "z" of "pool" role "output" core 1 : !tile.feature_map<1x8x6xi8>
  %s = tile.partial_sums "conv" core 1 : !tile.partial_sums<2x4x3xi32>
  %u = tile.feature_map "u" of "more" role "output" core 0 : !tile.feature_map<1x1x1xi8>
  tile.sweep "pool" core 0 rows <0 : 1> columns <0 : 8> {
    %0 = tile.window %x <kernel 1x1> channels <0 : 2> : !tile.feature_map<3x8x6xi8> -> vector<2xi8>
    tile.store %0, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<1x8x6xi8>
    %1 = tile.window %x <kernel 1x1> channels <2 : 6> : !tile.feature_map<3x8x6xi8> -> vector<4xi8>
    tile.store %1, %z channels <2 : 6> : vector<4xi8>, !tile.feature_map<1x8x6xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x" of "" role "input" core 0 at 0 : !tile.feature_map<3x8x6xi8>
// CHECK-NEXT: %y = tile.feature_map "y" of "conv" role "intermediate" core 1 at 3 : !tile.feature_map<2x9x4xi8>
// CHECK-NEXT: %z = tile.feature_map "z" of "pool" role "output" core 1 at 7 : !tile.feature_map<1x8x6xi8>
// CHECK-NEXT: %s = tile.partial_sums "conv" core 1 at 9 : !tile.partial_sums<2x4x3xi32>
// CHECK-NEXT: %u = tile.feature_map "u" of "more" role "output" core 0 at 11 : !tile.feature_map<1x1x1xi8>
// CHECK-NEXT: tile.sweep "pool" core 0 rows <0 : 1> columns <0 : 8> {
// CHECK-NEXT: %0 = tile.window %x <kernel 1x1> channels <0 : 2> : !tile.feature_map<3x8x6xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %0, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<1x8x6xi8>
// CHECK-NEXT: %1 = tile.window %x <kernel 1x1> channels <2 : 6> : !tile.feature_map<3x8x6xi8> -> vector<4xi8>
// CHECK-NEXT: tile.store %1, %z channels <2 : 6> : vector<4xi8>, !tile.feature_map<1x8x6xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// A further copy keeps only the rows and columns that its reader needs: every second
// one, from the first on, where windows of one column stride by two.
builtin.module {
  %a = tile.feature_map "x" of "" role "intermediate" core 0 : !tile.feature_map<5x16x4xi8>
  %b = tile.feature_map "x" of "" role "intermediate" core 1 : !tile.feature_map<5x16x4xi8>
  %y = tile.feature_map "y" of "conv" role "output" core 1 : !tile.feature_map<3x8x4xi8>
  tile.sweep "conv" core 1 rows <0 : 3> columns <0 : 8> {
    %0 = tile.window %b <kernel 1x1 stride 2x2> : !tile.feature_map<5x16x4xi8> -> vector<4xi8>
    tile.store %0, %y channels <0 : 4> : vector<4xi8>, !tile.feature_map<3x8x4xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %a = tile.feature_map "x" of "" role "intermediate" core 0 at 0 : !tile.feature_map<5x16x4xi8>
// CHECK-NEXT: %b = tile.feature_map "x" of "" role "intermediate" core 1 at 10 : !tile.feature_map<5x16x4xi8>
// CHECK-NEXT: %y = tile.feature_map "y" of "conv" role "output" core 1 at 13 : !tile.feature_map<3x8x4xi8>
// CHECK-NEXT: tile.sweep "conv" core 1 rows <0 : 3> columns <0 : 8> {
// CHECK-NEXT: %0 = tile.window %b <kernel 1x1 stride 2x2> : !tile.feature_map<5x16x4xi8> -> vector<4xi8>
// CHECK-NEXT: tile.store %0, %y channels <0 : 4> : vector<4xi8>, !tile.feature_map<3x8x4xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }
