// RUN: cimc-opt %s -p distribute-sweeps --split-input-file | filecheck %s

// Five row blocks on three cores: each core sums its own before it takes over the sums
// of the core before it; only the last one finishes.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<3x2x5xi8>
  %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<3x2x4xi8>
  %w0 = tile.weight_block <"w", "00"> rows <0 : 1> columns <0 : 2> core 4 array 0 : !tile.weight_block<1x2xi8>
  %w1 = tile.weight_block <"w", "00"> rows <1 : 2> columns <0 : 2> core 4 array 1 : !tile.weight_block<1x2xi8>
  %w2 = tile.weight_block <"w", "00"> rows <2 : 3> columns <0 : 2> core 5 array 0 : !tile.weight_block<1x2xi8>
  %w3 = tile.weight_block <"w", "00"> rows <3 : 4> columns <0 : 2> core 6 array 0 : !tile.weight_block<1x2xi8>
  %w4 = tile.weight_block <"w", "00"> rows <4 : 5> columns <0 : 2> core 6 array 1 : !tile.weight_block<1x2xi8>
  tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
    %a = tile.window %x <kernel 1x1> elements <0 : 1> : !tile.feature_map<3x2x5xi8> -> vector<1xi8>
    %pa = tile.mvm %w0, %a : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    %b = tile.window %x <kernel 1x1> elements <1 : 2> : !tile.feature_map<3x2x5xi8> -> vector<1xi8>
    %pb = tile.mvm %w1, %b : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    %sb = tile.accumulate %pa, %pb : vector<2xi32>
    %c = tile.window %x <kernel 1x1> elements <2 : 3> : !tile.feature_map<3x2x5xi8> -> vector<1xi8>
    %pc = tile.mvm %w2, %c : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    %sc = tile.accumulate %sb, %pc : vector<2xi32>
    %d = tile.window %x <kernel 1x1> elements <3 : 4> : !tile.feature_map<3x2x5xi8> -> vector<1xi8>
    %pd = tile.mvm %w3, %d : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    %sd = tile.accumulate %sc, %pd : vector<2xi32>
    %e = tile.window %x <kernel 1x1> elements <4 : 5> : !tile.feature_map<3x2x5xi8> -> vector<1xi8>
    %pe = tile.mvm %w4, %e : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    %se = tile.accumulate %sd, %pe : vector<2xi32>
    %f = tile.requantise %se bias <"b", "00"> multiplier <"m", "00"> channels <2 : 4> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
    %t = tile.table %f <"t", "00"> : vector<2xi8> -> vector<2xi8>
    tile.store %t, %y channels <2 : 4> : vector<2xi8>, !tile.feature_map<3x2x4xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<3x2x5xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<3x2x4xi8>
