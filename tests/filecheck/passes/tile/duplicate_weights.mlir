// RUN: cimc-opt %s -p "duplicate-weights{cores=3 arrays=2 limit=3}" --split-input-file | filecheck %s

// Of six arrays three are in use: one more goes to "small" (seven rows become four) and
// two to "large", since a third part of "small" would save only one row more.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<7x2x2xi8>
  %y = tile.feature_map "y_q" of "small" role "intermediate" : !tile.feature_map<7x2x2xi8>
  %z = tile.feature_map "z_q" of "large" role "intermediate" : !tile.feature_map<2x2x2xi8>
  %o = tile.feature_map "o_q" of "copy" role "output" : !tile.feature_map<2x2x2xi8>
  tile.layer "small" kind "conv" macs 56 p_v 1 p_h 1
  %a = tile.weight_block <"a", "00"> rows <0 : 2> columns <0 : 2> : !tile.weight_block<2x2xi8>
  tile.sweep "small" rows <0 : 7> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<7x2x2xi8> -> vector<2xi8>
    %1 = tile.mvm %a, %0 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 0 clamp <0 : 127> : vector<2xi32> -> vector<2xi8>
    tile.store %2, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<7x2x2xi8>
  }
  tile.layer "large" kind "conv" macs 32 p_v 2 p_h 1
  %b0 = tile.weight_block <"b", "00"> rows <0 : 2> columns <0 : 2> : !tile.weight_block<2x2xi8>
  %b1 = tile.weight_block <"b", "00"> rows <2 : 4> columns <0 : 2> : !tile.weight_block<2x2xi8>
  tile.sweep "large" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %y <kernel 2x1> elements <0 : 2> : !tile.feature_map<7x2x2xi8> -> vector<2xi8>
    %1 = tile.mvm %b0, %0 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %2 = tile.window %y <kernel 2x1> elements <2 : 4> : !tile.feature_map<7x2x2xi8> -> vector<2xi8>
    %3 = tile.mvm %b1, %2 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %4 = tile.accumulate %1, %3 : vector<2xi32>
    %5 = tile.requantise %4 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 0 clamp <0 : 127> : vector<2xi32> -> vector<2xi8>
    tile.store %5, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
  tile.layer "copy" kind "copy" macs 0 p_v 1 p_h 1
  tile.sweep "copy" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %z <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
    tile.store %0, %o channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<7x2x2xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "small" role "intermediate" : !tile.feature_map<7x2x2xi8>
// CHECK-NEXT: %z = tile.feature_map "z_q" of "large" role "intermediate" : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %o = tile.feature_map "o_q" of "copy" role "output" : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: tile.layer "small" kind "conv" macs 56 p_v 1 p_h 1 copies 2
// CHECK-NEXT: %a_copy1 = tile.weight_block <"a", "00"> rows <0 : 2> columns <0 : 2> : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %a_copy0 = tile.weight_block <"a", "00"> rows <0 : 2> columns <0 : 2> : !tile.weight_block<2x2xi8>
// CHECK-NEXT: tile.sweep "small" rows <0 : 3> columns <0 : 2> {
// CHECK-NEXT: %0 = tile.window %x <kernel 1x1> : !tile.feature_map<7x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: %1 = tile.mvm %a_copy0, %0 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 0 clamp <0 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %2, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<7x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "small" rows <3 : 7> columns <0 : 2> {
// CHECK-NEXT: %3 = tile.window %x <kernel 1x1> : !tile.feature_map<7x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: %4 = tile.mvm %a_copy1, %3 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: %5 = tile.requantise %4 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 0 clamp <0 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %5, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<7x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.layer "large" kind "conv" macs 32 p_v 2 p_h 1 copies 2
// CHECK-NEXT: %b0_copy1 = tile.weight_block <"b", "00"> rows <0 : 2> columns <0 : 2> : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %b1_copy1 = tile.weight_block <"b", "00"> rows <2 : 4> columns <0 : 2> : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %b0_copy0 = tile.weight_block <"b", "00"> rows <0 : 2> columns <0 : 2> : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %b1_copy0 = tile.weight_block <"b", "00"> rows <2 : 4> columns <0 : 2> : !tile.weight_block<2x2xi8>
// CHECK-NEXT: tile.sweep "large" rows <0 : 1> columns <0 : 2> {
// CHECK-NEXT: %6 = tile.window %y <kernel 2x1> elements <0 : 2> : !tile.feature_map<7x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: %7 = tile.mvm %b0_copy0, %6 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: %8 = tile.window %y <kernel 2x1> elements <2 : 4> : !tile.feature_map<7x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: %9 = tile.mvm %b1_copy0, %8 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: %10 = tile.accumulate %7, %9 : vector<2xi32>
// CHECK-NEXT: %11 = tile.requantise %10 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 0 clamp <0 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %11, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "large" rows <1 : 2> columns <0 : 2> {
// CHECK-NEXT: %12 = tile.window %y <kernel 2x1> elements <0 : 2> : !tile.feature_map<7x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: %13 = tile.mvm %b0_copy1, %12 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: %14 = tile.window %y <kernel 2x1> elements <2 : 4> : !tile.feature_map<7x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: %15 = tile.mvm %b1_copy1, %14 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: %16 = tile.accumulate %13, %15 : vector<2xi32>
// CHECK-NEXT: %17 = tile.requantise %16 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 0 clamp <0 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %17, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.layer "copy" kind "copy" macs 0 p_v 1 p_h 1
// CHECK-NEXT: tile.sweep "copy" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %18 = tile.window %z <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %18, %o channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----


