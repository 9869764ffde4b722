// RUN: cimc-opt %s -p split-position-blocks | filecheck %s

// The rows of a block become sweeps of their own, each with what it needs.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<4x4x4xi8>
  %y = tile.feature_map "y" of "space" role "output" : !tile.feature_map<8x8x1xi8>
  tile.sweep "space" rows <0 : 4> columns <0 : 4> {
    %a = tile.window %x <kernel 1x1> channels <0 : 1> : !tile.feature_map<4x4x4xi8> -> vector<1xi8>
    %b = tile.window %x <kernel 1x1> channels <1 : 2> : !tile.feature_map<4x4x4xi8> -> vector<1xi8>
    %c = tile.window %x <kernel 1x1> channels <2 : 3> : !tile.feature_map<4x4x4xi8> -> vector<1xi8>
    %d = tile.window %x <kernel 1x1> channels <3 : 4> : !tile.feature_map<4x4x4xi8> -> vector<1xi8>
    tile.store %a, %y stride <2x2> offset <0x0> channels <0 : 1> : vector<1xi8>, !tile.feature_map<8x8x1xi8>
    tile.store %b, %y stride <2x2> offset <0x1> channels <0 : 1> : vector<1xi8>, !tile.feature_map<8x8x1xi8>
    tile.store %c, %y stride <2x2> offset <1x0> channels <0 : 1> : vector<1xi8>, !tile.feature_map<8x8x1xi8>
    tile.store %d, %y stride <2x2> offset <1x1> channels <0 : 1> : vector<1xi8>, !tile.feature_map<8x8x1xi8>
  }
}

// CHECK: tile.sweep "space" rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: tile.window %x <kernel 1x1> channels <0 : 1>
// CHECK-NEXT: tile.window %x <kernel 1x1> channels <1 : 2>
// CHECK-NEXT: offset <0x0>
// CHECK-NEXT: offset <0x1>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "space" rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: tile.window %x <kernel 1x1> channels <2 : 3>
// CHECK-NEXT: tile.window %x <kernel 1x1> channels <3 : 4>
// CHECK-NEXT: offset <1x0>
// CHECK-NEXT: offset <1x1>
// CHECK-NEXT: }
// CHECK-NEXT: }
