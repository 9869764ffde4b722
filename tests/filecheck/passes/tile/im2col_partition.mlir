// RUN: cimc-opt %s -p "im2col-partition{rows=8 columns=4}" --split-input-file | filecheck %s

// 18 rows and 5 columns: three row blocks in each of two strips, the last of each ragged.
// WEIGHTS: w int8 18x5
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3>
  %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<2x2x5xi8>
  tile.layer "conv" kind "conv" macs 360 p_v 1 p_h 1
  %w = tile.weight_block <"w", "@w"> rows <0 : 18> columns <0 : 5> : !tile.weight_block<18x5xi8>
  tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 3x3 stride 2x2 pad 1x1x1x1> : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3> -> vector<18xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<18x5xi8>, vector<18xi8> -> vector<5xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 5> zero 3 clamp <-7 : 127> : vector<5xi32> -> vector<5xi8>
    %3 = tile.table %2 <"t", "00"> : vector<5xi8> -> vector<5xi8>
    tile.store %3, %y channels <0 : 5> : vector<5xi8>, !tile.feature_map<2x2x5xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<2x2x5xi8>
// CHECK-NEXT: tile.layer "conv" kind "conv" macs 360 p_v 3 p_h 2
// CHECK-NEXT: %w_block = tile.weight_block <"w", "@w"> rows <0 : 8> columns <0 : 4> : !tile.weight_block<8x4xi8>
// CHECK-NEXT: %w_block_1 = tile.weight_block <"w", "@w"> rows <8 : 16> columns <0 : 4> : !tile.weight_block<8x4xi8>
// CHECK-NEXT: %w_block_2 = tile.weight_block <"w", "@w"> rows <16 : 18> columns <0 : 4> : !tile.weight_block<2x4xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %0 = tile.window %x <kernel 3x3 stride 2x2 pad 1x1x1x1> elements <0 : 8> : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3> -> vector<8xi8>
// CHECK-NEXT: %1 = tile.mvm %w_block, %0 : !tile.weight_block<8x4xi8>, vector<8xi8> -> vector<4xi32>
// CHECK-NEXT: %2 = tile.window %x <kernel 3x3 stride 2x2 pad 1x1x1x1> elements <8 : 16> : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3> -> vector<8xi8>
// CHECK-NEXT: %3 = tile.mvm %w_block_1, %2 : !tile.weight_block<8x4xi8>, vector<8xi8> -> vector<4xi32>
// CHECK-NEXT: %4 = tile.accumulate %1, %3 : vector<4xi32>
// CHECK-NEXT: %5 = tile.window %x <kernel 3x3 stride 2x2 pad 1x1x1x1> elements <16 : 18> : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3> -> vector<2xi8>
// CHECK-NEXT: %6 = tile.mvm %w_block_2, %5 : !tile.weight_block<2x4xi8>, vector<2xi8> -> vector<4xi32>
// CHECK-NEXT: %7 = tile.accumulate %4, %6 : vector<4xi32>
// CHECK-NEXT: %8 = tile.requantise %7 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 4> zero 3 clamp <-7 : 127> : vector<4xi32> -> vector<4xi8>
// CHECK-NEXT: %9 = tile.table %8 <"t", "00"> : vector<4xi8> -> vector<4xi8>
// CHECK-NEXT: tile.store %9, %y channels <0 : 4> : vector<4xi8>, !tile.feature_map<2x2x5xi8>
// CHECK-NEXT: }
// CHECK-NEXT: %w_block_3 = tile.weight_block <"w", "@w"> rows <0 : 8> columns <4 : 5> : !tile.weight_block<8x1xi8>
// CHECK-NEXT: %w_block_4 = tile.weight_block <"w", "@w"> rows <8 : 16> columns <4 : 5> : !tile.weight_block<8x1xi8>
// CHECK-NEXT: %w_block_5 = tile.weight_block <"w", "@w"> rows <16 : 18> columns <4 : 5> : !tile.weight_block<2x1xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %10 = tile.window %x <kernel 3x3 stride 2x2 pad 1x1x1x1> elements <0 : 8> : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3> -> vector<8xi8>
// CHECK-NEXT: %11 = tile.mvm %w_block_3, %10 : !tile.weight_block<8x1xi8>, vector<8xi8> -> vector<1xi32>
// CHECK-NEXT: %12 = tile.window %x <kernel 3x3 stride 2x2 pad 1x1x1x1> elements <8 : 16> : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3> -> vector<8xi8>
// CHECK-NEXT: %13 = tile.mvm %w_block_4, %12 : !tile.weight_block<8x1xi8>, vector<8xi8> -> vector<1xi32>
// CHECK-NEXT: %14 = tile.accumulate %11, %13 : vector<1xi32>
// CHECK-NEXT: %15 = tile.window %x <kernel 3x3 stride 2x2 pad 1x1x1x1> elements <16 : 18> : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3> -> vector<2xi8>
// CHECK-NEXT: %16 = tile.mvm %w_block_5, %15 : !tile.weight_block<2x1xi8>, vector<2xi8> -> vector<1xi32>
// CHECK-NEXT: %17 = tile.accumulate %14, %16 : vector<1xi32>
// CHECK-NEXT: %18 = tile.requantise %17 bias <"b", "00"> multiplier <"m", "00"> channels <4 : 5> zero 3 clamp <-7 : 127> : vector<1xi32> -> vector<1xi8>
// CHECK-NEXT: %19 = tile.table %18 <"t", "00"> : vector<1xi8> -> vector<1xi8>
// CHECK-NEXT: tile.store %19, %y channels <4 : 5> : vector<1xi8>, !tile.feature_map<2x2x5xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// WEIGHTS: w int8 2x5
// Depthwise: four of five groups of two rows and one column share a crossbar.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<3x3x5xi8>
  %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<3x2x5xi8>
  tile.layer "conv" kind "conv" macs 60 p_v 1 p_h 1
  %w = tile.weight_block <"w", "@w"> rows <0 : 2> columns <0 : 5> : !tile.weight_block<2x5xi8, groups 5>
  tile.sweep "conv" rows <0 : 3> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x2> : !tile.feature_map<3x3x5xi8> -> vector<10xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<2x5xi8, groups 5>, vector<10xi8> -> vector<5xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 5> zero 3 clamp <-7 : 127> : vector<5xi32> -> vector<5xi8>
    tile.store %2, %y channels <0 : 5> : vector<5xi8>, !tile.feature_map<3x2x5xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<3x3x5xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<3x2x5xi8>
// CHECK-NEXT: tile.layer "conv" kind "conv" macs 60 p_v 1 p_h 2
// CHECK-NEXT: %w_groups_block = tile.weight_block <"w.groups0:4", "{{[0-9a-f]+}}"> rows <0 : 8> columns <0 : 4> : !tile.weight_block<8x4xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 3> columns <0 : 2> {
// CHECK-NEXT: %0 = tile.window %x <kernel 1x2> channels <0 : 4> : !tile.feature_map<3x3x5xi8> -> vector<8xi8>
// CHECK-NEXT: %1 = tile.mvm %w_groups_block, %0 : !tile.weight_block<8x4xi8>, vector<8xi8> -> vector<4xi32>
// CHECK-NEXT: %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 4> zero 3 clamp <-7 : 127> : vector<4xi32> -> vector<4xi8>
// CHECK-NEXT: tile.store %2, %y channels <0 : 4> : vector<4xi8>, !tile.feature_map<3x2x5xi8>
// CHECK-NEXT: }
// CHECK-NEXT: %w_groups_block_1 = tile.weight_block <"w.groups4:5", "{{[0-9a-f]+}}"> rows <0 : 2> columns <0 : 1> : !tile.weight_block<2x1xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 3> columns <0 : 2> {
// CHECK-NEXT: %3 = tile.window %x <kernel 1x2> channels <4 : 5> : !tile.feature_map<3x3x5xi8> -> vector<2xi8>
// CHECK-NEXT: %4 = tile.mvm %w_groups_block_1, %3 : !tile.weight_block<2x1xi8>, vector<2xi8> -> vector<1xi32>
// CHECK-NEXT: %5 = tile.requantise %4 bias <"b", "00"> multiplier <"m", "00"> channels <4 : 5> zero 3 clamp <-7 : 127> : vector<1xi32> -> vector<1xi8>
// CHECK-NEXT: tile.store %5, %y channels <4 : 5> : vector<1xi8>, !tile.feature_map<3x2x5xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// WEIGHTS: w int8 12x10
// Groups larger than a crossbar are partitioned one by one.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<3x3x6xui8>
  %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<2x2x10xui8>
  tile.layer "conv" kind "conv" macs 480 p_v 1 p_h 1
  %w = tile.weight_block <"w", "@w"> rows <0 : 12> columns <0 : 10> : !tile.weight_block<12x10xi8, groups 2>
  tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 2x2> : !tile.feature_map<3x3x6xui8> -> vector<24xui8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<12x10xi8, groups 2>, vector<24xui8> -> vector<10xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 10> zero 3 clamp <0 : 255> : vector<10xi32> -> vector<10xui8>
    tile.store %2, %y channels <0 : 10> : vector<10xui8>, !tile.feature_map<2x2x10xui8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<3x3x6xui8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<2x2x10xui8>
