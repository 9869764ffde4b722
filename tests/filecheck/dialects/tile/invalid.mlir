// RUN: not cimc-opt %s --split-input-file | filecheck %s

// CHECK: error[E073]: input.mlir: is invalid: [TILE-1] the role must be one of input, output, intermediate
%x = tile.feature_map "x" of "" role "inputs" : !tile.feature_map<4x4x2xi8>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-2] an address must not be negative
%x = tile.feature_map "x" of "" role "input" at -1 : !tile.feature_map<4x4x2xi8>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-2] an address must not be negative
%s = tile.partial_sums "conv" at -64 : !tile.partial_sums<4x4x2xi32>

// -----
// A ring holds a row at least, and no more than the map with its halo has.
// CHECK: error[E073]: input.mlir: is invalid: [TILE-2] a ring of 6 rows is not within the 5 of the map
%x = tile.feature_map "x" of "" role "input" ring 6 : !tile.feature_map<4x4x2xi8, halo 1x0x0x0 of 0>

// -----
// Rows of several images follow each other.
// CHECK: error[E073]: input.mlir: is invalid: [TILE-2] a ring of 11 rows is not within the 10 of the map
%x = tile.feature_map "x" of "" role "input" images 2 ring 11 : !tile.feature_map<4x4x2xi8, halo 1x0x0x0 of 0>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-2] a ring of 33 vectors is not within the 32 of the sums
%s = tile.partial_sums "conv" images 2 ring 33 : !tile.partial_sums<4x4x2xi32>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-2] a buffer is for 1 or more images
%s = tile.partial_sums "conv" images 0 : !tile.partial_sums<4x4x2xi32>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-2] a ring of 0 rows is not within the 4 of the map
%x = tile.feature_map "x" of "" role "input" ring 0 : !tile.feature_map<4x4x2xi8>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-2] a ring of 17 vectors is not within the 16 of the sums
%s = tile.partial_sums "conv" ring 17 : !tile.partial_sums<4x4x2xi32>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-2] a ring of 0 vectors is not within the 16 of the sums
%s = tile.partial_sums "conv" ring 0 : !tile.partial_sums<4x4x2xi32>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-3] ranges of 6x2 do not give a block of 6x3
%w = tile.weight_block <"w", "00"> rows <0 : 6> columns <0 : 2> : !tile.weight_block<6x3xi8>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-3] ranges of 5x2 do not give a block of 6x2
%w = tile.weight_block <"w", "00"> rows <1 : 6> columns <0 : 2> : !tile.weight_block<6x2xi8>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-4] 3 groups do not divide 4 columns
%w = tile.weight_block <"w", "00"> rows <0 : 6> columns <0 : 4> : !tile.weight_block<6x4xi8, groups 3>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-4] 0 groups do not divide 4 columns
%w = tile.weight_block <"w", "00"> rows <0 : 6> columns <0 : 4> : !tile.weight_block<6x4xi8, groups 0>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-5] a core does not wait for itself
%s = tile.sequence 7 -> 7 : !tile.sequence

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-5] credit must not be negative
%s = tile.sequence 6 -> 7 credit -1 : !tile.sequence

// -----
// Taps beyond the kernel.
// CHECK: error[E073]: input.mlir: is invalid: [TILE-6] taps, channels, elements and the vector's type must agree with the kernel and the map
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
tile.sweep "l" rows <0 : 1> columns <0 : 1> {
  %a = tile.window %x <kernel 2x2> taps <0 : 3> <0 : 2> : !tile.feature_map<4x4x2xi8> -> vector<12xi8>
}

// -----
// Channels that the map lacks.
// CHECK: error[E073]: input.mlir: is invalid: [TILE-6] taps, channels, elements and the vector's type must agree with the kernel and the map
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
tile.sweep "l" rows <0 : 1> columns <0 : 1> {
  %a = tile.window %x <kernel 1x1> channels <1 : 3> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
}

// -----
// Elements beyond the window.
// CHECK: error[E073]: input.mlir: is invalid: [TILE-6] taps, channels, elements and the vector's type must agree with the kernel and the map
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
tile.sweep "l" rows <0 : 1> columns <0 : 1> {
  %a = tile.window %x <kernel 2x2> elements <4 : 9> : !tile.feature_map<4x4x2xi8> -> vector<5xi8>
}

// -----
// A vector of another length.
// CHECK: error[E073]: input.mlir: is invalid: [TILE-6] taps, channels, elements and the vector's type must agree with the kernel and the map
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
tile.sweep "l" rows <0 : 1> columns <0 : 1> {
  %a = tile.window %x <kernel 2x2> : !tile.feature_map<4x4x2xi8> -> vector<7xi8>
}

// -----
// A vector of another type.
// CHECK: error[E073]: input.mlir: is invalid: [TILE-6] taps, channels, elements and the vector's type must agree with the kernel and the map
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
tile.sweep "l" rows <0 : 1> columns <0 : 1> {
  %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xui8>
}

// -----
// Above the map.
// CHECK: error[E073]: input.mlir: is invalid: [TILE-7] the window leaves the feature map and its halo
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8, halo 0x1x1x1 of 0>
tile.sweep "l" rows <0 : 4> columns <0 : 4> {
  %a = tile.window %x <kernel 3x3 pad 1x1x1x1> : !tile.feature_map<4x4x2xi8, halo 0x1x1x1 of 0> -> vector<18xi8>
}

// -----
// To the left of the map.
// CHECK: error[E073]: input.mlir: is invalid: [TILE-7] the window leaves the feature map and its halo
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8, halo 1x0x1x1 of 0>
tile.sweep "l" rows <0 : 4> columns <0 : 4> {
  %a = tile.window %x <kernel 3x3 pad 1x1x1x1> : !tile.feature_map<4x4x2xi8, halo 1x0x1x1 of 0> -> vector<18xi8>
}

// -----
// Below the map.
// CHECK: error[E073]: input.mlir: is invalid: [TILE-7] the window leaves the feature map and its halo
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8, halo 1x1x0x1 of 0>
tile.sweep "l" rows <0 : 4> columns <0 : 4> {
  %a = tile.window %x <kernel 3x3 pad 1x1x1x1> : !tile.feature_map<4x4x2xi8, halo 1x1x0x1 of 0> -> vector<18xi8>
}

// -----
// To the right of the map.
// CHECK: error[E073]: input.mlir: is invalid: [TILE-7] the window leaves the feature map and its halo
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8, halo 1x1x1x0 of 0>
tile.sweep "l" rows <0 : 4> columns <0 : 4> {
  %a = tile.window %x <kernel 3x3 pad 1x1x1x1> : !tile.feature_map<4x4x2xi8, halo 1x1x1x0 of 0> -> vector<18xi8>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-8] a block of 2x4 in 1 groups cannot take 2 elements to 3
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
%w = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 4> : !tile.weight_block<2x4xi8>
tile.sweep "l" rows <0 : 4> columns <0 : 4> {
  %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
  %p = tile.mvm %w, %a : !tile.weight_block<2x4xi8>, vector<2xi8> -> vector<3xi32>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-8] a block of 2x4 in 2 groups cannot take 2 elements to 4
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
%w = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 4> : !tile.weight_block<2x4xi8, groups 2>
tile.sweep "l" rows <0 : 4> columns <0 : 4> {
  %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
  %p = tile.mvm %w, %a : !tile.weight_block<2x4xi8, groups 2>, vector<2xi8> -> vector<4xi32>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-9] channels, sums and result differ in length
%s = tile.partial_sums "l" : !tile.partial_sums<4x4x2xi32>
tile.sweep "l" rows <0 : 4> columns <0 : 4> {
  %p = tile.load_partial %s : !tile.partial_sums<4x4x2xi32> -> vector<2xi32>
  %f = tile.requantise %p bias <"b", "00"> multiplier <"m", "00"> channels <0 : 3> zero 0 clamp <-5 : 127> : vector<2xi32> -> vector<2xi8>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-10] 3 segments of 2 are not 8 elements
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
tile.sweep "l" rows <0 : 1> columns <0 : 1> {
  %a = tile.window %x <kernel 2x2> : !tile.feature_map<4x4x2xi8> -> vector<8xi8>
  %m = tile.max %a segments 3 : vector<8xi8> -> vector<2xi8>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-10] 4 segments of 3 are not 8 elements
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
tile.sweep "l" rows <0 : 1> columns <0 : 1> {
  %a = tile.window %x <kernel 2x2> : !tile.feature_map<4x4x2xi8> -> vector<8xi8>
  %m = tile.sum %a segments 4 : vector<8xi8> -> vector<3xi32>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-10] 2 segments of 2 are not 8 elements
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
tile.sweep "l" rows <0 : 1> columns <0 : 1> {
  %a = tile.window %x <kernel 2x2> : !tile.feature_map<4x4x2xi8> -> vector<8xi8>
  %m = tile.average %a segments 2 count 4 from <0.1 : 0> to <0.1 : 0> : vector<8xi8> -> vector<2xi8>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-11] operands and result differ in length
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
tile.sweep "l" rows <0 : 4> columns <0 : 4> {
  %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
  %b = tile.window %x <kernel 1x1> channels <0 : 1> : !tile.feature_map<4x4x2xi8> -> vector<1xi8>
  %c = tile.add %a times <0.5>, %b times <0.5> offset <0.0> : vector<2xi8>, vector<1xi8> -> vector<2xi8>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-12] the vector does not match the channels of the map
%x = tile.feature_map "x" of "" role "output" : !tile.feature_map<4x4x2xi8>
tile.sweep "l" rows <0 : 4> columns <0 : 4> {
  %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
  tile.store %a, %x channels <1 : 3> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-12] the vector does not match the channels of the map
%x = tile.feature_map "x" of "" role "output" : !tile.feature_map<4x4x2xi8>
%y = tile.feature_map "y" of "" role "output" : !tile.feature_map<4x4x2xui8>
tile.sweep "l" rows <0 : 4> columns <0 : 4> {
  %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
  tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xui8>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-12] the sweep leaves the feature map
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<5x4x2xi8>
%y = tile.feature_map "y" of "" role "output" : !tile.feature_map<4x4x2xi8>
tile.sweep "l" rows <0 : 5> columns <0 : 4> {
  %a = tile.window %x <kernel 1x1> : !tile.feature_map<5x4x2xi8> -> vector<2xi8>
  tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
}

// -----
// Row 4 of the map is in its halo: only a padded store reaches it, and none beyond.
// CHECK: error[E073]: input.mlir: is invalid: [TILE-12] the sweep leaves the feature map
%x = tile.feature_map "x" of "" role "output" : !tile.feature_map<4x4x2xi8, halo 0x1x1x0 of 0>
tile.sweep "l" rows <4 : 5> columns <0 : 4> {
  %a = tile.splat 0 : vector<2xi8>
  tile.store %a, %x channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8, halo 0x1x1x0 of 0>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-12] the sweep leaves the feature map
%x = tile.feature_map "x" of "" role "output" : !tile.feature_map<4x4x2xi8, halo 0x1x1x0 of 0>
tile.sweep "l" rows <4 : 5> columns <0 : 6> {
  %a = tile.splat 0 : vector<2xi8>
  tile.store %a, %x padded channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8, halo 0x1x1x0 of 0>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-13] a count by 1 every 3 positions does not divide the 16 of the sweep
%s = tile.sequence 6 -> 7 : !tile.sequence
tile.sweep "l" core 6 rows <0 : 4> columns <0 : 4> {
  tile.signal %s every 3
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-13] a count by 1 every 0 positions does not divide the 16 of the sweep
%s = tile.sequence 6 -> 7 : !tile.sequence
tile.sweep "l" core 6 rows <0 : 4> columns <0 : 4> {
  tile.signal %s every 0
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-13] a count by 0 every 4 positions does not divide the 16 of the sweep
%s = tile.sequence 6 -> 7 : !tile.sequence
tile.sweep "l" core 6 rows <0 : 4> columns <0 : 4> {
  tile.signal %s every 4 by 0
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-13] a count by -1 every 16 positions does not divide the 16 of the sweep
%s = tile.sequence 6 -> 7 : !tile.sequence
tile.sweep "l" core 6 rows <0 : 4> columns <0 : 4> {
  tile.signal %s by -1
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-14] only core 6 is the source of this sequence
%s = tile.sequence 6 -> 7 : !tile.sequence
tile.sweep "l" core 7 rows <0 : 4> columns <0 : 4> {
  tile.signal %s every 4
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-14] only core 7 is the sink of this sequence
%s = tile.sequence 6 -> 7 : !tile.sequence
tile.sweep "l" core 6 rows <0 : 4> columns <0 : 4> {
  tile.await %s every 4
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-14] only core 7 is the sink of this sequence
%s = tile.sequence 6 -> 7 : !tile.sequence
tile.sweep "l" rows <0 : 4> columns <0 : 4> {
  tile.await %s every 4
}

