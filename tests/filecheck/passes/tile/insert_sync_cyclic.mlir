// RUN: cimc-opt %s -p "insert-sync{scheme=\"cyclic\"}" | filecheck %s
// RUN: cimc-opt %s -p "insert-sync{scheme=\"linear\" every=4}" | filecheck %s --check-prefix=LINEAR

// Two cores share six positions: each begins with three that it is the first to visit.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x3x4xi8>
  %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<2x3x2xi8>
  %w0 = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> core 1 array 0 : !tile.weight_block<2x2xi8>
  %w1 = tile.weight_block <"w", "00"> rows <2 : 4> columns <0 : 2> core 2 array 0 : !tile.weight_block<2x2xi8>
  %sums = tile.partial_sums "conv" ring 4 : !tile.partial_sums<2x3x2xi32>
  tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 3> {
    %a = tile.window %x <kernel 1x1> elements <0 : 2> : !tile.feature_map<2x3x4xi8> -> vector<2xi8>
    %p = tile.mvm %w0, %a : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    tile.store_partial %p, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
  }
  tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 3> {
    %a = tile.window %x <kernel 1x1> elements <2 : 4> : !tile.feature_map<2x3x4xi8> -> vector<2xi8>
    %p = tile.mvm %w1, %a : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %q = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
    %r = tile.accumulate %q, %p : vector<2xi32>
    %f = tile.requantise %r bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
    tile.store %f, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x3x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x3x4xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<2x3x2xi8>
// CHECK-NEXT: %w0 = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> core 1 array 0 : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %w1 = tile.weight_block <"w", "00"> rows <2 : 4> columns <0 : 2> core 2 array 0 : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %sums = tile.partial_sums "conv" : !tile.partial_sums<2x3x2xi32>
// CHECK-NEXT: %0 = tile.sequence 1 -> 2 : !tile.sequence
// CHECK-NEXT: %1 = tile.sequence 2 -> 1 : !tile.sequence
// CHECK-NEXT: tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 3> positions <0 : 3> {
// CHECK-NEXT: %a = tile.window %x <kernel 1x1> elements <0 : 2> : !tile.feature_map<2x3x4xi8> -> vector<2xi8>
// CHECK-NEXT: %p = tile.mvm %w0, %a : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: tile.store_partial %p, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// CHECK-NEXT: tile.signal %0 every 1
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 3> positions <3 : 6> {
// CHECK-NEXT: %a_1 = tile.window %x <kernel 1x1> elements <2 : 4> : !tile.feature_map<2x3x4xi8> -> vector<2xi8>
// CHECK-NEXT: %p_1 = tile.mvm %w1, %a_1 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: tile.store_partial %p_1, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// CHECK-NEXT: tile.signal %1 every 1
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 3> positions <3 : 6> {
// CHECK-NEXT: %a_2 = tile.window %x <kernel 1x1> elements <0 : 2> : !tile.feature_map<2x3x4xi8> -> vector<2xi8>
// CHECK-NEXT: %p_2 = tile.mvm %w0, %a_2 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: tile.await %1 every 1
// CHECK-NEXT: %2 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// CHECK-NEXT: %3 = tile.accumulate %2, %p_2 : vector<2xi32>
// CHECK-NEXT: %f = tile.requantise %3 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %f, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x3x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 3> positions <0 : 3> {
// CHECK-NEXT: %a_3 = tile.window %x <kernel 1x1> elements <2 : 4> : !tile.feature_map<2x3x4xi8> -> vector<2xi8>
// CHECK-NEXT: %p_3 = tile.mvm %w1, %a_3 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: tile.await %0 every 1
// CHECK-NEXT: %4 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// CHECK-NEXT: %5 = tile.accumulate %4, %p_3 : vector<2xi32>
// CHECK-NEXT: %f_1 = tile.requantise %5 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %f_1, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x3x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// LINEAR: %sums = tile.partial_sums "conv" : !tile.partial_sums<2x3x2xi32>
// LINEAR-NEXT: %0 = tile.sequence 1 -> 2 : !tile.sequence
// LINEAR-NEXT: tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 3> positions <0 : 4> {
// LINEAR: tile.store_partial %p, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// LINEAR-NEXT: tile.signal %0 every 4
// LINEAR: tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 3> positions <4 : 6> {
// LINEAR: tile.store_partial %p_1, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// LINEAR-NEXT: tile.signal %0 every 2
// LINEAR: tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 3> positions <0 : 4> {
// LINEAR: tile.await %0 every 4
// LINEAR-NEXT: %1 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// LINEAR: %f = tile.requantise %2 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// LINEAR: tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 3> positions <4 : 6> {
// LINEAR: tile.await %0 every 2
// LINEAR-NEXT: %3 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// LINEAR: %f_1 = tile.requantise %4 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
