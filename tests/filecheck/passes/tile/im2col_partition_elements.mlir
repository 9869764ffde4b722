// RUN: cimc-opt %s -p "im2col-partition{rows=8 columns=4 depthwise=true elements=10}" | filecheck %s

// Six taps of four groups are 24 inputs: rows are cut at ten, two taps of four groups.
// WEIGHTS: w int8 6x4
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<3x3x4xi8>
  %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<2x1x4xi8>
  tile.layer "conv" kind "conv" macs 48 p_v 1 p_h 1
  %w = tile.weight_block <"w", "@w"> rows <0 : 6> columns <0 : 4> : !tile.weight_block<6x4xi8, groups 4>
  tile.sweep "conv" rows <0 : 2> columns <0 : 1> {
    %0 = tile.window %x <kernel 2x3> : !tile.feature_map<3x3x4xi8> -> vector<24xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<6x4xi8, groups 4>, vector<24xi8> -> vector<4xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 4> zero 3 clamp <-7 : 127> : vector<4xi32> -> vector<4xi8>
    tile.store %2, %y channels <0 : 4> : vector<4xi8>, !tile.feature_map<2x1x4xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<3x3x4xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<2x1x4xi8>
// CHECK-NEXT: tile.layer "conv" kind "conv" macs 48 p_v 3 p_h 1
// CHECK-NEXT: %w_block = tile.weight_block <"w", "@w"> rows <0 : 2> columns <0 : 4> : !tile.weight_block<2x4xi8, groups 4>
// CHECK-NEXT: %w_block_1 = tile.weight_block <"w", "@w"> rows <2 : 4> columns <0 : 4> : !tile.weight_block<2x4xi8, groups 4>
// CHECK-NEXT: %w_block_2 = tile.weight_block <"w", "@w"> rows <4 : 6> columns <0 : 4> : !tile.weight_block<2x4xi8, groups 4>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 1> {
// CHECK-NEXT: %0 = tile.window %x <kernel 2x3> elements <0 : 8> : !tile.feature_map<3x3x4xi8> -> vector<8xi8>
// CHECK-NEXT: %1 = tile.mvm %w_block, %0 : !tile.weight_block<2x4xi8, groups 4>, vector<8xi8> -> vector<4xi32>
// CHECK-NEXT: %2 = tile.window %x <kernel 2x3> elements <8 : 16> : !tile.feature_map<3x3x4xi8> -> vector<8xi8>
// CHECK-NEXT: %3 = tile.mvm %w_block_1, %2 : !tile.weight_block<2x4xi8, groups 4>, vector<8xi8> -> vector<4xi32>
// CHECK-NEXT: %4 = tile.accumulate %1, %3 : vector<4xi32>
// CHECK-NEXT: %5 = tile.window %x <kernel 2x3> elements <16 : 24> : !tile.feature_map<3x3x4xi8> -> vector<8xi8>
// CHECK-NEXT: %6 = tile.mvm %w_block_2, %5 : !tile.weight_block<2x4xi8, groups 4>, vector<8xi8> -> vector<4xi32>
// CHECK-NEXT: %7 = tile.accumulate %4, %6 : vector<4xi32>
// CHECK-NEXT: %8 = tile.requantise %7 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 4> zero 3 clamp <-7 : 127> : vector<4xi32> -> vector<4xi8>
// CHECK-NEXT: tile.store %8, %y channels <0 : 4> : vector<4xi8>, !tile.feature_map<2x1x4xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }
