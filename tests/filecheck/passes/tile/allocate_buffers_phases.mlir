// RUN: cimc-opt %s -p "allocate-buffers{capacity=176 alignment=16}" | filecheck %s

// The sums of the first and of the last phase share their place; those that a phase
// leaves to the next share it with neither, and feature maps with nothing.
builtin.module {
  %a = tile.partial_sums "a" : !tile.partial_sums<1x2x4xi32>
  %ab = tile.partial_sums "b" : !tile.partial_sums<1x2x4xi32>
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<1x2x4xi8>
  %y = tile.feature_map "y_q" of "b" role "intermediate" : !tile.feature_map<1x2x4xi8>
  %b = tile.partial_sums "b" : !tile.partial_sums<1x2x4xi32>
  %c = tile.partial_sums "c" : !tile.partial_sums<1x2x8xi32>
  tile.sweep "a" core 0 rows <0 : 1> columns <0 : 2> {
    %0 = tile.load_partial %a : !tile.partial_sums<1x2x4xi32> -> vector<4xi32>
    tile.store_partial %0, %ab : vector<4xi32>, !tile.partial_sums<1x2x4xi32>
  }
  tile.reprogram
  tile.sweep "b" core 0 rows <0 : 1> columns <0 : 2> {
    %0 = tile.load_partial %ab : !tile.partial_sums<1x2x4xi32> -> vector<4xi32>
    tile.store_partial %0, %b : vector<4xi32>, !tile.partial_sums<1x2x4xi32>
  }
  tile.reprogram
  tile.sweep "c" core 0 rows <0 : 1> columns <0 : 2> {
    %0 = tile.load_partial %c : !tile.partial_sums<1x2x8xi32> -> vector<8xi32>
    tile.store_partial %0, %c : vector<8xi32>, !tile.partial_sums<1x2x8xi32>
  }
}
// CHECK: %a = tile.partial_sums "a" at 64 :
// CHECK-NEXT: %ab = tile.partial_sums "b" at 32 :
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" at 0 :
// CHECK-NEXT: %y = tile.feature_map "y_q" of "b" role "intermediate" at 16 :
// CHECK-NEXT: %b = tile.partial_sums "b" at 64 :
// CHECK-NEXT: %c = tile.partial_sums "c" at 32 :
