// RUN: cimc-opt %s -p "insert-sync{scheme=\"linear\"}" | filecheck %s
// RUN: cimc-opt %s -p "insert-sync{scheme=\"sequential\"}" | filecheck %s --check-prefix=SEQ

// Cores 1 and 2 add up a layer that cores 3 and 2 read; core 2 does not wait for itself.
// Layers follow each other by rows in both schemes.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x4xi8>
  %y = tile.feature_map "y_q" of "conv" role "intermediate" : !tile.feature_map<2x2x2xi8>
  %z = tile.feature_map "z_q" of "copy" role "intermediate" : !tile.feature_map<2x2x2xi8>
  %o = tile.feature_map "o_q" of "add" role "output" : !tile.feature_map<2x2x2xi8>
  %w0 = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> core 1 array 0 : !tile.weight_block<2x2xi8>
  %w1 = tile.weight_block <"w", "00"> rows <2 : 4> columns <0 : 2> core 2 array 0 : !tile.weight_block<2x2xi8>
  %sums = tile.partial_sums "conv" : !tile.partial_sums<2x2x2xi32>
  tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 2> {
    %a = tile.window %x <kernel 1x1> elements <0 : 2> : !tile.feature_map<2x2x4xi8> -> vector<2xi8>
    %p = tile.mvm %w0, %a : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    tile.store_partial %p, %sums : vector<2xi32>, !tile.partial_sums<2x2x2xi32>
  }
  tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 2> {
    %a = tile.window %x <kernel 1x1> elements <2 : 4> : !tile.feature_map<2x2x4xi8> -> vector<2xi8>
    %p = tile.mvm %w1, %a : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %q = tile.load_partial %sums : !tile.partial_sums<2x2x2xi32> -> vector<2xi32>
    %r = tile.accumulate %q, %p : vector<2xi32>
    %f = tile.requantise %r bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
    tile.store %f, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
  tile.sweep "copy" core 3 rows <0 : 2> columns <0 : 2> {
    %a = tile.window %y <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
    tile.store %a, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
  tile.sweep "add" core 2 rows <0 : 2> columns <0 : 2> {
    %a = tile.window %y <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
    %b = tile.window %z <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
    %c = tile.add %a times <0.5>, %b times <0.5> offset <0.0> : vector<2xi8>, vector<2xi8> -> vector<2xi8>
    tile.store %c, %o channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x4xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "conv" role "intermediate" : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %z = tile.feature_map "z_q" of "copy" role "intermediate" : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %o = tile.feature_map "o_q" of "add" role "output" : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %w0 = tile.weight_block
// CHECK-NEXT: %w1 = tile.weight_block
// CHECK-NEXT: %sums = tile.partial_sums "conv" : !tile.partial_sums<2x2x2xi32>
// CHECK-NEXT: %0 = tile.sequence 1 -> 2 : !tile.sequence
// CHECK-NEXT: %1 = tile.sequence 2 -> 3 : !tile.sequence
// CHECK-NEXT: %2 = tile.sequence 3 -> 2 : !tile.sequence
// CHECK-NEXT: tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: %p = tile.mvm
// CHECK-NEXT: tile.store_partial
// CHECK-NEXT: tile.signal %0 every 1{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %a_1 = tile.window
// CHECK-NEXT: %p_1 = tile.mvm
// CHECK-NEXT: tile.await %0 every 1{{$}}
// CHECK-NEXT: %q = tile.load_partial
// CHECK-NEXT: %r = tile.accumulate
// CHECK-NEXT: %f = tile.requantise
// CHECK-NEXT: tile.store %f, %y channels <0 : 2>
// CHECK-NEXT: tile.signal %1 every 2{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "copy" core 3 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: tile.await %1 every 2{{$}}
// CHECK-NEXT: %a_2 = tile.window
// CHECK-NEXT: tile.store %a_2, %z channels <0 : 2>
// CHECK-NEXT: tile.signal %2 every 2{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "add" core 2 rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %a_3 = tile.window
// CHECK-NEXT: tile.await %2 every 2{{$}}
// CHECK-NEXT: %b = tile.window
// CHECK-NEXT: %c = tile.add
// CHECK-NEXT: tile.store %c, %o channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: }

// SEQ: builtin.module {
// SEQ-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x4xi8>
// SEQ-NEXT: %y = tile.feature_map "y_q" of "conv" role "intermediate" : !tile.feature_map<2x2x2xi8>
// SEQ-NEXT: %z = tile.feature_map "z_q" of "copy" role "intermediate" : !tile.feature_map<2x2x2xi8>
// SEQ-NEXT: %o = tile.feature_map "o_q" of "add" role "output" : !tile.feature_map<2x2x2xi8>
// SEQ-NEXT: %w0 = tile.weight_block
// SEQ-NEXT: %w1 = tile.weight_block
// SEQ-NEXT: %sums = tile.partial_sums "conv" : !tile.partial_sums<2x2x2xi32>
// SEQ-NEXT: %0 = tile.sequence 2 -> 3 : !tile.sequence
// SEQ-NEXT: %1 = tile.sequence 3 -> 2 : !tile.sequence
// SEQ-NEXT: %2 = tile.sequence 1 -> 2 : !tile.sequence
// SEQ-NEXT: tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 2> {
// SEQ-NEXT: %a = tile.window
// SEQ-NEXT: %p = tile.mvm
// SEQ-NEXT: tile.store_partial
// SEQ-NEXT: tile.signal %2{{$}}
// SEQ-NEXT: }
// SEQ-NEXT: tile.sweep "conv" core 2 rows <0 : 2> columns <0 : 2> {
// SEQ-NEXT: tile.await %2{{$}}
// SEQ-NEXT: %a_1 = tile.window
// SEQ-NEXT: %p_1 = tile.mvm
// SEQ-NEXT: %q = tile.load_partial
// SEQ-NEXT: %r = tile.accumulate
// SEQ-NEXT: %f = tile.requantise
// SEQ-NEXT: tile.store %f, %y channels <0 : 2>
// SEQ-NEXT: tile.signal %0 every 2{{$}}
// SEQ-NEXT: }
// SEQ-NEXT: tile.sweep "copy" core 3 rows <0 : 2> columns <0 : 2> {
// SEQ-NEXT: tile.await %0 every 2{{$}}
// SEQ-NEXT: %a_2 = tile.window
// SEQ-NEXT: tile.store %a_2, %z channels <0 : 2>
// SEQ-NEXT: tile.signal %1 every 2{{$}}
// SEQ-NEXT: }
// SEQ-NEXT: tile.sweep "add" core 2 rows <0 : 2> columns <0 : 2> {
// SEQ-NEXT: %a_3 = tile.window
// SEQ-NEXT: tile.await %1 every 2{{$}}
// SEQ-NEXT: %b = tile.window
// SEQ-NEXT: %c = tile.add
// SEQ-NEXT: tile.store %c, %o channels <0 : 2>
// SEQ-NEXT: }
// SEQ-NEXT: }
