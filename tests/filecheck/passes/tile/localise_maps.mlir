// RUN: cimc-opt %s -p localise-maps --split-input-file | filecheck %s

// An input with two readers on different cores and a map with three, two of them (parts
// of a pooling layer) on one core for one layer. Each copy has the halo that its readers
// reach: none for the pool and the copy, whose windows stay inside.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<4x4x2xi8, halo 1x1x1x1 of -3>
  %y = tile.feature_map "y_q" of "conv" role "intermediate" : !tile.feature_map<4x4x2xi8, halo 2x1x0x0 of 5>
  %z = tile.feature_map "z_q" of "conv2" role "output" : !tile.feature_map<4x4x2xi8>
  %p = tile.feature_map "p_q" of "pool" role "output" : !tile.feature_map<4x1x2xi8>
  %w0 = tile.weight_block <"w", "00"> rows <0 : 18> columns <0 : 2> core 1 array 0 : !tile.weight_block<18x2xi8>
  %w1 = tile.weight_block <"v", "00"> rows <0 : 12> columns <0 : 2> core 2 array 0 : !tile.weight_block<12x2xi8>
  %w2 = tile.weight_block <"w", "00"> rows <0 : 18> columns <0 : 2> core 3 array 0 : !tile.weight_block<18x2xi8>
  tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 4> {
    %0 = tile.window %x <kernel 3x3 pad 1x1x1x1> : !tile.feature_map<4x4x2xi8, halo 1x1x1x1 of -3> -> vector<18xi8>
    %1 = tile.mvm %w0, %0 : !tile.weight_block<18x2xi8>, vector<18xi8> -> vector<2xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 5 clamp <5 : 127> : vector<2xi32> -> vector<2xi8>
    tile.store %2, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8, halo 2x1x0x0 of 5>
  }
  tile.sweep "conv" core 3 rows <2 : 4> columns <0 : 4> {
    %0 = tile.window %x <kernel 3x3 pad 1x1x1x1> : !tile.feature_map<4x4x2xi8, halo 1x1x1x1 of -3> -> vector<18xi8>
    %1 = tile.mvm %w2, %0 : !tile.weight_block<18x2xi8>, vector<18xi8> -> vector<2xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 5 clamp <5 : 127> : vector<2xi32> -> vector<2xi8>
    tile.store %2, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8, halo 2x1x0x0 of 5>
  }
  tile.sweep "conv2" core 2 rows <0 : 4> columns <0 : 4> {
    %0 = tile.window %y <kernel 3x2 pad 2x1x0x0> : !tile.feature_map<4x4x2xi8, halo 2x1x0x0 of 5> -> vector<12xi8>
    %1 = tile.mvm %w1, %0 : !tile.weight_block<12x2xi8>, vector<12xi8> -> vector<2xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 5 clamp <5 : 127> : vector<2xi32> -> vector<2xi8>
    tile.store %2, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
  tile.sweep "pool" core 2 rows <0 : 1> columns <0 : 1> {
    %0 = tile.window %y <kernel 3x4 pad 1x0x1x0> taps <1 : 3> <0 : 4> : !tile.feature_map<4x4x2xi8, halo 2x1x0x0 of 5> -> vector<16xi8>
    %1 = tile.max %0 segments 8 : vector<16xi8> -> vector<2xi8>
    tile.store %1, %p channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x1x2xi8>
  }
  tile.sweep "pool" core 2 rows <1 : 3> columns <0 : 1> {
    %0 = tile.window %y <kernel 3x4 pad 1x0x1x0> : !tile.feature_map<4x4x2xi8, halo 2x1x0x0 of 5> -> vector<24xi8>
    %1 = tile.max %0 segments 12 : vector<24xi8> -> vector<2xi8>
    tile.store %1, %p channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x1x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" core 1 : !tile.feature_map<4x4x2xi8, halo 1x1x0x1 of -3>
// CHECK-NEXT: %x_1 = tile.feature_map "x_q" of "" role "input" core 3 : !tile.feature_map<4x4x2xi8, halo 0x1x1x1 of -3>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "conv" role "intermediate" core 2 : !tile.feature_map<4x4x2xi8, halo 2x1x0x0 of 5>
// CHECK-NEXT: %y_1 = tile.feature_map "y_q" of "conv" role "intermediate" core 2 : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %z = tile.feature_map "z_q" of "conv2" role "output" core 2 : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %p = tile.feature_map "p_q" of "pool" role "output" core 2 : !tile.feature_map<4x1x2xi8>
// CHECK-NEXT: %w0 = tile.weight_block <"w", "00"> rows <0 : 18> columns <0 : 2> core 1 array 0 : !tile.weight_block<18x2xi8>
// CHECK-NEXT: %w1 = tile.weight_block <"v", "00"> rows <0 : 12> columns <0 : 2> core 2 array 0 : !tile.weight_block<12x2xi8>
// CHECK-NEXT: %w2 = tile.weight_block <"w", "00"> rows <0 : 18> columns <0 : 2> core 3 array 0 : !tile.weight_block<18x2xi8>
// CHECK-NEXT: tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 4> {
// CHECK-NEXT: %0 = tile.window %x <kernel 3x3 pad 1x1x1x1> : !tile.feature_map<4x4x2xi8, halo 1x1x0x1 of -3> -> vector<18xi8>
// CHECK-NEXT: %1 = tile.mvm %w0, %0 : !tile.weight_block<18x2xi8>, vector<18xi8> -> vector<2xi32>
// CHECK-NEXT: %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 5 clamp <5 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %2, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8, halo 2x1x0x0 of 5>
// CHECK-NEXT: tile.store %2, %y_1 channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "conv" core 3 rows <2 : 4> columns <0 : 4> {
// CHECK-NEXT: %3 = tile.window %x_1 <kernel 3x3 pad 1x1x1x1> : !tile.feature_map<4x4x2xi8, halo 0x1x1x1 of -3> -> vector<18xi8>
// CHECK-NEXT: %4 = tile.mvm %w2, %3 : !tile.weight_block<18x2xi8>, vector<18xi8> -> vector<2xi32>
// CHECK-NEXT: %5 = tile.requantise %4 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 5 clamp <5 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %5, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8, halo 2x1x0x0 of 5>
// CHECK-NEXT: tile.store %5, %y_1 channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "conv2" core 2 rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: %6 = tile.window %y <kernel 3x2 pad 2x1x0x0> : !tile.feature_map<4x4x2xi8, halo 2x1x0x0 of 5> -> vector<12xi8>
// CHECK-NEXT: %7 = tile.mvm %w1, %6 : !tile.weight_block<12x2xi8>, vector<12xi8> -> vector<2xi32>
// CHECK-NEXT: %8 = tile.requantise %7 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 5 clamp <5 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %8, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 2 rows <0 : 1> columns <0 : 1> {
// CHECK-NEXT: %9 = tile.window %y_1 <kernel 3x4 pad 1x0x1x0> taps <1 : 3> <0 : 4> : !tile.feature_map<4x4x2xi8> -> vector<16xi8>
// CHECK-NEXT: %10 = tile.max %9 segments 8 : vector<16xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %10, %p channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x1x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 2 rows <1 : 3> columns <0 : 1> {
// CHECK-NEXT: %11 = tile.window %y_1 <kernel 3x4 pad 1x0x1x0> : !tile.feature_map<4x4x2xi8> -> vector<24xi8>
// CHECK-NEXT: %12 = tile.max %11 segments 12 : vector<24xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %12, %p channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x1x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----


// Of an output that is read, the first copy stays the output; an input that nothing
// reads lies on core 0.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x2xi8>
  %unread = tile.feature_map "unread" of "" role "input" : !tile.feature_map<2x2x2xi8>
  %y = tile.feature_map "y_q" of "table" role "output" : !tile.feature_map<2x2x2xi8>
  %a = tile.feature_map "a_q" of "a" role "output" : !tile.feature_map<2x2x2xi8>
  %b = tile.feature_map "b_q" of "b" role "output" : !tile.feature_map<2x2x2xi8>
  tile.sweep "table" core 4 rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
    %1 = tile.table %0 <"t", "00"> : vector<2xi8> -> vector<2xi8>
    tile.store %1, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
  tile.sweep "a" core 5 rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %y <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
    tile.store %0, %a channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
  tile.sweep "b" core 5 rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %y <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
    tile.store %0, %b channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" core 4 : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %unread = tile.feature_map "unread" of "" role "input" core 0 : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "table" role "output" core 5 : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %y_1 = tile.feature_map "y_q" of "table" role "intermediate" core 5 : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %a = tile.feature_map "a_q" of "a" role "output" core 5 : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %b = tile.feature_map "b_q" of "b" role "output" core 5 : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: tile.sweep "table" core 4 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %0 = tile.window %x <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: %1 = tile.table %0 <"t", "00"> : vector<2xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %1, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: tile.store %1, %y_1 channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "a" core 5 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %2 = tile.window %y <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %2, %a channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "b" core 5 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %3 = tile.window %y_1 <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %3, %b channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----


// A chain of three cores: one buffer per link, on the core that loads it.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x3xi8>
  %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<2x2x2xi8>
  %w0 = tile.weight_block <"w", "00"> rows <0 : 1> columns <0 : 2> core 1 array 0 : !tile.weight_block<1x2xi8>
  %w1 = tile.weight_block <"w", "00"> rows <1 : 2> columns <0 : 2> core 2 array 0 : !tile.weight_block<1x2xi8>
  %w2 = tile.weight_block <"w", "00"> rows <2 : 3> columns <0 : 2> core 3 array 0 : !tile.weight_block<1x2xi8>
  %sums = tile.partial_sums "conv" : !tile.partial_sums<2x2x2xi32>
  tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> elements <0 : 1> : !tile.feature_map<2x2x3xi8> -> vector<1xi8>
    %1 = tile.mvm %w0, %0 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    tile.store_partial %1, %sums : vector<2xi32>, !tile.partial_sums<2x2x2xi32>
  }
  tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> elements <1 : 2> : !tile.feature_map<2x2x3xi8> -> vector<1xi8>
    %1 = tile.mvm %w1, %0 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    %2 = tile.load_partial %sums : !tile.partial_sums<2x2x2xi32> -> vector<2xi32>
    %3 = tile.accumulate %2, %1 : vector<2xi32>
    tile.store_partial %3, %sums : vector<2xi32>, !tile.partial_sums<2x2x2xi32>
  }
  tile.sweep "conv" core 3 rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> elements <2 : 3> : !tile.feature_map<2x2x3xi8> -> vector<1xi8>
    %1 = tile.mvm %w2, %0 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    %2 = tile.load_partial %sums : !tile.partial_sums<2x2x2xi32> -> vector<2xi32>
    %3 = tile.accumulate %2, %1 : vector<2xi32>
    %4 = tile.requantise %3 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
    tile.store %4, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" core 1 : !tile.feature_map<2x2x3xi8>
// CHECK-NEXT: %x_1 = tile.feature_map "x_q" of "" role "input" core 2 : !tile.feature_map<2x2x3xi8>
// CHECK-NEXT: %x_2 = tile.feature_map "x_q" of "" role "input" core 3 : !tile.feature_map<2x2x3xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "conv" role "output" core 3 : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %w0 = tile.weight_block <"w", "00"> rows <0 : 1> columns <0 : 2> core 1 array 0 : !tile.weight_block<1x2xi8>
// CHECK-NEXT: %w1 = tile.weight_block <"w", "00"> rows <1 : 2> columns <0 : 2> core 2 array 0 : !tile.weight_block<1x2xi8>
// CHECK-NEXT: %w2 = tile.weight_block <"w", "00"> rows <2 : 3> columns <0 : 2> core 3 array 0 : !tile.weight_block<1x2xi8>
// CHECK-NEXT: %conv_sums = tile.partial_sums "conv" core 2 : !tile.partial_sums<2x2x2xi32>
// CHECK-NEXT: %conv_sums_1 = tile.partial_sums "conv" core 3 : !tile.partial_sums<2x2x2xi32>
// CHECK-NEXT: tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %0 = tile.window %x <kernel 1x1> elements <0 : 1> : !tile.feature_map<2x2x3xi8> -> vector<1xi8>
// CHECK-NEXT: %1 = tile.mvm %w0, %0 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
// CHECK-NEXT: tile.store_partial %1, %conv_sums : vector<2xi32>, !tile.partial_sums<2x2x2xi32>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %2 = tile.window %x_1 <kernel 1x1> elements <1 : 2> : !tile.feature_map<2x2x3xi8> -> vector<1xi8>
// CHECK-NEXT: %3 = tile.mvm %w1, %2 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
// CHECK-NEXT: %4 = tile.load_partial %conv_sums : !tile.partial_sums<2x2x2xi32> -> vector<2xi32>
// CHECK-NEXT: %5 = tile.accumulate %4, %3 : vector<2xi32>
// CHECK-NEXT: tile.store_partial %5, %conv_sums_1 : vector<2xi32>, !tile.partial_sums<2x2x2xi32>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "conv" core 3 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %6 = tile.window %x_2 <kernel 1x1> elements <2 : 3> : !tile.feature_map<2x2x3xi8> -> vector<1xi8>
// CHECK-NEXT: %7 = tile.mvm %w2, %6 : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
// CHECK-NEXT: %8 = tile.load_partial %conv_sums_1 : !tile.partial_sums<2x2x2xi32> -> vector<2xi32>
// CHECK-NEXT: %9 = tile.accumulate %8, %7 : vector<2xi32>
// CHECK-NEXT: %10 = tile.requantise %9 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %10, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }
