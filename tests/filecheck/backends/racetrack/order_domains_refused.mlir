// RUN: not cimc-opt %s -p "order-domains{domains=4 ports=2 weight_bits=4}" --split-input-file | filecheck %s

// CHECK: error[E074]: {{.*}}a block of 8 rows does not fit 4 domains: im2col-partition comes before
// WEIGHTS: a.matrix int8 12x4
builtin.module {
  %0 = tile.weight_block <"a.matrix", "@a.matrix"> rows <0 : 8> columns <0 : 4> core 0 array 0 : !tile.weight_block<8x4xi8>
}

// -----

// CHECK: error[E037]: node 'a': weights from {{-[0-9]+ to [0-9]+}} do not fit the 4 bits of the chip's weights
// WEIGHTS: a.matrix int8 12x4
builtin.module {
  %0 = tile.weight_block <"a.matrix", "@a.matrix"> rows <0 : 4> columns <0 : 4> core 0 array 0 : !tile.weight_block<4x4xi8>
}
