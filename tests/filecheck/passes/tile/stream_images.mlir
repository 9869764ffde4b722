// RUN: cimc-opt %s -p "stream-images{images=4}" | filecheck %s
// RUN: cimc-opt %s -p "stream-images{images=2}" | filecheck %s --check-prefix=TWO
// RUN: cimc-opt %s -p "stream-images{images=1}" | filecheck %s --check-prefix=ONE

// Inputs and outputs have a place for every image. What was whole becomes a ring of two
// images, partial sums one of two times the 8 positions of their chain; a ring stays as it
// is. Where two are all, there is a place for both.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x2xi8>
  %y = tile.feature_map "y" of "copy" role "intermediate" : !tile.feature_map<4x4x2xi8, halo 1x1x1x1 of -3>
  %u = tile.feature_map "u" of "conv" role "intermediate" ring 2 : !tile.feature_map<4x4x2xi8>
  %z = tile.feature_map "z" of "pool" role "output" : !tile.feature_map<4x4x2xi8>
  %w0 = tile.weight_block <"w", "00"> rows <0 : 1> columns <0 : 2> core 1 array 0 : !tile.weight_block<1x2xi8>
  %w1 = tile.weight_block <"w", "00"> rows <1 : 2> columns <0 : 2> core 2 array 0 : !tile.weight_block<1x2xi8>
  %sums = tile.partial_sums "conv" : !tile.partial_sums<4x4x2xi32>
  tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 4> {
    %a = tile.window %y <kernel 1x1> elements <0 : 1> : !tile.feature_map<4x4x2xi8, halo 1x1x1x1 of -3> -> vector<1xi8>
    %p = tile.mvm %w0, %a : !tile.weight_block<1x2xi8>, vector<1xi8> -> vector<2xi32>
    tile.store_partial %p, %sums : vector<2xi32>, !tile.partial_sums<4x4x2xi32>
  }
}

// CHECK: %x = tile.feature_map "x" of "" role "input" images 4 : !
// CHECK-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" images 4 ring 12 : !
// CHECK-NEXT: %u = tile.feature_map "u" of "conv" role "intermediate" images 4 ring 2 : !
// CHECK-NEXT: %z = tile.feature_map "z" of "pool" role "output" images 4 : !
// CHECK: %sums = tile.partial_sums "conv" images 4 ring 16 : !

// TWO: %x = tile.feature_map "x" of "" role "input" images 2 : !
// TWO-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" images 2 : !
// TWO-NEXT: %u = tile.feature_map "u" of "conv" role "intermediate" images 2 ring 2 : !
// TWO-NEXT: %z = tile.feature_map "z" of "pool" role "output" images 2 : !
// TWO: %sums = tile.partial_sums "conv" images 2 : !

// ONE: %x = tile.feature_map "x" of "" role "input" : !
// ONE-NEXT: %y = tile.feature_map "y" of "copy" role "intermediate" : !
