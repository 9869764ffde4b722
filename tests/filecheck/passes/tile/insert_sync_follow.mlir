// RUN: cimc-opt %s -p insert-sync --split-input-file | filecheck %s
// RUN: cimc-opt %s -p "insert-sync{overlap=false}" --split-input-file | filecheck %s --check-prefix=APART

// Rows of 8 are cut in two parts. The window at row 0 ends at row 1, so that the pool has
// waited for two parts before its first row. Of its 16 + 2 the last two are never written;
// the writer signals them in the end.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x8x2xi8, halo 1x0x1x0 of 0>
  %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<8x8x2xi8>
  tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 8> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<8x8x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8, halo 1x0x1x0 of 0>
  }
  tile.sweep "pool" core 1 rows <0 : 8> columns <0 : 8> {
    %b = tile.window %y <kernel 3x1 pad 1x0x1x0> : !tile.feature_map<8x8x2xi8, halo 1x0x1x0 of 0> -> vector<6xi8>
    %c = tile.max %b segments 3 : vector<6xi8> -> vector<2xi8>
    tile.store %c, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
// CHECK-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x8x2xi8, halo 1x0x1x0 of 0>
// CHECK-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<8x8x2xi8>
// CHECK-NEXT: %0 = tile.sequence 0 -> 1 : !tile.sequence
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 8> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.store %a, %y channels <0 : 2>
// CHECK-NEXT: tile.signal %0 every 4{{$}}
// CHECK-NEXT: tile.signal %0 by 2{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 1 rows <0 : 8> columns <0 : 8> {
// CHECK-NEXT: tile.await %0 by 2{{$}}
// CHECK-NEXT: tile.await %0 every 4{{$}}
// CHECK-NEXT: %b = tile.window
// CHECK-NEXT: %c = tile.max
// CHECK-NEXT: tile.store %c, %z channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: }

// APART: builtin.module {
// APART-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x2xi8>
// APART-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x8x2xi8, halo 1x0x1x0 of 0>
// APART-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<8x8x2xi8>
// APART-NEXT: %0 = tile.sequence 0 -> 1 : !tile.sequence
// APART-NEXT: tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 8> {
// APART-NEXT: %a = tile.window
// APART-NEXT: tile.store %a, %y channels <0 : 2>
// APART-NEXT: tile.signal %0{{$}}
// APART-NEXT: }
// APART-NEXT: tile.sweep "pool" core 1 rows <0 : 8> columns <0 : 8> {
// APART-NEXT: tile.await %0{{$}}
// APART-NEXT: %b = tile.window
// APART-NEXT: %c = tile.max
// APART-NEXT: tile.store %c, %z channels <0 : 2>
// APART-NEXT: }
// APART-NEXT: }

// -----
// With stride 2, each row of the reader takes two of the writer: the two parts of one row are
// awaited before it, and a part of the next before each of its parts.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x16x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x16x2xi8>
  %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<4x8x2xi8>
  tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 16> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<8x16x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x16x2xi8>
  }
  tile.sweep "pool" core 1 rows <0 : 4> columns <0 : 8> {
    %b = tile.window %y <kernel 2x2 stride 2x2> : !tile.feature_map<8x16x2xi8> -> vector<8xi8>
    %c = tile.max %b segments 4 : vector<8xi8> -> vector<2xi8>
    tile.store %c, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x8x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x16x2xi8>
// CHECK-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x16x2xi8>
// CHECK-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<4x8x2xi8>
// CHECK-NEXT: %0 = tile.sequence 0 -> 1 : !tile.sequence
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 16> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.store %a, %y channels <0 : 2>
// CHECK-NEXT: tile.signal %0 every 8{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 1 rows <0 : 4> columns <0 : 8> {
// CHECK-NEXT: tile.await %0 every 8 by 2{{$}}
// CHECK-NEXT: tile.await %0 every 4{{$}}
// CHECK-NEXT: %b = tile.window
// CHECK-NEXT: %c = tile.max
// CHECK-NEXT: tile.store %c, %z channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: }

// APART: builtin.module {
// APART-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x16x2xi8>
// APART-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x16x2xi8>
// APART-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<4x8x2xi8>
// APART-NEXT: %0 = tile.sequence 0 -> 1 : !tile.sequence
// APART-NEXT: tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 16> {
// APART-NEXT: %a = tile.window
// APART-NEXT: tile.store %a, %y channels <0 : 2>
// APART-NEXT: tile.signal %0{{$}}
// APART-NEXT: }
// APART-NEXT: tile.sweep "pool" core 1 rows <0 : 4> columns <0 : 8> {
// APART-NEXT: tile.await %0{{$}}
// APART-NEXT: %b = tile.window
// APART-NEXT: %c = tile.max
// APART-NEXT: tile.store %c, %z channels <0 : 2>
// APART-NEXT: }
// APART-NEXT: }

// -----
// Row i takes row 2 i: before each row, two more are awaited, but for the first, which
// needs only one. Credit stands for the other; the writer counts an eighth row, so that the
// credit is there again for the next image.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<7x7x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<7x7x2xi8>
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
// CHECK-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<7x7x2xi8>
// CHECK-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %0 = tile.sequence 0 -> 1 credit 1 : !tile.sequence
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 7> columns <0 : 7> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.store %a, %y channels <0 : 2>
// CHECK-NEXT: tile.signal %0 every 7{{$}}
// CHECK-NEXT: tile.signal %0{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 1 rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: tile.await %0 every 4{{$}}
// CHECK-NEXT: tile.await %0 every 4{{$}}
// CHECK-NEXT: %b = tile.window
// CHECK-NEXT: tile.store %b, %z channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: }

// APART: builtin.module {
// APART-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<7x7x2xi8>
// APART-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<7x7x2xi8>
// APART-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<4x4x2xi8>
// APART-NEXT: %0 = tile.sequence 0 -> 1 : !tile.sequence
// APART-NEXT: tile.sweep "copy" core 0 rows <0 : 7> columns <0 : 7> {
// APART-NEXT: %a = tile.window
// APART-NEXT: tile.store %a, %y channels <0 : 2>
// APART-NEXT: tile.signal %0{{$}}
// APART-NEXT: }
// APART-NEXT: tile.sweep "pool" core 1 rows <0 : 4> columns <0 : 4> {
// APART-NEXT: tile.await %0{{$}}
// APART-NEXT: %b = tile.window
// APART-NEXT: tile.store %b, %z channels <0 : 2>
// APART-NEXT: }
// APART-NEXT: }

// -----
// The last two of 8 rows are not read, yet counted: the reader waits for them before it
// starts.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x3x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x3x2xi8>
  %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<2x1x2xi8>
  tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 3> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<8x3x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x3x2xi8>
  }
  tile.sweep "pool" core 1 rows <0 : 2> columns <0 : 1> {
    %b = tile.window %y <kernel 3x3 stride 3x3> : !tile.feature_map<8x3x2xi8> -> vector<18xi8>
    %c = tile.max %b segments 9 : vector<18xi8> -> vector<2xi8>
    tile.store %c, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x1x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x3x2xi8>
// CHECK-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x3x2xi8>
// CHECK-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<2x1x2xi8>
// CHECK-NEXT: %0 = tile.sequence 0 -> 1 : !tile.sequence
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 3> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.store %a, %y channels <0 : 2>
// CHECK-NEXT: tile.signal %0 every 3{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 1 rows <0 : 2> columns <0 : 1> {
// CHECK-NEXT: tile.await %0 by 2{{$}}
// CHECK-NEXT: tile.await %0 every 1 by 2{{$}}
// CHECK-NEXT: tile.await %0 every 1{{$}}
// CHECK-NEXT: %b = tile.window
// CHECK-NEXT: %c = tile.max
// CHECK-NEXT: tile.store %c, %z channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: }

// APART: builtin.module {
// APART-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x3x2xi8>
// APART-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<8x3x2xi8>
// APART-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<2x1x2xi8>
// APART-NEXT: %0 = tile.sequence 0 -> 1 : !tile.sequence
// APART-NEXT: tile.sweep "copy" core 0 rows <0 : 8> columns <0 : 3> {
// APART-NEXT: %a = tile.window
// APART-NEXT: tile.store %a, %y channels <0 : 2>
// APART-NEXT: tile.signal %0{{$}}
// APART-NEXT: }
// APART-NEXT: tile.sweep "pool" core 1 rows <0 : 2> columns <0 : 1> {
// APART-NEXT: tile.await %0{{$}}
// APART-NEXT: %b = tile.window
// APART-NEXT: %c = tile.max
// APART-NEXT: tile.store %c, %z channels <0 : 2>
// APART-NEXT: }
// APART-NEXT: }

// -----
// Two cores write the columns of a map. A reader follows those whose columns it reads:
// core 2 only one, core 3 both.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<4x4x2xi8>
  %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<4x3x2xi8>
  tile.sweep "copy" core 0 rows <0 : 4> columns <0 : 2> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
  tile.sweep "copy" core 1 rows <0 : 4> columns <2 : 4> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
  tile.sweep "pool" core 2 rows <0 : 4> columns <0 : 1> {
    %b = tile.window %y <kernel 1x2> : !tile.feature_map<4x4x2xi8> -> vector<4xi8>
    %c = tile.max %b segments 2 : vector<4xi8> -> vector<2xi8>
    tile.store %c, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x3x2xi8>
  }
  tile.sweep "pool" core 3 rows <0 : 4> columns <1 : 3> {
    %b = tile.window %y <kernel 1x2> : !tile.feature_map<4x4x2xi8> -> vector<4xi8>
    %c = tile.max %b segments 2 : vector<4xi8> -> vector<2xi8>
    tile.store %c, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x3x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<4x3x2xi8>
// CHECK-NEXT: %0 = tile.sequence 0 -> 2 : !tile.sequence
// CHECK-NEXT: %1 = tile.sequence 0 -> 3 : !tile.sequence
// CHECK-NEXT: %2 = tile.sequence 1 -> 3 : !tile.sequence
// CHECK-NEXT: tile.sweep "copy" core 0 rows <0 : 4> columns <0 : 2> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.store %a, %y channels <0 : 2>
// CHECK-NEXT: tile.signal %0 every 2{{$}}
// CHECK-NEXT: tile.signal %1 every 2{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "copy" core 1 rows <0 : 4> columns <2 : 4> {
// CHECK-NEXT: %a_1 = tile.window
// CHECK-NEXT: tile.store %a_1, %y channels <0 : 2>
// CHECK-NEXT: tile.signal %2 every 2{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 2 rows <0 : 4> columns <0 : 1> {
// CHECK-NEXT: tile.await %0 every 1{{$}}
// CHECK-NEXT: %b = tile.window
// CHECK-NEXT: %c = tile.max
// CHECK-NEXT: tile.store %c, %z channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 3 rows <0 : 4> columns <1 : 3> {
// CHECK-NEXT: tile.await %1 every 2{{$}}
// CHECK-NEXT: tile.await %2 every 2{{$}}
// CHECK-NEXT: %b_1 = tile.window
// CHECK-NEXT: %c_1 = tile.max
// CHECK-NEXT: tile.store %c_1, %z channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: }

// APART: builtin.module {
// APART-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
// APART-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<4x4x2xi8>
// APART-NEXT: %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<4x3x2xi8>
// APART-NEXT: %0 = tile.sequence 0 -> 2 : !tile.sequence
// APART-NEXT: %1 = tile.sequence 0 -> 3 : !tile.sequence
// APART-NEXT: %2 = tile.sequence 1 -> 3 : !tile.sequence
// APART-NEXT: tile.sweep "copy" core 0 rows <0 : 4> columns <0 : 2> {
// APART-NEXT: %a = tile.window
// APART-NEXT: tile.store %a, %y channels <0 : 2>
// APART-NEXT: tile.signal %0{{$}}
// APART-NEXT: tile.signal %1{{$}}
// APART-NEXT: }
// APART-NEXT: tile.sweep "copy" core 1 rows <0 : 4> columns <2 : 4> {
// APART-NEXT: %a_1 = tile.window
// APART-NEXT: tile.store %a_1, %y channels <0 : 2>
// APART-NEXT: tile.signal %2{{$}}
// APART-NEXT: }
// APART-NEXT: tile.sweep "pool" core 2 rows <0 : 4> columns <0 : 1> {
// APART-NEXT: tile.await %0{{$}}
// APART-NEXT: %b = tile.window
// APART-NEXT: %c = tile.max
// APART-NEXT: tile.store %c, %z channels <0 : 2>
// APART-NEXT: }
// APART-NEXT: tile.sweep "pool" core 3 rows <0 : 4> columns <1 : 3> {
// APART-NEXT: tile.await %2{{$}}
// APART-NEXT: tile.await %1{{$}}
// APART-NEXT: %b_1 = tile.window
// APART-NEXT: %c_1 = tile.max
// APART-NEXT: tile.store %c_1, %z channels <0 : 2>
// APART-NEXT: }
// APART-NEXT: }

// -----
// Nobody waits for channels that it does not read, nor for what its own core has written.
// A layer of a single row starts when its operands are complete.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
  %y = tile.feature_map "y" of "concat" role "intermediate" : !tile.feature_map<4x4x4xi8>
  %z = tile.feature_map "z" of "copy" role "intermediate" : !tile.feature_map<4x4x2xi8>
  %m = tile.feature_map "m" of "pool" role "output" : !tile.feature_map<1x1x2xi8>
  tile.sweep "concat" core 0 rows <0 : 4> columns <0 : 4> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x4xi8>
  }
  tile.sweep "concat" core 1 rows <0 : 4> columns <0 : 4> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <2 : 4> : vector<2xi8>, !tile.feature_map<4x4x4xi8>
  }
  tile.sweep "copy" core 1 rows <0 : 4> columns <0 : 4> {
    %b = tile.window %y <kernel 1x1> channels <2 : 4> : !tile.feature_map<4x4x4xi8> -> vector<2xi8>
    tile.store %b, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
  tile.sweep "pool" core 2 rows <0 : 1> columns <0 : 1> {
    %b = tile.window %z <kernel 4x4> : !tile.feature_map<4x4x2xi8> -> vector<32xi8>
    %c = tile.max %b segments 16 : vector<32xi8> -> vector<2xi8>
    tile.store %c, %m channels <0 : 2> : vector<2xi8>, !tile.feature_map<1x1x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %y = tile.feature_map "y" of "concat" role "intermediate" : !tile.feature_map<4x4x4xi8>
// CHECK-NEXT: %z = tile.feature_map "z" of "copy" role "intermediate" : !tile.feature_map<4x4x2xi8>
// CHECK-NEXT: %m = tile.feature_map "m" of "pool" role "output" : !tile.feature_map<1x1x2xi8>
// CHECK-NEXT: %0 = tile.sequence 1 -> 2 : !tile.sequence
// CHECK-NEXT: tile.sweep "concat" core 0 rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: %a = tile.window
// CHECK-NEXT: tile.store %a, %y channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "concat" core 1 rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: %a_1 = tile.window
// CHECK-NEXT: tile.store %a_1, %y channels <2 : 4>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "copy" core 1 rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: %b = tile.window
// CHECK-NEXT: tile.store %b, %z channels <0 : 2>
// CHECK-NEXT: tile.signal %0{{$}}
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" core 2 rows <0 : 1> columns <0 : 1> {
// CHECK-NEXT: tile.await %0{{$}}
// CHECK-NEXT: %b_1 = tile.window
// CHECK-NEXT: %c = tile.max
// CHECK-NEXT: tile.store %c, %m channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: }

// APART: builtin.module {
// APART-NEXT: %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
// APART-NEXT: %y = tile.feature_map "y" of "concat" role "intermediate" : !tile.feature_map<4x4x4xi8>
// APART-NEXT: %z = tile.feature_map "z" of "copy" role "intermediate" : !tile.feature_map<4x4x2xi8>
// APART-NEXT: %m = tile.feature_map "m" of "pool" role "output" : !tile.feature_map<1x1x2xi8>
// APART-NEXT: %0 = tile.sequence 1 -> 2 : !tile.sequence
// APART-NEXT: tile.sweep "concat" core 0 rows <0 : 4> columns <0 : 4> {
// APART-NEXT: %a = tile.window
// APART-NEXT: tile.store %a, %y channels <0 : 2>
// APART-NEXT: }
// APART-NEXT: tile.sweep "concat" core 1 rows <0 : 4> columns <0 : 4> {
// APART-NEXT: %a_1 = tile.window
// APART-NEXT: tile.store %a_1, %y channels <2 : 4>
// APART-NEXT: }
// APART-NEXT: tile.sweep "copy" core 1 rows <0 : 4> columns <0 : 4> {
// APART-NEXT: %b = tile.window
// APART-NEXT: tile.store %b, %z channels <0 : 2>
// APART-NEXT: tile.signal %0{{$}}
// APART-NEXT: }
// APART-NEXT: tile.sweep "pool" core 2 rows <0 : 1> columns <0 : 1> {
// APART-NEXT: tile.await %0{{$}}
// APART-NEXT: %b_1 = tile.window
// APART-NEXT: %c = tile.max
// APART-NEXT: tile.store %c, %m channels <0 : 2>
// APART-NEXT: }
// APART-NEXT: }
