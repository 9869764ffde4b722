// RUN: not cimc-opt %s -p "allocate-buffers{capacity=207 alignment=16}" | filecheck %s

// One byte too few.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<4x4x2xi8, halo 2x1x1x2 of -3>
  %s = tile.partial_sums "conv" : !tile.partial_sums<2x2x4xi32>
  %y = tile.feature_map "y_q" of "pool" role "output" : !tile.feature_map<4x4x2xi8>
}

// CHECK: error[E032]: node 'pool': feature maps need more than the 207 bytes of shared memory
// CHECK-NEXT: 208 bytes are needed up to and with this layer
// CHECK-NEXT: try: a chip with more shared memory
