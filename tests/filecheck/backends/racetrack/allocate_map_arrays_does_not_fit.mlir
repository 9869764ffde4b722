// RUN: not cimc-opt %s -p "allocate-map-arrays{domains=8 ports=2 word_bits=32 capacity=5}" | filecheck %s

// CHECK: error[E032]: node 'conv': feature maps need more than the 5 macro units of the chip's buffers
// CHECK-NEXT: 6 are needed up to and with this layer
// CHECK-NEXT: try: a chip with more buffer_macro_units
builtin.module {
  %x = tile.feature_map "x" of "" role "input" core 0 : !tile.feature_map<4x8x4xi8>
  %y = tile.feature_map "y" of "conv" role "output" core 0 : !tile.feature_map<1x8x5xi8>
}
