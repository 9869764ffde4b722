// RUN: cimc-opt %s -p "place-blocks{cores=2 crossbars=1},distribute-sweeps,recycle-buffers,insert-sync,allocate-buffers{capacity=4096}" | filecheck %s

// The passes behind cut-phases begin anew in each phase: cores are given out from 0 on,
// chains have sums of their own, and no sequence crosses the barrier. What is accessed
// on both sides of it stays whole, and lies where nothing else does.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x6xi8>
  %y = tile.feature_map "y_q" of "a" role "intermediate" : !tile.feature_map<2x2x6xi8>
  %z = tile.feature_map "z_q" of "b" role "intermediate" : !tile.feature_map<2x2x2xi8>
  %t = tile.feature_map "t_q" of "t" role "output" : !tile.feature_map<2x2x2xi8>
  %w = tile.weight_block <"v", "00"> rows <0 : 6> columns <0 : 6> : !tile.weight_block<6x6xi8>
  tile.sweep "a" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<2x2x6xi8> -> vector<6xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<6x6xi8>, vector<6xi8> -> vector<6xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 6> zero 3 clamp <-7 : 127> : vector<6xi32> -> vector<6xi8>
    tile.store %2, %y channels <0 : 6> : vector<6xi8>, !tile.feature_map<2x2x6xi8>
  }
  %w0 = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> : !tile.weight_block<2x2xi8>
  %w1 = tile.weight_block <"w", "00"> rows <2 : 4> columns <0 : 2> : !tile.weight_block<2x2xi8>
  %w2 = tile.weight_block <"w", "00"> rows <4 : 6> columns <0 : 2> : !tile.weight_block<2x2xi8>
  %b_sums = tile.partial_sums "b" : !tile.partial_sums<2x2x2xi32>
  tile.sweep "b" rows <0 : 2> columns <0 : 2> {
    %3 = tile.window %y <kernel 1x1> elements <0 : 2> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
    %4 = tile.mvm %w0, %3 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    tile.store_partial %4, %b_sums : vector<2xi32>, !tile.partial_sums<2x2x2xi32>
  }
  tile.reprogram
  tile.sweep "b" rows <0 : 2> columns <0 : 2> {
    %5 = tile.window %y <kernel 1x1> elements <2 : 4> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
    %6 = tile.mvm %w1, %5 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %7 = tile.window %y <kernel 1x1> elements <4 : 6> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
    %8 = tile.mvm %w2, %7 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %9 = tile.accumulate %6, %8 : vector<2xi32>
    %10 = tile.load_partial %b_sums : !tile.partial_sums<2x2x2xi32> -> vector<2xi32>
    %11 = tile.accumulate %10, %9 : vector<2xi32>
    %12 = tile.requantise %11 bias <"c", "00"> multiplier <"n", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
    tile.store %12, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
  tile.sweep "t" rows <0 : 2> columns <0 : 2> {
    %13 = tile.window %z <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
    %14 = tile.table %13 <"t", "00"> : vector<2xi8> -> vector<2xi8>
    tile.store %14, %t channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" at 0 : !tile.feature_map<2x2x6xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "a" role "intermediate" at 64 : !tile.feature_map<2x2x6xi8>
// CHECK-NEXT: %z = tile.feature_map "z_q" of "b" role "intermediate" at 128 : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %t = tile.feature_map "t_q" of "t" role "output" at 192 : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %w = tile.weight_block <"v", "00"> rows <0 : 6> columns <0 : 6> core 0 array 0 : !tile.weight_block<6x6xi8>
// CHECK-NEXT: %0 = tile.sequence 0 -> 1 : !tile.sequence
// CHECK-NEXT: tile.sweep "a" core 0 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %1 = tile.window %x <kernel 1x1> : !tile.feature_map<2x2x6xi8> -> vector<6xi8>
// CHECK-NEXT: %2 = tile.mvm %w, %1 : !tile.weight_block<6x6xi8>, vector<6xi8> -> vector<6xi32>
// CHECK-NEXT: %3 = tile.requantise %2 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 6> zero 3 clamp <-7 : 127> : vector<6xi32> -> vector<6xi8>
// CHECK-NEXT: tile.store %3, %y channels <0 : 6> : vector<6xi8>, !tile.feature_map<2x2x6xi8>
// CHECK-NEXT: tile.signal %0 every 2
// CHECK-NEXT: }
// CHECK-NEXT: %w0 = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> core 1 array 0 : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %w1 = tile.weight_block <"w", "00"> rows <2 : 4> columns <0 : 2> core 0 array 0 : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %w2 = tile.weight_block <"w", "00"> rows <4 : 6> columns <0 : 2> core 1 array 0 : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %b_sums = tile.partial_sums "b" at 256 : !tile.partial_sums<2x2x2xi32>
// CHECK-NEXT: tile.sweep "b" core 1 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: tile.await %0 every 2
// CHECK-NEXT: %4 = tile.window %y <kernel 1x1> elements <0 : 2> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
// CHECK-NEXT: %5 = tile.mvm %w0, %4 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: tile.store_partial %5, %b_sums : vector<2xi32>, !tile.partial_sums<2x2x2xi32>
// CHECK-NEXT: }
// CHECK-NEXT: tile.reprogram
// CHECK-NEXT: %b_sums_1 = tile.partial_sums "b" at 320 : !tile.partial_sums<2x2x2xi32>
// CHECK-NEXT: %6 = tile.sequence 0 -> 1 : !tile.sequence
// CHECK-NEXT: %7 = tile.sequence 1 -> 0 : !tile.sequence
// CHECK-NEXT: tile.sweep "b" core 0 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %8 = tile.window %y <kernel 1x1> elements <2 : 4> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
// CHECK-NEXT: %9 = tile.mvm %w1, %8 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: tile.store_partial %9, %b_sums_1 : vector<2xi32>, !tile.partial_sums<2x2x2xi32>
// CHECK-NEXT: tile.signal %6 every 1
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "b" core 1 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %10 = tile.window %y <kernel 1x1> elements <4 : 6> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
// CHECK-NEXT: %11 = tile.mvm %w2, %10 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: tile.await %6 every 1
// CHECK-NEXT: %12 = tile.load_partial %b_sums_1 : !tile.partial_sums<2x2x2xi32> -> vector<2xi32>
// CHECK-NEXT: %13 = tile.accumulate %12, %11 : vector<2xi32>
// CHECK-NEXT: %14 = tile.load_partial %b_sums : !tile.partial_sums<2x2x2xi32> -> vector<2xi32>
// CHECK-NEXT: %15 = tile.accumulate %14, %13 : vector<2xi32>
// CHECK-NEXT: %16 = tile.requantise %15 bias <"c", "00"> multiplier <"n", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %16, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: tile.signal %7 every 2
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "t" core 0 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: tile.await %7 every 2
// CHECK-NEXT: %17 = tile.window %z <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: %18 = tile.table %17 <"t", "00"> : vector<2xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %18, %t channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }
