// RUN: cimc-opt %s -p "assign-arrays{cores=2 arrays=2}" --split-input-file | filecheck %s

// Three blocks of one product take two cores. The parts of the pool that write the same
// channels stay together, other channels go to the other core.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x6xi8>
  %y = tile.feature_map "y_q" of "conv" role "intermediate" : !tile.feature_map<2x2x2xi8>
  %z = tile.feature_map "z_q" of "pool" role "output" : !tile.feature_map<2x2x2xi8>
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
  tile.sweep "pool" rows <0 : 1> columns <0 : 2> {
    %0 = tile.window %y <kernel 1x1> channels <0 : 1> : !tile.feature_map<2x2x2xi8> -> vector<1xi8>
    tile.store %0, %z channels <0 : 1> : vector<1xi8>, !tile.feature_map<2x2x2xi8>
  }
  tile.sweep "pool" rows <0 : 1> columns <0 : 2> {
    %0 = tile.window %y <kernel 1x1> channels <1 : 2> : !tile.feature_map<2x2x2xi8> -> vector<1xi8>
    tile.store %0, %z channels <1 : 2> : vector<1xi8>, !tile.feature_map<2x2x2xi8>
  }
  tile.sweep "pool" rows <1 : 2> columns <0 : 2> {
    %0 = tile.window %y <kernel 1x1> channels <0 : 1> : !tile.feature_map<2x2x2xi8> -> vector<1xi8>
    tile.store %0, %z channels <0 : 1> : vector<1xi8>, !tile.feature_map<2x2x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x6xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "conv" role "intermediate" : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %z = tile.feature_map "z_q" of "pool" role "output" : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %w0 = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> core 0 array 0 : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %w1 = tile.weight_block <"w", "00"> rows <2 : 4> columns <0 : 2> core 0 array 1 : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %w2 = tile.weight_block <"w", "00"> rows <4 : 6> columns <0 : 2> core 1 array 0 : !tile.weight_block<2x2xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %0 = tile.window %x <kernel 1x1> elements <0 : 2> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
// CHECK-NEXT: %1 = tile.mvm %w0, %0 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: %2 = tile.window %x <kernel 1x1> elements <2 : 4> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
// CHECK-NEXT: %3 = tile.mvm %w1, %2 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: %4 = tile.window %x <kernel 1x1> elements <4 : 6> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
// CHECK-NEXT: %5 = tile.mvm %w2, %4 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 1 rows <0 : 1> columns <0 : 2> {
// CHECK-NEXT: %6 = tile.window %y <kernel 1x1> channels <0 : 1> : !tile.feature_map<2x2x2xi8> -> vector<1xi8>
// CHECK-NEXT: tile.store %6, %z channels <0 : 1> : vector<1xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 0 rows <0 : 1> columns <0 : 2> {
// CHECK-NEXT: %7 = tile.window %y <kernel 1x1> channels <1 : 2> : !tile.feature_map<2x2x2xi8> -> vector<1xi8>
// CHECK-NEXT: tile.store %7, %z channels <1 : 2> : vector<1xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 1 rows <1 : 2> columns <0 : 2> {
// CHECK-NEXT: %8 = tile.window %y <kernel 1x1> channels <0 : 1> : !tile.feature_map<2x2x2xi8> -> vector<1xi8>
// CHECK-NEXT: tile.store %8, %z channels <0 : 1> : vector<1xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----


// Six blocks for four arrays: those of "large" have the most weights and keep theirs to
// themselves, the two others take turns in the arrays that are left.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x4xi8>
  %a0 = tile.weight_block <"a", "00"> rows <0 : 1> columns <0 : 2> : !tile.weight_block<1x2xi8>
  %a1 = tile.weight_block <"a", "00"> rows <1 : 2> columns <0 : 2> : !tile.weight_block<1x2xi8>
  tile.sweep "small" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> elements <0 : 1> : !tile.feature_map<2x2x4xi8> -> vector<1xi8>
    %1 = tile.mvm %a0, %0 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    %2 = tile.window %x <kernel 1x1> elements <1 : 2> : !tile.feature_map<2x2x4xi8> -> vector<1xi8>
    %3 = tile.mvm %a1, %2 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
  }
  %b0 = tile.weight_block <"b", "00"> rows <0 : 2> columns <0 : 2> : !tile.weight_block<2x2xi8>
  %b1 = tile.weight_block <"b", "00"> rows <2 : 4> columns <0 : 2> : !tile.weight_block<2x2xi8>
  tile.sweep "large" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> elements <0 : 2> : !tile.feature_map<2x2x4xi8> -> vector<2xi8>
    %1 = tile.mvm %b0, %0 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %2 = tile.window %x <kernel 1x1> elements <2 : 4> : !tile.feature_map<2x2x4xi8> -> vector<2xi8>
    %3 = tile.mvm %b1, %2 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
  }
  %c0 = tile.weight_block <"c", "00"> rows <0 : 1> columns <0 : 2> : !tile.weight_block<1x2xi8>
  %c1 = tile.weight_block <"c", "00"> rows <1 : 2> columns <0 : 2> : !tile.weight_block<1x2xi8>
  tile.sweep "other" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> elements <0 : 1> : !tile.feature_map<2x2x4xi8> -> vector<1xi8>
    %1 = tile.mvm %c0, %0 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    %2 = tile.window %x <kernel 1x1> elements <1 : 2> : !tile.feature_map<2x2x4xi8> -> vector<1xi8>
    %3 = tile.mvm %c1, %2 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x4xi8>
// CHECK-NEXT: %a0 = tile.weight_block <"a", "00"> rows <0 : 1> columns <0 : 2> core 0 array 0 : !tile.weight_block<1x2xi8>
// CHECK-NEXT: %a1 = tile.weight_block <"a", "00"> rows <1 : 2> columns <0 : 2> core 0 array 1 : !tile.weight_block<1x2xi8>
// CHECK-NEXT: tile.sweep "small" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %0 = tile.window %x <kernel 1x1> elements <0 : 1> : !tile.feature_map<2x2x4xi8> -> vector<1xi8>
// CHECK-NEXT: %1 = tile.mvm %a0, %0 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
// CHECK-NEXT: %2 = tile.window %x <kernel 1x1> elements <1 : 2> : !tile.feature_map<2x2x4xi8> -> vector<1xi8>
// CHECK-NEXT: %3 = tile.mvm %a1, %2 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
// CHECK-NEXT: }
// CHECK-NEXT: %b0 = tile.weight_block <"b", "00"> rows <0 : 2> columns <0 : 2> core 1 array 0 : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %b1 = tile.weight_block <"b", "00"> rows <2 : 4> columns <0 : 2> core 1 array 1 : !tile.weight_block<2x2xi8>
// CHECK-NEXT: tile.sweep "large" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %4 = tile.window %x <kernel 1x1> elements <0 : 2> : !tile.feature_map<2x2x4xi8> -> vector<2xi8>
// CHECK-NEXT: %5 = tile.mvm %b0, %4 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: %6 = tile.window %x <kernel 1x1> elements <2 : 4> : !tile.feature_map<2x2x4xi8> -> vector<2xi8>
// CHECK-NEXT: %7 = tile.mvm %b1, %6 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: }
// CHECK-NEXT: %c0 = tile.weight_block <"c", "00"> rows <0 : 1> columns <0 : 2> core 0 array 0 : !tile.weight_block<1x2xi8>
// CHECK-NEXT: %c1 = tile.weight_block <"c", "00"> rows <1 : 2> columns <0 : 2> core 0 array 1 : !tile.weight_block<1x2xi8>
// CHECK-NEXT: tile.sweep "other" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %8 = tile.window %x <kernel 1x1> elements <0 : 1> : !tile.feature_map<2x2x4xi8> -> vector<1xi8>
// CHECK-NEXT: %9 = tile.mvm %c0, %8 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
// CHECK-NEXT: %10 = tile.window %x <kernel 1x1> elements <1 : 2> : !tile.feature_map<2x2x4xi8> -> vector<1xi8>
// CHECK-NEXT: %11 = tile.mvm %c1, %10 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
// CHECK-NEXT: }
// CHECK-NEXT: }
