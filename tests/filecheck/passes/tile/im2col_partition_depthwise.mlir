// RUN: cimc-opt %s -p "im2col-partition{rows=4 columns=3 depthwise=true}" --split-input-file | filecheck %s

// Five groups of six taps: row blocks of four and two taps, three and two groups side by
// side. Elements run over taps, then channels, so four taps of three channels are twelve.
// WEIGHTS: w int8 6x5
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<3x3x5xi8>
  %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<2x1x5xi8>
  tile.layer "conv" kind "conv" macs 60 p_v 1 p_h 1
  %w = tile.weight_block <"w", "@w"> rows <0 : 6> columns <0 : 5> : !tile.weight_block<6x5xi8, groups 5>
  tile.sweep "conv" rows <0 : 2> columns <0 : 1> {
    %0 = tile.window %x <kernel 2x3> : !tile.feature_map<3x3x5xi8> -> vector<30xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<6x5xi8, groups 5>, vector<30xi8> -> vector<5xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 5> zero 3 clamp <-7 : 127> : vector<5xi32> -> vector<5xi8>
    tile.store %2, %y channels <0 : 5> : vector<5xi8>, !tile.feature_map<2x1x5xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<3x3x5xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<2x1x5xi8>
// CHECK-NEXT: tile.layer "conv" kind "conv" macs 60 p_v 2 p_h 2
// CHECK-NEXT: %w_block = tile.weight_block <"w", "@w"> rows <0 : 4> columns <0 : 3> : !tile.weight_block<4x3xi8, groups 3>
// CHECK-NEXT: %w_block_1 = tile.weight_block <"w", "@w"> rows <4 : 6> columns <0 : 3> : !tile.weight_block<2x3xi8, groups 3>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 1> {
// CHECK-NEXT: %0 = tile.window %x <kernel 2x3> channels <0 : 3> elements <0 : 12> : !tile.feature_map<3x3x5xi8> -> vector<12xi8>
// CHECK-NEXT: %1 = tile.mvm %w_block, %0 : !tile.weight_block<4x3xi8, groups 3>, vector<12xi8> -> vector<3xi32>
// CHECK-NEXT: %2 = tile.window %x <kernel 2x3> channels <0 : 3> elements <12 : 18> : !tile.feature_map<3x3x5xi8> -> vector<6xi8>
// CHECK-NEXT: %3 = tile.mvm %w_block_1, %2 : !tile.weight_block<2x3xi8, groups 3>, vector<6xi8> -> vector<3xi32>
// CHECK-NEXT: %4 = tile.accumulate %1, %3 : vector<3xi32>
// CHECK-NEXT: %5 = tile.requantise %4 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 3> zero 3 clamp <-7 : 127> : vector<3xi32> -> vector<3xi8>
// CHECK-NEXT: tile.store %5, %y channels <0 : 3> : vector<3xi8>, !tile.feature_map<2x1x5xi8>
// CHECK-NEXT: }
// CHECK-NEXT: %w_block_2 = tile.weight_block <"w", "@w"> rows <0 : 4> columns <3 : 5> : !tile.weight_block<4x2xi8, groups 2>
// CHECK-NEXT: %w_block_3 = tile.weight_block <"w", "@w"> rows <4 : 6> columns <3 : 5> : !tile.weight_block<2x2xi8, groups 2>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 1> {
// CHECK-NEXT: %6 = tile.window %x <kernel 2x3> channels <3 : 5> elements <0 : 8> : !tile.feature_map<3x3x5xi8> -> vector<8xi8>
// CHECK-NEXT: %7 = tile.mvm %w_block_2, %6 : !tile.weight_block<4x2xi8, groups 2>, vector<8xi8> -> vector<2xi32>
// CHECK-NEXT: %8 = tile.window %x <kernel 2x3> channels <3 : 5> elements <8 : 12> : !tile.feature_map<3x3x5xi8> -> vector<4xi8>
// CHECK-NEXT: %9 = tile.mvm %w_block_3, %8 : !tile.weight_block<2x2xi8, groups 2>, vector<4xi8> -> vector<2xi32>
// CHECK-NEXT: %10 = tile.accumulate %7, %9 : vector<2xi32>
// CHECK-NEXT: %11 = tile.requantise %10 bias <"b", "00"> multiplier <"m", "00"> channels <3 : 5> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %11, %y channels <3 : 5> : vector<2xi8>, !tile.feature_map<2x1x5xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----


// WEIGHTS: w int8 1x6
// Groups with two output channels each are packed block-diagonally as ever.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x3xi8>
  %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<2x2x6xi8>
  tile.layer "conv" kind "conv" macs 24 p_v 1 p_h 1
  %w = tile.weight_block <"w", "@w"> rows <0 : 1> columns <0 : 6> : !tile.weight_block<1x6xi8, groups 3>
  tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<2x2x3xi8> -> vector<3xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<1x6xi8, groups 3>, vector<3xi8> -> vector<6xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 6> zero 3 clamp <-7 : 127> : vector<6xi32> -> vector<6xi8>
    tile.store %2, %y channels <0 : 6> : vector<6xi8>, !tile.feature_map<2x2x6xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x3xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<2x2x6xi8>
// CHECK-NEXT: tile.layer "conv" kind "conv" macs 24 p_v 1 p_h 3
// CHECK-NEXT: %w_groups_block = tile.weight_block <"w.groups0:1", "{{[0-9a-f]+}}"> rows <0 : 1> columns <0 : 2> : !tile.weight_block<1x2xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %0 = tile.window %x <kernel 1x1> channels <0 : 1> : !tile.feature_map<2x2x3xi8> -> vector<1xi8>
// CHECK-NEXT: %1 = tile.mvm %w_groups_block, %0 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
// CHECK-NEXT: %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %2, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x6xi8>
// CHECK-NEXT: }
// CHECK-NEXT: %w_groups_block_1 = tile.weight_block <"w.groups1:2", "{{[0-9a-f]+}}"> rows <0 : 1> columns <0 : 2> : !tile.weight_block<1x2xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %3 = tile.window %x <kernel 1x1> channels <1 : 2> : !tile.feature_map<2x2x3xi8> -> vector<1xi8>
// CHECK-NEXT: %4 = tile.mvm %w_groups_block_1, %3 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
// CHECK-NEXT: %5 = tile.requantise %4 bias <"b", "00"> multiplier <"m", "00"> channels <2 : 4> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %5, %y channels <2 : 4> : vector<2xi8>, !tile.feature_map<2x2x6xi8>
// CHECK-NEXT: }
// CHECK-NEXT: %w_groups_block_2 = tile.weight_block <"w.groups2:3", "{{[0-9a-f]+}}"> rows <0 : 1> columns <0 : 2> : !tile.weight_block<1x2xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %6 = tile.window %x <kernel 1x1> channels <2 : 3> : !tile.feature_map<2x2x3xi8> -> vector<1xi8>
// CHECK-NEXT: %7 = tile.mvm %w_groups_block_2, %6 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
// CHECK-NEXT: %8 = tile.requantise %7 bias <"b", "00"> multiplier <"m", "00"> channels <4 : 6> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %8, %y channels <4 : 6> : vector<2xi8>, !tile.feature_map<2x2x6xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }
