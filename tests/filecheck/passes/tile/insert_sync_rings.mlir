// RUN: cimc-opt %s -p insert-sync --split-input-file | filecheck %s

// The writer waits before each of 10 rows, with those of the halo, for the row in its
// place; it starts with credit for the 5 of the empty ring. A row of the reader lets go of
// one. Its last windows keep two more, which it signals in the end.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" ring 5 : !tile.feature_map<8x8x2xi8, halo 1x1x1x1 of -3>
  %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<8x8x2xi8>
  tile.sweep "copy" core 0 rows <0 : 1> columns <0 : 10> {
    %h = tile.splat -3 : vector<2xi8>
    tile.store %h, %y padded channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8, halo 1x1x1x1 of -3>
  }
  tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 8> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<8x8x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8, halo 1x1x1x1 of -3>
  }
  tile.sweep "copy" core 0 rows <9 : 10> columns <0 : 10> {
    %h = tile.splat -3 : vector<2xi8>
    tile.store %h, %y padded channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8, halo 1x1x1x1 of -3>
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
// CHECK-NEXT: %0 = tile.sequence 0 -> 1 : !tile.sequence
// CHECK-NEXT: %1 = tile.sequence 1 -> 0 credit 5 : !tile.sequence
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 1> columns <0 : 10> {
// CHECK-NEXT: %h = tile.splat -3 : vector<2xi8>
// CHECK-NEXT: tile.await %1 every 10{{$}}
// CHECK-NEXT: tile.store %h, %y padded channels <0 : 2>
// CHECK-NEXT: tile.signal %0 every 10{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 8> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.await %1 every 8{{$}}
// CHECK-NEXT: tile.store %a, %y channels <0 : 2>
// CHECK-NEXT: tile.signal %0 every 8{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "copy" core 0 rows <9 : 10> columns <0 : 10> {
// CHECK-NEXT: %h_1 = tile.splat -3 : vector<2xi8>
// CHECK-NEXT: tile.await %1 every 10{{$}}
// CHECK-NEXT: tile.store %h_1, %y padded channels <0 : 2>
// CHECK-NEXT: tile.signal %0 every 10{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 1 rows <0 : 8> columns <0 : 8> {
// CHECK-NEXT: tile.await %0 by 2{{$}}
// CHECK-NEXT: tile.await %0 every 8{{$}}
// CHECK-NEXT: %b = tile.window
// CHECK-NEXT: %c = tile.max
// CHECK-NEXT: tile.store %c, %z channels <0 : 2>
// CHECK-NEXT: tile.signal %1 every 8{{$}}
// CHECK-NEXT: tile.signal %1 by 2{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----
// All readers must have let go of a row, the addition after a layer between, too.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" ring 3 : !tile.feature_map<8x8x2xi8>
  %u = tile.feature_map "u" of "between" role "intermediate" ring 2 : !tile.feature_map<8x8x2xi8>
  %z = tile.feature_map "z" of "add" role "output" : !tile.feature_map<8x8x2xi8>
  tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 8> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<8x8x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8>
  }
  tile.sweep "between" core 1 rows <0 : 8> columns <0 : 8> {
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
// CHECK-NEXT: %u = tile.feature_map "u" of "between" role "intermediate" ring 2 : !tile.feature_map<8x8x2xi8>
// CHECK-NEXT: %z = tile.feature_map "z" of "add" role "output" : !tile.feature_map<8x8x2xi8>
// CHECK-NEXT: %0 = tile.sequence 0 -> 1 : !tile.sequence
// CHECK-NEXT: %1 = tile.sequence 0 -> 2 : !tile.sequence
// CHECK-NEXT: %2 = tile.sequence 1 -> 0 credit 3 : !tile.sequence
// CHECK-NEXT: %3 = tile.sequence 2 -> 0 credit 3 : !tile.sequence
// CHECK-NEXT: %4 = tile.sequence 1 -> 2 : !tile.sequence
// CHECK-NEXT: %5 = tile.sequence 2 -> 1 credit 2 : !tile.sequence
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 8> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.await %2 every 8{{$}}
// CHECK-NEXT: tile.await %3 every 8{{$}}
// CHECK-NEXT: tile.store %a, %y channels <0 : 2>
// CHECK-NEXT: tile.signal %0 every 4{{$}}
// CHECK-NEXT: tile.signal %1 every 4{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "between" core 1 rows <0 : 8> columns <0 : 8> {
// CHECK-NEXT: tile.await %0 every 4{{$}}
// CHECK-NEXT: %b = tile.window
// CHECK-NEXT: tile.await %5 every 8{{$}}
// CHECK-NEXT: tile.store %b, %u channels <0 : 2>
// CHECK-NEXT: tile.signal %2 every 8{{$}}
// CHECK-NEXT: tile.signal %4 every 4{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "add" core 2 rows <0 : 8> columns <0 : 8> {
// CHECK-NEXT: tile.await %1 every 4{{$}}
// CHECK-NEXT: %c = tile.window
// CHECK-NEXT: tile.await %4 every 4{{$}}
// CHECK-NEXT: %d = tile.window
// CHECK-NEXT: %e = tile.add
// CHECK-NEXT: tile.store %e, %z channels <0 : 2>
// CHECK-NEXT: tile.signal %3 every 8{{$}}
// CHECK-NEXT: tile.signal %5 every 8{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----
// Windows of 1 x 1 with stride 2 over 7 rows let go of 8: the writer takes the surplus in
// the beginning, and has as much more credit.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<7x7x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" ring 3 : !tile.feature_map<7x7x2xi8>
  %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<4x4x2xi8>
  tile.sweep "copy" core 0 rows <0 : 7> columns <0 : 7> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<7x7x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<7x7x2xi8>
  }
  tile.sweep "pool" core 1 rows <0 : 4> columns <0 : 4> {
    %b = tile.window %y <kernel 1x1 stride 2x2> : !tile.feature_map<7x7x2xi8> -> vector<2xi8>
    tile.store %b, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<7x7x2xi8>
// CHECK-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" ring 3 : !tile.feature_map<7x7x2xi8>
// CHECK-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %0 = tile.sequence 0 -> 1 credit 1 : !tile.sequence
// CHECK-NEXT: %1 = tile.sequence 1 -> 0 credit 4 : !tile.sequence
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 7> columns <0 : 7> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.await %1{{$}}
// CHECK-NEXT: tile.await %1 every 7{{$}}
// CHECK-NEXT: tile.store %a, %y channels <0 : 2>
// CHECK-NEXT: tile.signal %0 every 7{{$}}
// CHECK-NEXT: tile.signal %0{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 1 rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: tile.await %0 every 4{{$}}
// CHECK-NEXT: tile.await %0 every 4{{$}}
// CHECK-NEXT: %b = tile.window
// CHECK-NEXT: tile.store %b, %z channels <0 : 2>
// CHECK-NEXT: tile.signal %1 every 4 by 2{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----
// Both cores of a chain read %y. The last finishes what the first has begun, so it alone
// lets go of rows. The first writes partial sums when the last has read those in their
// place.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" ring 2 : !tile.feature_map<4x4x2xi8>
  %z = tile.feature_map "z" of "conv" role "output" : !tile.feature_map<4x4x2xi8>
  %w0 = tile.weight_block <"w", "00"> rows <0 : 1> columns <0 : 2> core 1 array 0 : !tile.weight_block<1x2xi8>
  %w1 = tile.weight_block <"w", "00"> rows <1 : 2> columns <0 : 2> core 2 array 0 : !tile.weight_block<1x2xi8>
  %sums = tile.partial_sums "conv" ring 5 : !tile.partial_sums<4x4x2xi32>
  tile.sweep "copy" core 0 rows <0 : 4> columns <0 : 4> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
  tile.sweep "conv" core 1 rows <0 : 4> columns <0 : 4> {
    %a = tile.window %y <kernel 1x1> elements <0 : 1> : !tile.feature_map<4x4x2xi8> -> vector<1xi8>
    %p = tile.mvm %w0, %a : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    tile.store_partial %p, %sums : vector<2xi32>, !tile.partial_sums<4x4x2xi32>
  }
  tile.sweep "conv" core 2 rows <0 : 4> columns <0 : 4> {
    %a = tile.window %y <kernel 1x1> elements <1 : 2> : !tile.feature_map<4x4x2xi8> -> vector<1xi8>
    %p = tile.mvm %w1, %a : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    %q = tile.load_partial %sums : !tile.partial_sums<4x4x2xi32> -> vector<2xi32>
    %r = tile.accumulate %q, %p : vector<2xi32>
    %f = tile.requantise %r bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
    tile.store %f, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" ring 2 : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %z = tile.feature_map "z" of "conv" role "output" : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %w0 = tile.weight_block
// CHECK-NEXT: %w1 = tile.weight_block
// CHECK-NEXT: %sums = tile.partial_sums "conv" ring 5 : !tile.partial_sums<4x4x2xi32>
// CHECK-NEXT: %0 = tile.sequence 1 -> 2 : !tile.sequence
// CHECK-NEXT: %1 = tile.sequence 2 -> 1 credit 5 : !tile.sequence
// CHECK-NEXT: %2 = tile.sequence 0 -> 1 : !tile.sequence
// CHECK-NEXT: %3 = tile.sequence 0 -> 2 : !tile.sequence
// CHECK-NEXT: %4 = tile.sequence 2 -> 0 credit 2 : !tile.sequence
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.await %4 every 4{{$}}
// CHECK-NEXT: tile.store %a, %y channels <0 : 2>
// CHECK-NEXT: tile.signal %2 every 4{{$}}
// CHECK-NEXT: tile.signal %3 every 4{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "conv" core 1 rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: tile.await %2 every 4{{$}}
// CHECK-NEXT: %a_1 = tile.window
// CHECK-NEXT: %p = tile.mvm
// CHECK-NEXT: tile.await %1 every 1{{$}}
// CHECK-NEXT: tile.store_partial
// CHECK-NEXT: tile.signal %0 every 1{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "conv" core 2 rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: tile.await %3 every 4{{$}}
// CHECK-NEXT: %a_2 = tile.window
// CHECK-NEXT: %p_1 = tile.mvm
// CHECK-NEXT: tile.await %0 every 1{{$}}
// CHECK-NEXT: %q = tile.load_partial
// CHECK-NEXT: tile.signal %1 every 1{{$}}
// CHECK-NEXT: %r = tile.accumulate
// CHECK-NEXT: %f = tile.requantise
// CHECK-NEXT: tile.store %f, %z channels <0 : 2>
// CHECK-NEXT: tile.signal %4 every 4{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: }
