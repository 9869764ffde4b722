// RUN: cimc-opt %s -p recycle-buffers --split-input-file | filecheck %s
// RUN: cimc-opt %s -p "recycle-buffers{release_rows=3 sums=1}" --split-input-file | filecheck %s --check-prefix=SLACK

// A window over 3 rows keeps them, and the halo below comes with the last row: 4 rows are
// alive, and one more is slack. Halos above and below are swept like other rows, from
// corner to corner; those beside the rows stay as they are. Inputs and outputs are whole.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x8x2xi8, halo 1x1x1x1 of -3>
  %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<8x8x2xi8>
  tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 8> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<8x8x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8, halo 1x1x1x1 of -3>
  }
  tile.sweep "pool" core 1 rows <0 : 8> columns <0 : 8> {
    %b = tile.window %y <kernel 3x3 pad 1x1x1x1> : !tile.feature_map<8x8x2xi8, halo 1x1x1x1 of -3> -> vector<18xi8>
    %c = tile.max %b segments 9 : vector<18xi8> -> vector<2xi8>
    tile.store %c, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
// CHECK-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" ring 5 : !tile.feature_map<8x8x2xi8, halo 1x1x1x1 of -3>
// CHECK-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<8x8x2xi8>
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 1> columns <0 : 10> {
// CHECK-NEXT: %0 = tile.splat -3 : vector<2xi8>
// CHECK-NEXT: tile.store %0, %y padded channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 8> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.store %a, %y channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "copy" core 0 rows <9 : 10> columns <0 : 10> {
// CHECK-NEXT: %1 = tile.splat -3 : vector<2xi8>
// CHECK-NEXT: tile.store %1, %y padded channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 1 rows <0 : 8> columns <0 : 8> {
// CHECK-NEXT: %b = tile.window
// CHECK-NEXT: %c = tile.max
// CHECK-NEXT: tile.store %c, %z channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: }

// SLACK: builtin.module {
// SLACK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
// SLACK-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" ring 7 : !tile.feature_map<8x8x2xi8, halo 1x1x1x1 of -3>
// SLACK-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<8x8x2xi8>
// SLACK-NEXT: tile.sweep "copy" core 0 rows <0 : 1> columns <0 : 10> {
// SLACK-NEXT: %0 = tile.splat -3 : vector<2xi8>
// SLACK-NEXT: tile.store %0, %y padded channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 8> {
// SLACK-NEXT: %a = tile.window
// SLACK-NEXT: tile.store %a, %y channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: tile.sweep "copy" core 0 rows <9 : 10> columns <0 : 10> {
// SLACK-NEXT: %1 = tile.splat -3 : vector<2xi8>
// SLACK-NEXT: tile.store %1, %y padded channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: tile.sweep "pool" core 1 rows <0 : 8> columns <0 : 8> {
// SLACK-NEXT: %b = tile.window
// SLACK-NEXT: %c = tile.max
// SLACK-NEXT: tile.store %c, %z channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: }

// -----
// Of two cores that write parts of the columns, each writes its part of the halo.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x8x2xi8, halo 1x1x0x0 of -3>
  %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<8x8x2xi8>
  tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 4> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<8x8x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8, halo 1x1x0x0 of -3>
  }
  tile.sweep "copy" core 1 rows <0 : 8> columns <4 : 8> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<8x8x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8, halo 1x1x0x0 of -3>
  }
  tile.sweep "pool" core 2 rows <0 : 8> columns <0 : 8> {
    %b = tile.window %y <kernel 2x2 pad 1x1x0x0> : !tile.feature_map<8x8x2xi8, halo 1x1x0x0 of -3> -> vector<8xi8>
    %c = tile.max %b segments 4 : vector<8xi8> -> vector<2xi8>
    tile.store %c, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
// CHECK-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" ring 3 : !tile.feature_map<8x8x2xi8, halo 1x1x0x0 of -3>
// CHECK-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<8x8x2xi8>
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 1> columns <0 : 5> {
// CHECK-NEXT: %0 = tile.splat -3 : vector<2xi8>
// CHECK-NEXT: tile.store %0, %y padded channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 4> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.store %a, %y channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "copy" core 1 rows <0 : 1> columns <5 : 9> {
// CHECK-NEXT: %1 = tile.splat -3 : vector<2xi8>
// CHECK-NEXT: tile.store %1, %y padded channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "copy" core 1 rows <0 : 8> columns <4 : 8> {
// CHECK-NEXT: %a_1 = tile.window
// CHECK-NEXT: tile.store %a_1, %y channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 2 rows <0 : 8> columns <0 : 8> {
// CHECK-NEXT: %b = tile.window
// CHECK-NEXT: %c = tile.max
// CHECK-NEXT: tile.store %c, %z channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: }

// SLACK: builtin.module {
// SLACK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
// SLACK-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" ring 5 : !tile.feature_map<8x8x2xi8, halo 1x1x0x0 of -3>
// SLACK-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<8x8x2xi8>
// SLACK-NEXT: tile.sweep "copy" core 0 rows <0 : 1> columns <0 : 5> {
// SLACK-NEXT: %0 = tile.splat -3 : vector<2xi8>
// SLACK-NEXT: tile.store %0, %y padded channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 4> {
// SLACK-NEXT: %a = tile.window
// SLACK-NEXT: tile.store %a, %y channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: tile.sweep "copy" core 1 rows <0 : 1> columns <5 : 9> {
// SLACK-NEXT: %1 = tile.splat -3 : vector<2xi8>
// SLACK-NEXT: tile.store %1, %y padded channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: tile.sweep "copy" core 1 rows <0 : 8> columns <4 : 8> {
// SLACK-NEXT: %a_1 = tile.window
// SLACK-NEXT: tile.store %a_1, %y channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: tile.sweep "pool" core 2 rows <0 : 8> columns <0 : 8> {
// SLACK-NEXT: %b = tile.window
// SLACK-NEXT: %c = tile.max
// SLACK-NEXT: tile.store %c, %z channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: }

// -----
// An addition reads %y and what a layer between makes of it: in a sequential order one row
// is enough, but %y has slack for both layers.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x8x2xi8>
  %u = tile.feature_map "u" of "pool" role "intermediate" : !tile.feature_map<8x8x2xi8>
  %z = tile.feature_map "z" of "add" role "output" : !tile.feature_map<8x8x2xi8>
  tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 8> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<8x8x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8>
  }
  tile.sweep "pool" core 1 rows <0 : 8> columns <0 : 8> {
    %b = tile.window %y <kernel 1x1> : !tile.feature_map<8x8x2xi8> -> vector<2xi8>
    tile.store %b, %u channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8>
  }
  tile.sweep "add" core 2 rows <0 : 8> columns <0 : 8> {
    %c = tile.window %y <kernel 1x1> : !tile.feature_map<8x8x2xi8> -> vector<2xi8>
    %d = tile.window %u <kernel 1x1> : !tile.feature_map<8x8x2xi8> -> vector<2xi8>
    %e = tile.add %c times <0.5>, %d times <0.5> offset <0.0> : vector<2xi8>, vector<2xi8> -> vector<2xi8>
    tile.store %e, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
// CHECK-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" ring 3 : !tile.feature_map<8x8x2xi8>
// CHECK-NEXT: %u = tile.feature_map "u" of "pool" role "intermediate" ring 2 : !tile.feature_map<8x8x2xi8>
// CHECK-NEXT: %z = tile.feature_map "z" of "add" role "output" : !tile.feature_map<8x8x2xi8>
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 8> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.store %a, %y channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 1 rows <0 : 8> columns <0 : 8> {
// CHECK-NEXT: %b = tile.window
// CHECK-NEXT: tile.store %b, %u channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "add" core 2 rows <0 : 8> columns <0 : 8> {
// CHECK-NEXT: %c = tile.window
// CHECK-NEXT: %d = tile.window
// CHECK-NEXT: %e = tile.add
// CHECK-NEXT: tile.store %e, %z channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: }

// SLACK: builtin.module {
// SLACK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
// SLACK-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" ring 7 : !tile.feature_map<8x8x2xi8>
// SLACK-NEXT: %u = tile.feature_map "u" of "pool" role "intermediate" ring 4 : !tile.feature_map<8x8x2xi8>
// SLACK-NEXT: %z = tile.feature_map "z" of "add" role "output" : !tile.feature_map<8x8x2xi8>
// SLACK-NEXT: tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 8> {
// SLACK-NEXT: %a = tile.window
// SLACK-NEXT: tile.store %a, %y channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: tile.sweep "pool" core 1 rows <0 : 8> columns <0 : 8> {
// SLACK-NEXT: %b = tile.window
// SLACK-NEXT: tile.store %b, %u channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: tile.sweep "add" core 2 rows <0 : 8> columns <0 : 8> {
// SLACK-NEXT: %c = tile.window
// SLACK-NEXT: %d = tile.window
// SLACK-NEXT: %e = tile.add
// SLACK-NEXT: tile.store %e, %z channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: }

// -----
// A chain of three cores keeps 4 + 3 / 2 vectors of its partial sums.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x3xi8>
  %y = tile.feature_map "y" of "conv" role "output" : !tile.feature_map<4x4x2xi8>
  %w0 = tile.weight_block <"w", "00"> rows <0 : 1> columns <0 : 2> core 0 array 0 : !tile.weight_block<1x2xi8>
  %w1 = tile.weight_block <"w", "00"> rows <1 : 2> columns <0 : 2> core 1 array 0 : !tile.weight_block<1x2xi8>
  %w2 = tile.weight_block <"w", "00"> rows <2 : 3> columns <0 : 2> core 2 array 0 : !tile.weight_block<1x2xi8>
  %sums = tile.partial_sums "conv" : !tile.partial_sums<4x4x2xi32>
  tile.sweep "conv" core 0 rows <0 : 4> columns <0 : 4> {
    %a = tile.window %x <kernel 1x1> elements <0 : 1> : !tile.feature_map<4x4x3xi8> -> vector<1xi8>
    %p = tile.mvm %w0, %a : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    tile.store_partial %p, %sums : vector<2xi32>, !tile.partial_sums<4x4x2xi32>
  }
  tile.sweep "conv" core 1 rows <0 : 4> columns <0 : 4> {
    %a = tile.window %x <kernel 1x1> elements <1 : 2> : !tile.feature_map<4x4x3xi8> -> vector<1xi8>
    %p = tile.mvm %w1, %a : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    %q = tile.load_partial %sums : !tile.partial_sums<4x4x2xi32> -> vector<2xi32>
    %r = tile.accumulate %q, %p : vector<2xi32>
    tile.store_partial %r, %sums : vector<2xi32>, !tile.partial_sums<4x4x2xi32>
  }
  tile.sweep "conv" core 2 rows <0 : 4> columns <0 : 4> {
    %a = tile.window %x <kernel 1x1> elements <2 : 3> : !tile.feature_map<4x4x3xi8> -> vector<1xi8>
    %p = tile.mvm %w2, %a : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    %q = tile.load_partial %sums : !tile.partial_sums<4x4x2xi32> -> vector<2xi32>
    %r = tile.accumulate %q, %p : vector<2xi32>
    %f = tile.requantise %r bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
    tile.store %f, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x3xi8>
// CHECK-NEXT: %y = tile.feature_map "y" of "conv" role "output" : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %w0 = tile.weight_block
// CHECK-NEXT: %w1 = tile.weight_block
// CHECK-NEXT: %w2 = tile.weight_block
// CHECK-NEXT: %sums = tile.partial_sums "conv" ring 5 : !tile.partial_sums<4x4x2xi32>
// CHECK-NEXT: tile.sweep "conv" core 0 rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: %p = tile.mvm
// CHECK-NEXT: tile.store_partial
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "conv" core 1 rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: %a_1 = tile.window
// CHECK-NEXT: %p_1 = tile.mvm
// CHECK-NEXT: %q = tile.load_partial
// CHECK-NEXT: %r = tile.accumulate
// CHECK-NEXT: tile.store_partial
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "conv" core 2 rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: %a_2 = tile.window
// CHECK-NEXT: %p_2 = tile.mvm
// CHECK-NEXT: %q_1 = tile.load_partial
// CHECK-NEXT: %r_1 = tile.accumulate
// CHECK-NEXT: %f = tile.requantise
// CHECK-NEXT: tile.store %f, %y channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: }

// SLACK: builtin.module {
// SLACK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x3xi8>
// SLACK-NEXT: %y = tile.feature_map "y" of "conv" role "output" : !tile.feature_map<4x4x2xi8>
// SLACK-NEXT: %w0 = tile.weight_block
// SLACK-NEXT: %w1 = tile.weight_block
// SLACK-NEXT: %w2 = tile.weight_block
// SLACK-NEXT: %sums = tile.partial_sums "conv" ring 2 : !tile.partial_sums<4x4x2xi32>
// SLACK-NEXT: tile.sweep "conv" core 0 rows <0 : 4> columns <0 : 4> {
// SLACK-NEXT: %a = tile.window
// SLACK-NEXT: %p = tile.mvm
// SLACK-NEXT: tile.store_partial
// SLACK-NEXT: }
// SLACK-NEXT: tile.sweep "conv" core 1 rows <0 : 4> columns <0 : 4> {
// SLACK-NEXT: %a_1 = tile.window
// SLACK-NEXT: %p_1 = tile.mvm
// SLACK-NEXT: %q = tile.load_partial
// SLACK-NEXT: %r = tile.accumulate
// SLACK-NEXT: tile.store_partial
// SLACK-NEXT: }
// SLACK-NEXT: tile.sweep "conv" core 2 rows <0 : 4> columns <0 : 4> {
// SLACK-NEXT: %a_2 = tile.window
// SLACK-NEXT: %p_2 = tile.mvm
// SLACK-NEXT: %q_1 = tile.load_partial
// SLACK-NEXT: %r_1 = tile.accumulate
// SLACK-NEXT: %f = tile.requantise
// SLACK-NEXT: tile.store %f, %y channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: }

// -----
// Whole maps: %u, which its own core reads; %v, of which a single row of %m needs all; %m,
// which has but one row. Partial sums of no more vectors than a ring has stay whole, too.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
  %u = tile.feature_map "u" of "a" role "intermediate" : !tile.feature_map<4x4x2xi8>
  %v = tile.feature_map "v" of "b" role "intermediate" : !tile.feature_map<4x4x2xi8>
  %m = tile.feature_map "m" of "c" role "intermediate" : !tile.feature_map<1x1x2xi8>
  %o = tile.feature_map "o" of "d" role "output" : !tile.feature_map<1x1x2xi8>
  tile.sweep "a" core 0 rows <0 : 4> columns <0 : 4> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    tile.store %a, %u channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
  tile.sweep "b" core 0 rows <0 : 4> columns <0 : 4> {
    %b = tile.window %u <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    tile.store %b, %v channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
  tile.sweep "c" core 1 rows <0 : 1> columns <0 : 1> {
    %c = tile.window %v <kernel 4x4> : !tile.feature_map<4x4x2xi8> -> vector<32xi8>
    %d = tile.max %c segments 16 : vector<32xi8> -> vector<2xi8>
    tile.store %d, %m channels <0 : 2> : vector<2xi8>, !tile.feature_map<1x1x2xi8>
  }
  %w0 = tile.weight_block <"w", "00"> rows <0 : 1> columns <0 : 2> core 2 array 0 : !tile.weight_block<1x2xi8>
  %w1 = tile.weight_block <"w", "00"> rows <1 : 2> columns <0 : 2> core 3 array 0 : !tile.weight_block<1x2xi8>
  %sums = tile.partial_sums "d" : !tile.partial_sums<1x1x2xi32>
  tile.sweep "d" core 2 rows <0 : 1> columns <0 : 1> {
    %a = tile.window %m <kernel 1x1> elements <0 : 1> : !tile.feature_map<1x1x2xi8> -> vector<1xi8>
    %p = tile.mvm %w0, %a : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    tile.store_partial %p, %sums : vector<2xi32>, !tile.partial_sums<1x1x2xi32>
  }
  tile.sweep "d" core 3 rows <0 : 1> columns <0 : 1> {
    %a = tile.window %m <kernel 1x1> elements <1 : 2> : !tile.feature_map<1x1x2xi8> -> vector<1xi8>
    %p = tile.mvm %w1, %a : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    %q = tile.load_partial %sums : !tile.partial_sums<1x1x2xi32> -> vector<2xi32>
    %r = tile.accumulate %q, %p : vector<2xi32>
    %f = tile.requantise %r bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
    tile.store %f, %o channels <0 : 2> : vector<2xi8>, !tile.feature_map<1x1x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %u = tile.feature_map "u" of "a" role "intermediate" : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %v = tile.feature_map "v" of "b" role "intermediate" : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %m = tile.feature_map "m" of "c" role "intermediate" : !tile.feature_map<1x1x2xi8>
// CHECK-NEXT: %o = tile.feature_map "o" of "d" role "output" : !tile.feature_map<1x1x2xi8>
// CHECK-NEXT: tile.sweep "a" core 0 rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.store %a, %u channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "b" core 0 rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: %b = tile.window
// CHECK-NEXT: tile.store %b, %v channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "c" core 1 rows <0 : 1> columns <0 : 1> {
// CHECK-NEXT: %c = tile.window
// CHECK-NEXT: %d = tile.max
// CHECK-NEXT: tile.store %d, %m channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: %w0 = tile.weight_block
// CHECK-NEXT: %w1 = tile.weight_block
// CHECK-NEXT: %sums = tile.partial_sums "d" : !tile.partial_sums<1x1x2xi32>
// CHECK-NEXT: tile.sweep "d" core 2 rows <0 : 1> columns <0 : 1> {
// CHECK-NEXT: %a_1 = tile.window
// CHECK-NEXT: %p = tile.mvm
// CHECK-NEXT: tile.store_partial
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "d" core 3 rows <0 : 1> columns <0 : 1> {
// CHECK-NEXT: %a_2 = tile.window
// CHECK-NEXT: %p_1 = tile.mvm
// CHECK-NEXT: %q = tile.load_partial
// CHECK-NEXT: %r = tile.accumulate
// CHECK-NEXT: %f = tile.requantise
// CHECK-NEXT: tile.store %f, %o channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: }

// SLACK: builtin.module {
// SLACK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
// SLACK-NEXT: %u = tile.feature_map "u" of "a" role "intermediate" : !tile.feature_map<4x4x2xi8>
// SLACK-NEXT: %v = tile.feature_map "v" of "b" role "intermediate" : !tile.feature_map<4x4x2xi8>
// SLACK-NEXT: %m = tile.feature_map "m" of "c" role "intermediate" : !tile.feature_map<1x1x2xi8>
// SLACK-NEXT: %o = tile.feature_map "o" of "d" role "output" : !tile.feature_map<1x1x2xi8>
// SLACK-NEXT: tile.sweep "a" core 0 rows <0 : 4> columns <0 : 4> {
// SLACK-NEXT: %a = tile.window
// SLACK-NEXT: tile.store %a, %u channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: tile.sweep "b" core 0 rows <0 : 4> columns <0 : 4> {
// SLACK-NEXT: %b = tile.window
// SLACK-NEXT: tile.store %b, %v channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: tile.sweep "c" core 1 rows <0 : 1> columns <0 : 1> {
// SLACK-NEXT: %c = tile.window
// SLACK-NEXT: %d = tile.max
// SLACK-NEXT: tile.store %d, %m channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: %w0 = tile.weight_block
// SLACK-NEXT: %w1 = tile.weight_block
// SLACK-NEXT: %sums = tile.partial_sums "d" : !tile.partial_sums<1x1x2xi32>
// SLACK-NEXT: tile.sweep "d" core 2 rows <0 : 1> columns <0 : 1> {
// SLACK-NEXT: %a_1 = tile.window
// SLACK-NEXT: %p = tile.mvm
// SLACK-NEXT: tile.store_partial
// SLACK-NEXT: }
// SLACK-NEXT: tile.sweep "d" core 3 rows <0 : 1> columns <0 : 1> {
// SLACK-NEXT: %a_2 = tile.window
// SLACK-NEXT: %p_1 = tile.mvm
// SLACK-NEXT: %q = tile.load_partial
// SLACK-NEXT: %r = tile.accumulate
// SLACK-NEXT: %f = tile.requantise
// SLACK-NEXT: tile.store %f, %o channels <0 : 2>
// SLACK-NEXT: }
// SLACK-NEXT: }

// -----
// The last rows are not read. Those who read the first rows wait for them in advance.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x4x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x4x2xi8>
  %z = tile.feature_map "z" of "slice" role "output" : !tile.feature_map<3x4x2xi8>
  tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 4> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<8x4x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x4x2xi8>
  }
  tile.sweep "slice" core 1 rows <0 : 3> columns <0 : 4> {
    %b = tile.window %y <kernel 1x1> : !tile.feature_map<8x4x2xi8> -> vector<2xi8>
    tile.store %b, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<3x4x2xi8>
  }
}

// CHECK: %y = tile.feature_map "y" of "copy" role "intermediate" ring 7 : !tile.feature_map<8x4x2xi8>
// SLACK: %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x4x2xi8>