// CHECK-NEXT: tile.layer "conv" kind "conv" macs 480 p_v 2 p_h 4
// CHECK-NEXT: %w_groups_block = tile.weight_block <"w.groups0:1", "{{[0-9a-f]+}}"> rows <0 : 8> columns <0 : 4> : !tile.weight_block<8x4xi8>
// CHECK-NEXT: %w_groups_block_1 = tile.weight_block <"w.groups0:1", "{{[0-9a-f]+}}"> rows <8 : 12> columns <0 : 4> : !tile.weight_block<4x4xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %0 = tile.window %x <kernel 2x2> channels <0 : 3> elements <0 : 8> : !tile.feature_map<3x3x6xui8> -> vector<8xui8>
// CHECK-NEXT: %1 = tile.mvm %w_groups_block, %0 : !tile.weight_block<8x4xi8>, vector<8xui8> -> vector<4xi32>
// CHECK-NEXT: %2 = tile.window %x <kernel 2x2> channels <0 : 3> elements <8 : 12> : !tile.feature_map<3x3x6xui8> -> vector<4xui8>
// CHECK-NEXT: %3 = tile.mvm %w_groups_block_1, %2 : !tile.weight_block<4x4xi8>, vector<4xui8> -> vector<4xi32>
// CHECK-NEXT: %4 = tile.accumulate %1, %3 : vector<4xi32>
// CHECK-NEXT: %5 = tile.requantise %4 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 4> zero 3 clamp <0 : 255> : vector<4xi32> -> vector<4xui8>
// CHECK-NEXT: tile.store %5, %y channels <0 : 4> : vector<4xui8>, !tile.feature_map<2x2x10xui8>
// CHECK-NEXT: }
// CHECK-NEXT: %w_groups_block_2 = tile.weight_block <"w.groups0:1", "{{[0-9a-f]+}}"> rows <0 : 8> columns <4 : 5> : !tile.weight_block<8x1xi8>
// CHECK-NEXT: %w_groups_block_3 = tile.weight_block <"w.groups0:1", "{{[0-9a-f]+}}"> rows <8 : 12> columns <4 : 5> : !tile.weight_block<4x1xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %6 = tile.window %x <kernel 2x2> channels <0 : 3> elements <0 : 8> : !tile.feature_map<3x3x6xui8> -> vector<8xui8>
// CHECK-NEXT: %7 = tile.mvm %w_groups_block_2, %6 : !tile.weight_block<8x1xi8>, vector<8xui8> -> vector<1xi32>
// CHECK-NEXT: %8 = tile.window %x <kernel 2x2> channels <0 : 3> elements <8 : 12> : !tile.feature_map<3x3x6xui8> -> vector<4xui8>
// CHECK-NEXT: %9 = tile.mvm %w_groups_block_3, %8 : !tile.weight_block<4x1xi8>, vector<4xui8> -> vector<1xi32>
// CHECK-NEXT: %10 = tile.accumulate %7, %9 : vector<1xi32>
// CHECK-NEXT: %11 = tile.requantise %10 bias <"b", "00"> multiplier <"m", "00"> channels <4 : 5> zero 3 clamp <0 : 255> : vector<1xi32> -> vector<1xui8>
// CHECK-NEXT: tile.store %11, %y channels <4 : 5> : vector<1xui8>, !tile.feature_map<2x2x10xui8>
// CHECK-NEXT: }
// CHECK-NEXT: %w_groups_block_4 = tile.weight_block <"w.groups1:2", "{{[0-9a-f]+}}"> rows <0 : 8> columns <0 : 4> : !tile.weight_block<8x4xi8>
// CHECK-NEXT: %w_groups_block_5 = tile.weight_block <"w.groups1:2", "{{[0-9a-f]+}}"> rows <8 : 12> columns <0 : 4> : !tile.weight_block<4x4xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %12 = tile.window %x <kernel 2x2> channels <3 : 6> elements <0 : 8> : !tile.feature_map<3x3x6xui8> -> vector<8xui8>
// CHECK-NEXT: %13 = tile.mvm %w_groups_block_4, %12 : !tile.weight_block<8x4xi8>, vector<8xui8> -> vector<4xi32>
// CHECK-NEXT: %14 = tile.window %x <kernel 2x2> channels <3 : 6> elements <8 : 12> : !tile.feature_map<3x3x6xui8> -> vector<4xui8>
// CHECK-NEXT: %15 = tile.mvm %w_groups_block_5, %14 : !tile.weight_block<4x4xi8>, vector<4xui8> -> vector<4xi32>
// CHECK-NEXT: %16 = tile.accumulate %13, %15 : vector<4xi32>
// CHECK-NEXT: %17 = tile.requantise %16 bias <"b", "00"> multiplier <"m", "00"> channels <5 : 9> zero 3 clamp <0 : 255> : vector<4xi32> -> vector<4xui8>
// CHECK-NEXT: tile.store %17, %y channels <5 : 9> : vector<4xui8>, !tile.feature_map<2x2x10xui8>
// CHECK-NEXT: }
// CHECK-NEXT: %w_groups_block_6 = tile.weight_block <"w.groups1:2", "{{[0-9a-f]+}}"> rows <0 : 8> columns <4 : 5> : !tile.weight_block<8x1xi8>
// CHECK-NEXT: %w_groups_block_7 = tile.weight_block <"w.groups1:2", "{{[0-9a-f]+}}"> rows <8 : 12> columns <4 : 5> : !tile.weight_block<4x1xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %18 = tile.window %x <kernel 2x2> channels <3 : 6> elements <0 : 8> : !tile.feature_map<3x3x6xui8> -> vector<8xui8>
// CHECK-NEXT: %19 = tile.mvm %w_groups_block_6, %18 : !tile.weight_block<8x1xi8>, vector<8xui8> -> vector<1xi32>
// CHECK-NEXT: %20 = tile.window %x <kernel 2x2> channels <3 : 6> elements <8 : 12> : !tile.feature_map<3x3x6xui8> -> vector<4xui8>
// CHECK-NEXT: %21 = tile.mvm %w_groups_block_7, %20 : !tile.weight_block<4x1xi8>, vector<4xui8> -> vector<1xi32>
// CHECK-NEXT: %22 = tile.accumulate %19, %21 : vector<1xi32>
// CHECK-NEXT: %23 = tile.requantise %22 bias <"b", "00"> multiplier <"m", "00"> channels <9 : 10> zero 3 clamp <0 : 255> : vector<1xi32> -> vector<1xui8>
// CHECK-NEXT: tile.store %23, %y channels <9 : 10> : vector<1xui8>, !tile.feature_map<2x2x10xui8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// A matrix that fits, and a sweep without one, stay as they are.
// WEIGHTS: w int8 8x4
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x8xi8>
  %y = tile.feature_map "y_q" of "conv" role "intermediate" : !tile.feature_map<2x2x4xi8>
  %z = tile.feature_map "z_q" of "table" role "output" : !tile.feature_map<2x2x4xi8>
  tile.layer "conv" kind "conv" macs 128 p_v 1 p_h 1
  %w = tile.weight_block <"w", "@w"> rows <0 : 8> columns <0 : 4> : !tile.weight_block<8x4xi8>
  tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<2x2x8xi8> -> vector<8xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<8x4xi8>, vector<8xi8> -> vector<4xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 4> zero 3 clamp <-7 : 127> : vector<4xi32> -> vector<4xi8>
    tile.store %2, %y channels <0 : 4> : vector<4xi8>, !tile.feature_map<2x2x4xi8>
  }
  tile.layer "table" kind "table" macs 0 p_v 1 p_h 1
  tile.sweep "table" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %y <kernel 1x1> : !tile.feature_map<2x2x4xi8> -> vector<4xi8>
    %1 = tile.table %0 <"t", "00"> : vector<4xi8> -> vector<4xi8>
    tile.store %1, %z channels <0 : 4> : vector<4xi8>, !tile.feature_map<2x2x4xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x8xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "conv" role "intermediate" : !tile.feature_map<2x2x4xi8>
// CHECK-NEXT: %z = tile.feature_map "z_q" of "table" role "output" : !tile.feature_map<2x2x4xi8>
// CHECK-NEXT: tile.layer "conv" kind "conv" macs 128 p_v 1 p_h 1
// CHECK-NEXT: %w_block = tile.weight_block <"w", "@w"> rows <0 : 8> columns <0 : 4> : !tile.weight_block<8x4xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %0 = tile.window %x <kernel 1x1> : !tile.feature_map<2x2x8xi8> -> vector<8xi8>
// CHECK-NEXT: %1 = tile.mvm %w_block, %0 : !tile.weight_block<8x4xi8>, vector<8xi8> -> vector<4xi32>
// CHECK-NEXT: %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 4> zero 3 clamp <-7 : 127> : vector<4xi32> -> vector<4xi8>
// CHECK-NEXT: tile.store %2, %y channels <0 : 4> : vector<4xi8>, !tile.feature_map<2x2x4xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.layer "table" kind "table" macs 0 p_v 1 p_h 1
// CHECK-NEXT: tile.sweep "table" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %3 = tile.window %y <kernel 1x1> : !tile.feature_map<2x2x4xi8> -> vector<4xi8>
// CHECK-NEXT: %4 = tile.table %3 <"t", "00"> : vector<4xi8> -> vector<4xi8>
// CHECK-NEXT: tile.store %4, %z channels <0 : 4> : vector<4xi8>, !tile.feature_map<2x2x4xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }
