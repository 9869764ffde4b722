// RUN: cimc-opt %s -p "insert-sync{scheme=\"cyclic\"}" | filecheck %s
// RUN: cimc-opt %s -p "insert-sync{scheme=\"cyclic\" every=4}" | filecheck %s --check-prefix=CHUNKS
// RUN: cimc-opt %s -p "insert-sync{scheme=\"auto\" mvm=1000 hand_on=50 beat_bytes=8 lanes=8}" | filecheck %s --check-prefix=AUTO

// Three cores add up; what core 1 is the first to visit, core 2 visits last.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x3x6xi8>
  %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<2x3x2xi8>
  %w0 = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> core 1 array 0 : !tile.weight_block<2x2xi8>
  %w1 = tile.weight_block <"w", "00"> rows <2 : 4> columns <0 : 2> core 2 array 0 : !tile.weight_block<2x2xi8>
  %w2 = tile.weight_block <"w", "00"> rows <4 : 6> columns <0 : 2> core 3 array 0 : !tile.weight_block<2x2xi8>
  %sums = tile.partial_sums "conv" ring 4 : !tile.partial_sums<2x3x2xi32>
  tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 3> {
    %a = tile.window %x <kernel 1x1> elements <0 : 2> : !tile.feature_map<2x3x6xi8> -> vector<2xi8>
    %p = tile.mvm %w0, %a : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    tile.store_partial %p, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
  }
  tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 3> {
    %a = tile.window %x <kernel 1x1> elements <2 : 4> : !tile.feature_map<2x3x6xi8> -> vector<2xi8>
    %p = tile.mvm %w1, %a : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %q = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
    %r = tile.accumulate %q, %p : vector<2xi32>
    tile.store_partial %r, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
  }
  tile.sweep "conv" core 3 rows <0 : 2> columns <0 : 3> {
    %a = tile.window %x <kernel 1x1> elements <4 : 6> : !tile.feature_map<2x3x6xi8> -> vector<2xi8>
    %p = tile.mvm %w2, %a : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %q = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
    %r = tile.accumulate %q, %p : vector<2xi32>
    %f = tile.requantise %r bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
    tile.store %f, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x3x2xi8>
  }
}

// CHECK: %sums = tile.partial_sums "conv" : !tile.partial_sums<2x3x2xi32>
// CHECK-NEXT: %0 = tile.sequence 1 -> 3 : !tile.sequence
// CHECK-NEXT: %1 = tile.sequence 2 -> 1 : !tile.sequence
// CHECK-NEXT: %2 = tile.sequence 3 -> 2 : !tile.sequence
// CHECK-NEXT: tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 3> positions <0 : 2> {
// CHECK: tile.store_partial %p, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// CHECK-NEXT: tile.signal %0 every 1
// CHECK: tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 3> positions <2 : 4> {
// CHECK: tile.store_partial %p_1, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// CHECK-NEXT: tile.signal %1 every 1
// CHECK: tile.sweep "conv" core 3 rows <0 : 2> columns <0 : 3> positions <4 : 6> {
// CHECK: tile.store_partial %p_2, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// CHECK-NEXT: tile.signal %2 every 1
// CHECK: tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 3> positions <2 : 4> {
// CHECK: tile.await %1 every 1
// CHECK-NEXT: %3 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// CHECK: tile.store_partial %4, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// CHECK-NEXT: tile.signal %0 every 1
// CHECK: tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 3> positions <4 : 6> {
// CHECK: tile.await %2 every 1
// CHECK-NEXT: %5 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// CHECK: tile.store_partial %6, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// CHECK-NEXT: tile.signal %1 every 1
// CHECK: tile.sweep "conv" core 3 rows <0 : 2> columns <0 : 3> positions <0 : 2> {
// CHECK: tile.await %0 every 1
// CHECK-NEXT: %7 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// CHECK: tile.store_partial %8, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// CHECK-NEXT: tile.signal %2 every 1
// CHECK: tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 3> positions <4 : 6> {
// CHECK: tile.await %1 every 1
// CHECK-NEXT: %9 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// CHECK: %f = tile.requantise %10 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK: tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 3> positions <0 : 2> {
// CHECK: tile.await %2 every 1
// CHECK-NEXT: %11 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// CHECK: %f_1 = tile.requantise %12 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK: tile.sweep "conv" core 3 rows <0 : 2> columns <0 : 3> positions <2 : 4> {
// CHECK: tile.await %0 every 1
// CHECK-NEXT: %13 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// CHECK: %f_2 = tile.requantise %14 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>