// Six blocks leave nothing of six arrays: all stays as it is.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x1x6xi8>
  tile.layer "conv" kind "conv" macs 12 p_v 6 p_h 1
  %w0 = tile.weight_block <"w", "00"> rows <0 : 1> columns <0 : 1> : !tile.weight_block<1x1xi8>
  %w1 = tile.weight_block <"w", "00"> rows <1 : 2> columns <0 : 1> : !tile.weight_block<1x1xi8>
  %w2 = tile.weight_block <"w", "00"> rows <2 : 3> columns <0 : 1> : !tile.weight_block<1x1xi8>
  %w3 = tile.weight_block <"w", "00"> rows <3 : 4> columns <0 : 1> : !tile.weight_block<1x1xi8>
  %w4 = tile.weight_block <"w", "00"> rows <4 : 5> columns <0 : 1> : !tile.weight_block<1x1xi8>
  %w5 = tile.weight_block <"w", "00"> rows <5 : 6> columns <0 : 1> : !tile.weight_block<1x1xi8>
  tile.sweep "conv" rows <0 : 2> columns <0 : 1> {
    %a0 = tile.window %x <kernel 1x1> elements <0 : 1> : !tile.feature_map<2x1x6xi8> -> vector<1xi8>
    %p0 = tile.mvm %w0, %a0 : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
    %a1 = tile.window %x <kernel 1x1> elements <1 : 2> : !tile.feature_map<2x1x6xi8> -> vector<1xi8>
    %p1 = tile.mvm %w1, %a1 : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
    %a2 = tile.window %x <kernel 1x1> elements <2 : 3> : !tile.feature_map<2x1x6xi8> -> vector<1xi8>
    %p2 = tile.mvm %w2, %a2 : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
    %a3 = tile.window %x <kernel 1x1> elements <3 : 4> : !tile.feature_map<2x1x6xi8> -> vector<1xi8>
    %p3 = tile.mvm %w3, %a3 : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
    %a4 = tile.window %x <kernel 1x1> elements <4 : 5> : !tile.feature_map<2x1x6xi8> -> vector<1xi8>
    %p4 = tile.mvm %w4, %a4 : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
    %a5 = tile.window %x <kernel 1x1> elements <5 : 6> : !tile.feature_map<2x1x6xi8> -> vector<1xi8>
    %p5 = tile.mvm %w5, %a5 : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x1x6xi8>
// CHECK-NEXT: tile.layer "conv" kind "conv" macs 12 p_v 6 p_h 1
// CHECK-NEXT: %w0 = tile.weight_block <"w", "00"> rows <0 : 1> columns <0 : 1> : !tile.weight_block<1x1xi8>
// CHECK-NEXT: %w1 = tile.weight_block <"w", "00"> rows <1 : 2> columns <0 : 1> : !tile.weight_block<1x1xi8>
// CHECK-NEXT: %w2 = tile.weight_block <"w", "00"> rows <2 : 3> columns <0 : 1> : !tile.weight_block<1x1xi8>
// CHECK-NEXT: %w3 = tile.weight_block <"w", "00"> rows <3 : 4> columns <0 : 1> : !tile.weight_block<1x1xi8>
// CHECK-NEXT: %w4 = tile.weight_block <"w", "00"> rows <4 : 5> columns <0 : 1> : !tile.weight_block<1x1xi8>
// CHECK-NEXT: %w5 = tile.weight_block <"w", "00"> rows <5 : 6> columns <0 : 1> : !tile.weight_block<1x1xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 1> {
// CHECK-NEXT: %a0 = tile.window %x <kernel 1x1> elements <0 : 1> : !tile.feature_map<2x1x6xi8> -> vector<1xi8>
// CHECK-NEXT: %p0 = tile.mvm %w0, %a0 : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
// CHECK-NEXT: %a1 = tile.window %x <kernel 1x1> elements <1 : 2> : !tile.feature_map<2x1x6xi8> -> vector<1xi8>
// CHECK-NEXT: %p1 = tile.mvm %w1, %a1 : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
// CHECK-NEXT: %a2 = tile.window %x <kernel 1x1> elements <2 : 3> : !tile.feature_map<2x1x6xi8> -> vector<1xi8>
// CHECK-NEXT: %p2 = tile.mvm %w2, %a2 : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
// CHECK-NEXT: %a3 = tile.window %x <kernel 1x1> elements <3 : 4> : !tile.feature_map<2x1x6xi8> -> vector<1xi8>
// CHECK-NEXT: %p3 = tile.mvm %w3, %a3 : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
// CHECK-NEXT: %a4 = tile.window %x <kernel 1x1> elements <4 : 5> : !tile.feature_map<2x1x6xi8> -> vector<1xi8>
// CHECK-NEXT: %p4 = tile.mvm %w4, %a4 : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
// CHECK-NEXT: %a5 = tile.window %x <kernel 1x1> elements <5 : 6> : !tile.feature_map<2x1x6xi8> -> vector<1xi8>
// CHECK-NEXT: %p5 = tile.mvm %w5, %a5 : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
// CHECK-NEXT: }
// CHECK-NEXT: }