// -----
// Operations of a sweep do not stand alone.
// CHECK: error[E073]: input.mlir: is invalid: 'tile.load_partial' expects parent op 'tile.sweep'
%s = tile.partial_sums "l" : !tile.partial_sums<4x4x2xi32>
%p = tile.load_partial %s : !tile.partial_sums<4x4x2xi32> -> vector<2xi32>

// -----
// Partial sums have one length per position.
// CHECK: error[E073]: input.mlir: is invalid: [TILE-15] partial sums hold 2 x i32 a position
%s = tile.partial_sums "l" : !tile.partial_sums<4x4x2xi32>
tile.sweep "l" rows <0 : 4> columns <0 : 4> {
  %p = tile.load_partial %s : !tile.partial_sums<4x4x2xi32> -> vector<3xi32>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-15] the sweep leaves the partial sums
%s = tile.partial_sums "l" : !tile.partial_sums<4x4x2xi32>
tile.sweep "l" rows <0 : 4> columns <4 : 5> {
  %p = tile.load_partial %s : !tile.partial_sums<4x4x2xi32> -> vector<2xi32>
  tile.store_partial %p, %s : vector<2xi32>, !tile.partial_sums<4x4x2xi32>
}

// -----
// A core multiplies with its own crossbars only.
// CHECK: error[E073]: input.mlir: is invalid: [TILE-16] the sweep of core 3 multiplies with a block that lies elsewhere
%x = tile.feature_map "x" of "l" role "input" : !tile.feature_map<4x4x2xi8>
%w = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> core 4 array 0 : !tile.weight_block<2x2xi8>
tile.sweep "l" core 3 rows <0 : 4> columns <0 : 4> {
  %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
  %p = tile.mvm %w, %a : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-17] positions 12 to 17 are not
tile.sweep "l" rows <0 : 4> columns <0 : 4> positions <12 : 17> {
  %v = tile.splat 0 : vector<2xi8>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-18] 128 is no value of the element type
tile.sweep "l" rows <0 : 4> columns <0 : 4> {
  %v = tile.splat 128 : vector<2xi8>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-10] 3 segments do not divide 8 elements
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x8xi8>
tile.sweep "s" rows <0 : 4> columns <0 : 4> {
  %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x8xi8> -> vector<8xi8>
  %b = tile.shuffle %a segments 3 : vector<8xi8> -> vector<8xi8>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-11] operands and result differ in length
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x8xi8>
tile.sweep "s" rows <0 : 4> columns <0 : 4> {
  %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x8xi8> -> vector<8xi8>
  %b = tile.window %x <kernel 1x1> channels <0 : 4> : !tile.feature_map<4x4x8xi8> -> vector<4xi8>
  %c = tile.multiply %a minus 0, %b minus 0 times <0.5> plus 0 : vector<8xi8>, vector<4xi8> -> vector<8xi8>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-12] the sweep leaves the feature map
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x8xi8>
%y = tile.feature_map "y" of "s" role "output" : !tile.feature_map<8x7x8xi8>
tile.sweep "s" rows <0 : 4> columns <0 : 4> {
  %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x8xi8> -> vector<8xi8>
  tile.store %a, %y stride <2x2> offset <1x1> channels <0 : 8> : vector<8xi8>, !tile.feature_map<8x7x8xi8>
}

// -----
// CHECK: error[E073]: input.mlir: is invalid: [TILE-19] the stride of a store must be positive
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x8xi8>
%y = tile.feature_map "y" of "s" role "output" : !tile.feature_map<8x8x8xi8>
tile.sweep "s" rows <0 : 4> columns <0 : 4> {
  %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x8xi8> -> vector<8xi8>
  tile.store %a, %y stride <2x0> offset <1x1> channels <0 : 8> : vector<8xi8>, !tile.feature_map<8x8x8xi8>
}
