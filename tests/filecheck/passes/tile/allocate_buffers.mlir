// RUN: cimc-opt %s -p "allocate-buffers{capacity=208 alignment=16}" | filecheck %s
// RUN: cimc-opt %s -p "allocate-buffers{capacity=208 alignment=1}" | filecheck %s --check-prefix=DENSE

// 98 bytes with the halo, 64 bytes of int32 sums, 32 bytes without a halo.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<4x4x2xi8, halo 2x1x1x2 of -3>
  %s = tile.partial_sums "conv" : !tile.partial_sums<2x2x4xi32>
  %y = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<4x4x2xi8>
}
// CHECK: tile.feature_map "x_q" of "" role "input" at 0 :
// CHECK-NEXT: tile.partial_sums "conv" at 112 :
// CHECK-NEXT: tile.feature_map "y_q" of "conv" role "output" at 176 :
// DENSE: tile.feature_map "x_q" of "" role "input" at 0 :
// DENSE-NEXT: tile.partial_sums "conv" at 98 :
// DENSE-NEXT: tile.feature_map "y_q" of "conv" role "output" at 162 :
