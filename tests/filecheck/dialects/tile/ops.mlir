// RUN: cimc-opt %s | filecheck %s

tile.layer "conv" kind "conv" macs 288 p_v 2 p_h 1
// CHECK: tile.layer "conv" kind "conv" macs 288 p_v 2 p_h 1
tile.layer "copied" kind "conv+add" macs 288 p_v 2 p_h 1 copies 3 fused ["add"]
// CHECK-NEXT: tile.layer "copied" kind "conv+add" macs 288 p_v 2 p_h 1 copies 3 fused ["add"]

%x = tile.feature_map "x_q" of "" role "input" at 64 : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3>
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" at 64 : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3>
%u = tile.feature_map "u_q" of "conv" role "intermediate" : !tile.feature_map<4x4x2xui8>
// CHECK-NEXT: %u = tile.feature_map "u_q" of "conv" role "intermediate" : !tile.feature_map<4x4x2xui8>
%y = tile.feature_map "y_q" of "conv" role "output" at 4096 : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "conv" role "output" at 4096 : !tile.feature_map<4x4x2xi8>
%sums = tile.partial_sums "conv" at 1024 : !tile.partial_sums<4x4x2xi32>
// CHECK-NEXT: %sums = tile.partial_sums "conv" at 1024 : !tile.partial_sums<4x4x2xi32>
%later = tile.partial_sums "conv" : !tile.partial_sums<4x4x2xi32>
// CHECK-NEXT: %later = tile.partial_sums "conv" : !tile.partial_sums<4x4x2xi32>
%w0 = tile.weight_block <"w", "00"> rows <0 : 6> columns <0 : 2> core 6 array 1 : !tile.weight_block<6x2xi8>
// CHECK-NEXT: %w0 = tile.weight_block <"w", "00"> rows <0 : 6> columns <0 : 2> core 6 array 1 : !tile.weight_block<6x2xi8>
%w1 = tile.weight_block <"w", "00"> rows <6 : 8> columns <0 : 2> core 7 array 0 : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %w1 = tile.weight_block <"w", "00"> rows <6 : 8> columns <0 : 2> core 7 array 0 : !tile.weight_block<2x2xi8>
%depthwise = tile.weight_block <"d", "00"> rows <0 : 4> columns <0 : 2> : !tile.weight_block<4x2xi8, groups 2>
// CHECK-NEXT: %depthwise = tile.weight_block <"d", "00"> rows <0 : 4> columns <0 : 2> : !tile.weight_block<4x2xi8, groups 2>
%copy = tile.feature_map "y_q" of "conv" role "intermediate" core 3 at 64 : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %copy = tile.feature_map "y_q" of "conv" role "intermediate" core 3 at 64 : !tile.feature_map<4x4x2xi8>
%link = tile.partial_sums "conv" core 3 : !tile.partial_sums<4x4x2xi32>
// CHECK-NEXT: %link = tile.partial_sums "conv" core 3 : !tile.partial_sums<4x4x2xi32>
%s = tile.sequence 6 -> 7 : !tile.sequence
// CHECK-NEXT: %s = tile.sequence 6 -> 7 : !tile.sequence
%rows = tile.feature_map "r_q" of "conv" role "intermediate" ring 3 at 8192 : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3>
// CHECK-NEXT: %rows = tile.feature_map "r_q" of "conv" role "intermediate" ring 3 at 8192 : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3>
%near = tile.feature_map "r_q" of "conv" role "intermediate" core 3 ring 5 : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3>
// CHECK-NEXT: %near = tile.feature_map "r_q" of "conv" role "intermediate" core 3 ring 5 : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3>
%vectors = tile.partial_sums "conv" core 3 ring 16 at 0 : !tile.partial_sums<4x4x2xi32>
// CHECK-NEXT: %vectors = tile.partial_sums "conv" core 3 ring 16 at 0 : !tile.partial_sums<4x4x2xi32>
%batch = tile.feature_map "r_q" of "conv" role "intermediate" images 4 ring 9 at 8192 : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %batch = tile.feature_map "r_q" of "conv" role "intermediate" images 4 ring 9 at 8192 : !tile.feature_map<4x4x2xi8>
%all = tile.partial_sums "conv" images 4 ring 64 : !tile.partial_sums<4x4x2xi32>
// CHECK-NEXT: %all = tile.partial_sums "conv" images 4 ring 64 : !tile.partial_sums<4x4x2xi32>
%free = tile.sequence 7 -> 6 credit 4 : !tile.sequence
// CHECK-NEXT: %free = tile.sequence 7 -> 6 credit 4 : !tile.sequence

tile.sweep "conv" core 6 rows <0 : 4> columns <1 : 3> {
// CHECK-NEXT: tile.sweep "conv" core 6 rows <0 : 4> columns <1 : 3> {
  %a = tile.window %x <kernel 2x2 pad 1x1x0x0> elements <0 : 6> : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3> -> vector<6xi8>
  // CHECK-NEXT: %a = tile.window %x <kernel 2x2 pad 1x1x0x0> elements <0 : 6> : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3> -> vector<6xi8>
  %p = tile.mvm %w0, %a : !tile.weight_block<6x2xi8>, vector<6xi8> -> vector<2xi32>
  // CHECK-NEXT: %p = tile.mvm %w0, %a : !tile.weight_block<6x2xi8>, vector<6xi8> -> vector<2xi32>
  tile.store_partial %p, %sums : vector<2xi32>, !tile.partial_sums<4x4x2xi32>
  // CHECK-NEXT: tile.store_partial %p, %sums : vector<2xi32>, !tile.partial_sums<4x4x2xi32>
  tile.signal %s every 1
  // CHECK-NEXT: tile.signal %s every 1
}
// CHECK-NEXT: }
tile.sweep "conv" core 7 rows <0 : 4> columns <1 : 3> {
// CHECK-NEXT: tile.sweep "conv" core 7 rows <0 : 4> columns <1 : 3> {
  %b = tile.window %x <kernel 2x2 pad 1x1x0x0> elements <6 : 8> : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3> -> vector<2xi8>
  // CHECK-NEXT: %b = tile.window %x <kernel 2x2 pad 1x1x0x0> elements <6 : 8> : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3> -> vector<2xi8>
  %q = tile.mvm %w1, %b : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
  // CHECK-NEXT: %q = tile.mvm %w1, %b : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
  tile.await %s every 1
  // CHECK-NEXT: tile.await %s every 1
  %r = tile.load_partial %sums : !tile.partial_sums<4x4x2xi32> -> vector<2xi32>
  // CHECK-NEXT: %r = tile.load_partial %sums : !tile.partial_sums<4x4x2xi32> -> vector<2xi32>
  %t = tile.accumulate %r, %q : vector<2xi32>
  // CHECK-NEXT: %t = tile.accumulate %r, %q : vector<2xi32>
  %f = tile.requantise %t bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 0 clamp <-5 : 127> : vector<2xi32> -> vector<2xi8>
  // CHECK-NEXT: %f = tile.requantise %t bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 0 clamp <-5 : 127> : vector<2xi32> -> vector<2xi8>
  %g = tile.table %f <"t", "00"> : vector<2xi8> -> vector<2xi8>
  // CHECK-NEXT: %g = tile.table %f <"t", "00"> : vector<2xi8> -> vector<2xi8>
  tile.store %g, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  // CHECK-NEXT: tile.store %g, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
}
// CHECK-NEXT: }
tile.sweep "vector unit" rows <0 : 1> columns <0 : 1> attributes {note = "any"} {
// CHECK-NEXT: tile.sweep "vector unit" rows <0 : 1> columns <0 : 1> attributes {note = "any"} {
  %c = tile.window %u <kernel 2x3 dilation 2x1> taps <0 : 2> <1 : 3> channels <1 : 2> : !tile.feature_map<4x4x2xui8> -> vector<4xui8>
  // CHECK-NEXT: %c = tile.window %u <kernel 2x3 dilation 2x1> taps <0 : 2> <1 : 3> channels <1 : 2> : !tile.feature_map<4x4x2xui8> -> vector<4xui8>
  %max = tile.max %c segments 4 : vector<4xui8> -> vector<1xui8>
  // CHECK-NEXT: %max = tile.max %c segments 4 : vector<4xui8> -> vector<1xui8>
  %sum = tile.sum %c segments 4 : vector<4xui8> -> vector<1xi32>
  // CHECK-NEXT: %sum = tile.sum %c segments 4 : vector<4xui8> -> vector<1xi32>
  %mean = tile.average %c segments 4 count 6 from <0.1 : 7> to <0.05 : -3> : vector<4xui8> -> vector<1xi8>
  // CHECK-NEXT: %mean = tile.average %c segments 4 count 6 from <0.1 : 7> to <0.05 : -3> : vector<4xui8> -> vector<1xi8>
  %z = tile.add %max times <0.33333334>, %mean times <1.0e-08> offset <-3.25> : vector<1xui8>, vector<1xi8> -> vector<1xi8>
  // CHECK-NEXT: %z = tile.add %max times <0.33333334>, %mean times <1.0e-08> offset <-3.25> : vector<1xui8>, vector<1xi8> -> vector<1xi8>
  %product = tile.multiply %max minus 7, %mean minus -3 times <0.5> plus 12 : vector<1xui8>, vector<1xi8> -> vector<1xi8>
  // CHECK-NEXT: %product = tile.multiply %max minus 7, %mean minus -3 times <0.5> plus 12 : vector<1xui8>, vector<1xi8> -> vector<1xi8>
  %turned = tile.shuffle %c segments 2 : vector<4xui8> -> vector<4xui8>
  // CHECK-NEXT: %turned = tile.shuffle %c segments 2 : vector<4xui8> -> vector<4xui8>
  tile.store %z, %y channels <1 : 2> : vector<1xi8>, !tile.feature_map<4x4x2xi8>
  // CHECK-NEXT: tile.store %z, %y channels <1 : 2> : vector<1xi8>, !tile.feature_map<4x4x2xi8>
  tile.store %product, %y stride <2x3> offset <0x1> channels <0 : 1> : vector<1xi8>, !tile.feature_map<4x4x2xi8>
  // CHECK-NEXT: tile.store %product, %y stride <2x3> offset <0x1> channels <0 : 1> : vector<1xi8>, !tile.feature_map<4x4x2xi8>
}
// CHECK-NEXT: }
%other = tile.sequence 0 -> 1 : !tile.sequence
// CHECK-NEXT: %other = tile.sequence 0 -> 1 : !tile.sequence
tile.sweep "rows" core 0 rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: tile.sweep "rows" core 0 rows <0 : 4> columns <0 : 4> {
  tile.signal %other every 4 by 2
  // CHECK-NEXT: tile.signal %other every 4 by 2
  tile.signal %other
  // CHECK-NEXT: tile.signal %other
}
// CHECK-NEXT: }
tile.sweep "halo" core 6 rows <0 : 1> columns <0 : 5> {
// CHECK-NEXT: tile.sweep "halo" core 6 rows <0 : 1> columns <0 : 5> {
  tile.await %free by 2
  // CHECK-NEXT: tile.await %free by 2
  tile.await %free every 5
  // CHECK-NEXT: tile.await %free every 5
  %h = tile.splat -3 : vector<2xi8>
  // CHECK-NEXT: %h = tile.splat -3 : vector<2xi8>
  tile.store %h, %rows padded channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3>
  // CHECK-NEXT: tile.store %h, %rows padded channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3>
}
// CHECK-NEXT: }
tile.reprogram
// CHECK-NEXT: tile.reprogram
