// RUN: cimc-opt %s -p "slide-windows{beat_bytes=8}" | filecheck %s

builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<6x6x4xi8>
  %y = tile.feature_map "y" of "conv" role "intermediate" : !tile.feature_map<4x4x4xi8>
  %z = tile.feature_map "z" of "pool" role "intermediate" : !tile.feature_map<2x2x4xi8>
  %t = tile.feature_map "t" of "apart" role "output" : !tile.feature_map<2x2x4xi8>
  %w = tile.weight_block <"w", "00"> rows <0 : 18> columns <0 : 4> : !tile.weight_block<18x4xi8>
  %v = tile.weight_block <"v", "00"> rows <0 : 8> columns <0 : 4> : !tile.weight_block<8x4xi8>
  // Nine segments of 2 bytes, of which 3 are fresh at the next position.
  tile.sweep "conv" rows <0 : 4> columns <0 : 4> {
    %a = tile.window %x <kernel 3x3> channels <0 : 2> : !tile.feature_map<6x6x4xi8> -> vector<18xi8>
    %p = tile.mvm %w, %a : !tile.weight_block<18x4xi8>, vector<18xi8> -> vector<4xi32>
    %f = tile.requantise %p bias <"b", "00"> multiplier <"m", "00"> channels <0 : 4> zero 0 clamp <-128 : 127> : vector<4xi32> -> vector<4xi8>
    tile.store %f, %y channels <0 : 4> : vector<4xi8>, !tile.feature_map<4x4x4xi8>
  }
  // The vector unit takes windows as they are.
  tile.sweep "pool" rows <0 : 2> columns <0 : 2> {
    %a = tile.window %y <kernel 3x3> : !tile.feature_map<4x4x4xi8> -> vector<36xi8>
    %m = tile.max %a segments 9 : vector<36xi8> -> vector<4xi8>
    tile.store %m, %z channels <0 : 4> : vector<4xi8>, !tile.feature_map<2x2x4xi8>
  }
  // Windows two columns apart share nothing.
  tile.sweep "apart" rows <0 : 2> columns <0 : 2> {
    %a = tile.window %y <kernel 2x2 stride 2x2> channels <1 : 3> : !tile.feature_map<4x4x4xi8> -> vector<8xi8>
    %p = tile.mvm %v, %a : !tile.weight_block<8x4xi8>, vector<8xi8> -> vector<4xi32>
    %f = tile.requantise %p bias <"b", "00"> multiplier <"m", "00"> channels <0 : 4> zero 0 clamp <-128 : 127> : vector<4xi32> -> vector<4xi8>
    tile.store %f, %t channels <0 : 4> : vector<4xi8>, !tile.feature_map<2x2x4xi8>
  }
}

// CHECK: tile.sweep "conv"
// CHECK-NEXT: %a = tile.window %x <kernel 3x3> channels <0 : 2> slides :
// CHECK: tile.sweep "pool"
// CHECK-NEXT: %a_1 = tile.window %y <kernel 3x3> :
// CHECK: tile.sweep "apart"
// CHECK-NEXT: %a_2 = tile.window %y <kernel 2x2 stride 2x2> channels <1 : 3> :
