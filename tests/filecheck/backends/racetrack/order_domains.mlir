// RUN: cimc-opt %s -p "order-domains{domains=8 ports=2}" --split-input-file | filecheck %s

// Blocks of as many rows share an order, whatever their matrix and width.
// WEIGHTS: a.matrix int8 12x4
// WEIGHTS: b.matrix int8 8x4
builtin.module {
  %0 = tile.weight_block <"a.matrix", "@a.matrix"> rows <0 : 8> columns <0 : 4> core 0 array 0 : !tile.weight_block<8x4xi8>
  %1 = tile.weight_block <"a.matrix", "@a.matrix"> rows <8 : 12> columns <0 : 4> core 0 array 1 : !tile.weight_block<4x4xi8>
  %2 = tile.weight_block <"b.matrix", "@b.matrix"> rows <0 : 8> columns <2 : 4> core 1 array 0 : !tile.weight_block<8x2xi8>
  %3 = tile.weight_block <"b.matrix", "@b.matrix"> rows <0 : 4> columns <0 : 2> core 1 array 0 : !tile.weight_block<4x2xi8, groups 2>
}

// CHECK: builtin.module {
// CHECK-NEXT: %0 = tile.weight_block <"a.matrix", "@a.matrix"> rows <0 : 8> columns <0 : 4> core 0 array 0 order <"order.8.2.8", "[[EIGHT:[0-9a-f]+]]"> : !tile.weight_block<8x4xi8>
// CHECK-NEXT: %1 = tile.weight_block <"a.matrix", "@a.matrix"> rows <8 : 12> columns <0 : 4> core 0 array 1 order <"order.8.2.4", "[[FOUR:[0-9a-f]+]]"> : !tile.weight_block<4x4xi8>
// CHECK-NEXT: %2 = tile.weight_block <"b.matrix", "@b.matrix"> rows <0 : 8> columns <2 : 4> core 1 array 0 order <"order.8.2.8", "[[EIGHT]]"> : !tile.weight_block<8x2xi8>
// CHECK-NEXT: %3 = tile.weight_block <"b.matrix", "@b.matrix"> rows <0 : 4> columns <0 : 2> core 1 array 0 order <"order.8.2.4", "[[FOUR]]"> : !tile.weight_block<4x2xi8, groups 2>
// CHECK-NEXT: }

// -----

// Blocks and arrays are not needed: any module will do.
builtin.module {
}

// CHECK: builtin.module {
// CHECK-NEXT: }