// Two chunks, of four and of two positions, for three cores: two of them begin alike.
// CHUNKS: %sums = tile.partial_sums "conv" : !tile.partial_sums<2x3x2xi32>
// CHUNKS-NEXT: %0 = tile.sequence 2 -> 1 : !tile.sequence
// CHUNKS-NEXT: %1 = tile.sequence 3 -> 2 : !tile.sequence
// CHUNKS-NEXT: %2 = tile.sequence 1 -> 3 : !tile.sequence
// CHUNKS-NEXT: tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 3> positions <0 : 4> {
// CHUNKS: tile.store_partial %p, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// CHUNKS-NEXT: tile.signal %0 every 4
// CHUNKS: tile.sweep "conv" core 3 rows <0 : 2> columns <0 : 3> positions <4 : 6> {
// CHUNKS: tile.store_partial %p_1, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// CHUNKS-NEXT: tile.signal %1 every 2
// CHUNKS: tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 3> positions <0 : 4> {
// CHUNKS: tile.await %0 every 4
// CHUNKS-NEXT: %3 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// CHUNKS: tile.store_partial %4, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// CHUNKS-NEXT: tile.signal %2 every 4
// CHUNKS: tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 3> positions <4 : 6> {
// CHUNKS: tile.await %1 every 2
// CHUNKS-NEXT: %5 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// CHUNKS: tile.store_partial %6, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// CHUNKS-NEXT: tile.signal %0 every 2
// CHUNKS: tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 3> positions <4 : 6> {
// CHUNKS: tile.await %0 every 2
// CHUNKS-NEXT: %7 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// CHUNKS: %f = tile.requantise %8 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// CHUNKS: tile.sweep "conv" core 3 rows <0 : 2> columns <0 : 3> positions <0 : 4> {
// CHUNKS: tile.await %2 every 4
// CHUNKS-NEXT: %9 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// CHUNKS: %f_1 = tile.requantise %10 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>

// As many chunks as cores are enough to be fast, and synchronise least often.
// AUTO: %sums = tile.partial_sums "conv" : !tile.partial_sums<2x3x2xi32>
// AUTO-NEXT: %0 = tile.sequence 1 -> 3 : !tile.sequence
// AUTO-NEXT: %1 = tile.sequence 2 -> 1 : !tile.sequence
// AUTO-NEXT: %2 = tile.sequence 3 -> 2 : !tile.sequence
// AUTO-NEXT: tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 3> positions <0 : 2> {
// AUTO: tile.store_partial %p, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// AUTO-NEXT: tile.signal %0 every 2
// AUTO: tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 3> positions <2 : 4> {
// AUTO: tile.store_partial %p_1, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// AUTO-NEXT: tile.signal %1 every 2
// AUTO: tile.sweep "conv" core 3 rows <0 : 2> columns <0 : 3> positions <4 : 6> {
// AUTO: tile.store_partial %p_2, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// AUTO-NEXT: tile.signal %2 every 2
// AUTO: tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 3> positions <2 : 4> {
// AUTO: tile.await %1 every 2
// AUTO-NEXT: %3 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// AUTO: tile.store_partial %4, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// AUTO-NEXT: tile.signal %0 every 2
// AUTO: tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 3> positions <4 : 6> {
// AUTO: tile.await %2 every 2
// AUTO-NEXT: %5 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// AUTO: tile.store_partial %6, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// AUTO-NEXT: tile.signal %1 every 2
// AUTO: tile.sweep "conv" core 3 rows <0 : 2> columns <0 : 3> positions <0 : 2> {
// AUTO: tile.await %0 every 2
// AUTO-NEXT: %7 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// AUTO: tile.store_partial %8, %sums : vector<2xi32>, !tile.partial_sums<2x3x2xi32>
// AUTO-NEXT: tile.signal %2 every 2
// AUTO: tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 3> positions <4 : 6> {
// AUTO: tile.await %1 every 2
// AUTO-NEXT: %9 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// AUTO: %f = tile.requantise %10 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// AUTO: tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 3> positions <0 : 2> {
// AUTO: tile.await %2 every 2
// AUTO-NEXT: %11 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// AUTO: %f_1 = tile.requantise %12 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// AUTO: tile.sweep "conv" core 3 rows <0 : 2> columns <0 : 3> positions <2 : 4> {
// AUTO: tile.await %0 every 2
// AUTO-NEXT: %13 = tile.load_partial %sums : !tile.partial_sums<2x3x2xi32> -> vector<2xi32>
// AUTO: %f_2 = tile.requantise %14 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