// CHECK-NEXT: %w0 = tile.weight_block <"w", "00"> rows <0 : 1> columns <0 : 2> core 4 array 0 : !tile.weight_block<1x2xi8>
// CHECK-NEXT: %w1 = tile.weight_block <"w", "00"> rows <1 : 2> columns <0 : 2> core 4 array 1 : !tile.weight_block<1x2xi8>
// CHECK-NEXT: %w2 = tile.weight_block <"w", "00"> rows <2 : 3> columns <0 : 2> core 5 array 0 : !tile.weight_block<1x2xi8>
// CHECK-NEXT: %w3 = tile.weight_block <"w", "00"> rows <3 : 4> columns <0 : 2> core 6 array 0 : !tile.weight_block<1x2xi8>
// CHECK-NEXT: %w4 = tile.weight_block <"w", "00"> rows <4 : 5> columns <0 : 2> core 6 array 1 : !tile.weight_block<1x2xi8>
// CHECK-NEXT: %conv_sums = tile.partial_sums "conv" : !tile.partial_sums<3x2x2xi32>
// CHECK-NEXT: tile.sweep "conv" core 4 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %a = tile.window %x <kernel 1x1> elements <0 : 1> : !tile.feature_map<3x2x5xi8> -> vector<1xi8>
// CHECK-NEXT: %0 = tile.mvm %w0, %a : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
// CHECK-NEXT: %b = tile.window %x <kernel 1x1> elements <1 : 2> : !tile.feature_map<3x2x5xi8> -> vector<1xi8>
// CHECK-NEXT: %1 = tile.mvm %w1, %b : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
// CHECK-NEXT: %2 = tile.accumulate %0, %1 : vector<2xi32>
// CHECK-NEXT: tile.store_partial %2, %conv_sums : vector<2xi32>, !tile.partial_sums<3x2x2xi32>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "conv" core 5 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %c = tile.window %x <kernel 1x1> elements <2 : 3> : !tile.feature_map<3x2x5xi8> -> vector<1xi8>
// CHECK-NEXT: %3 = tile.mvm %w2, %c : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
// CHECK-NEXT: %4 = tile.load_partial %conv_sums : !tile.partial_sums<3x2x2xi32> -> vector<2xi32>
// CHECK-NEXT: %5 = tile.accumulate %4, %3 : vector<2xi32>
// CHECK-NEXT: tile.store_partial %5, %conv_sums : vector<2xi32>, !tile.partial_sums<3x2x2xi32>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "conv" core 6 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %d = tile.window %x <kernel 1x1> elements <3 : 4> : !tile.feature_map<3x2x5xi8> -> vector<1xi8>
// CHECK-NEXT: %6 = tile.mvm %w3, %d : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
// CHECK-NEXT: %e = tile.window %x <kernel 1x1> elements <4 : 5> : !tile.feature_map<3x2x5xi8> -> vector<1xi8>
// CHECK-NEXT: %7 = tile.mvm %w4, %e : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
// CHECK-NEXT: %8 = tile.accumulate %6, %7 : vector<2xi32>
// CHECK-NEXT: %9 = tile.load_partial %conv_sums : !tile.partial_sums<3x2x2xi32> -> vector<2xi32>
// CHECK-NEXT: %10 = tile.accumulate %9, %8 : vector<2xi32>
// CHECK-NEXT: %f = tile.requantise %10 bias <"b", "00"> multiplier <"m", "00"> channels <2 : 4> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: %t = tile.table %f <"t", "00"> : vector<2xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %t, %y channels <2 : 4> : vector<2xi8>, !tile.feature_map<3x2x4xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// One core needs no partial sums. Sweeps without weights keep the core they have.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<3x2x2xi8>
  %y = tile.feature_map "y_q" of "conv" role "intermediate" : !tile.feature_map<3x2x2xi8>
  %z = tile.feature_map "z_q" of "copy" role "output" : !tile.feature_map<3x2x2xi8>
  %w = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> core 7 array 1 : !tile.weight_block<2x2xi8>
  tile.sweep "conv" rows <0 : 3> columns <0 : 2> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<3x2x2xi8> -> vector<2xi8>
    %p = tile.mvm %w, %a : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %f = tile.requantise %p bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
    tile.store %f, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<3x2x2xi8>
  }
  tile.sweep "copy" core 9 rows <0 : 3> columns <0 : 2> {
    %a = tile.window %y <kernel 1x1> : !tile.feature_map<3x2x2xi8> -> vector<2xi8>
    tile.store %a, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<3x2x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<3x2x2xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "conv" role "intermediate" : !tile.feature_map<3x2x2xi8>
// CHECK-NEXT: %z = tile.feature_map "z_q" of "copy" role "output" : !tile.feature_map<3x2x2xi8>
// CHECK-NEXT: %w = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> core 7 array 1 : !tile.weight_block<2x2xi8>
// CHECK-NEXT: tile.sweep "conv" core 7 rows <0 : 3> columns <0 : 2> {
// CHECK-NEXT: %a = tile.window %x <kernel 1x1> : !tile.feature_map<3x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: %0 = tile.mvm %w, %a : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: %f = tile.requantise %0 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %f, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<3x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "copy" core 9 rows <0 : 3> columns <0 : 2> {
// CHECK-NEXT: %a_1 = tile.window %y <kernel 1x1> : !tile.feature_map<3x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %a_1, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<3x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }
