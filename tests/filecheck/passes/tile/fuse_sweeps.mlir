// RUN: cimc-opt %s -p fuse-sweeps | filecheck %s

// The addition takes the vectors of the second sweep, the last of the two that it reads,
// and a copy takes those of the addition. Map "x" has another reader, so it stays; the
// pool has a window of more than a position, and "d" is an output.
builtin.module {
  %i = tile.feature_map "i_q" of "" role "input" : !tile.feature_map<4x4x2xi8>
  %x = tile.feature_map "x_q" of "one" role "intermediate" : !tile.feature_map<4x4x2xi8>
  %y = tile.feature_map "y_q" of "two" role "intermediate" : !tile.feature_map<4x4x2xi8>
  %a = tile.feature_map "a_q" of "add" role "intermediate" : !tile.feature_map<4x4x2xi8>
  %c = tile.feature_map "c_q" of "concat" role "intermediate" : !tile.feature_map<4x4x4xi8>
  %d = tile.feature_map "d_q" of "pool" role "output" : !tile.feature_map<2x2x4xi8>
  tile.layer "one" kind "table" macs 0 p_v 1 p_h 1
  tile.sweep "one" rows <0 : 4> columns <0 : 4> {
    %0 = tile.window %i <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    tile.store %0, %x channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
  tile.layer "two" kind "table" macs 0 p_v 1 p_h 1
  tile.sweep "two" rows <0 : 4> columns <0 : 4> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    %1 = tile.table %0 <"t", "00"> : vector<2xi8> -> vector<2xi8>
    tile.store %1, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
  tile.layer "add" kind "add" macs 0 p_v 1 p_h 1
  tile.sweep "add" rows <0 : 4> columns <0 : 4> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    %1 = tile.window %y <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    %2 = tile.add %0 times <0.5>, %1 times <0.5> offset <0.0> : vector<2xi8>, vector<2xi8> -> vector<2xi8>
    tile.store %2, %a channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
  tile.layer "concat" kind "concat" macs 0 p_v 1 p_h 1
  tile.sweep "concat" rows <0 : 4> columns <0 : 4> {
    %0 = tile.window %a <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    tile.store %0, %c channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x4xi8>
  }
  tile.sweep "concat" rows <0 : 4> columns <0 : 4> {
    %0 = tile.window %i <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    tile.store %0, %c channels <2 : 4> : vector<2xi8>, !tile.feature_map<4x4x4xi8>
  }
  tile.layer "pool" kind "max_pool" macs 0 p_v 1 p_h 1
  tile.sweep "pool" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %c <kernel 2x2 stride 2x2> : !tile.feature_map<4x4x4xi8> -> vector<16xi8>
    %1 = tile.max %0 segments 4 : vector<16xi8> -> vector<4xi8>
    tile.store %1, %d channels <0 : 4> : vector<4xi8>, !tile.feature_map<2x2x4xi8>
  }
}

// CHECK: %x = tile.feature_map "x_q"
// CHECK-NEXT: %c = tile.feature_map "c_q"
// CHECK-NEXT: %d = tile.feature_map "d_q"
// CHECK-NEXT: tile.layer "one" kind "table"
// CHECK-NEXT: tile.sweep "one"
// CHECK: tile.layer "two" kind "table+add+concat" macs 0 p_v 1 p_h 1 fused ["add", "concat"]
// CHECK-NEXT: tile.sweep "two" rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: %[[X:[0-9]+]] = tile.window %x
// CHECK-NEXT: %[[T:[0-9]+]] = tile.table %[[X]]
// CHECK-NEXT: %[[S:[0-9]+]] = tile.window %x
// CHECK-NEXT: %[[A:[0-9]+]] = tile.add %[[S]] times <0.5>, %[[T]] times <0.5>
// CHECK-NEXT: tile.store %[[A]], %c channels <0 : 2>
// CHECK-NEXT: }
// CHECK-NEXT: tile.layer "concat" kind "concat"
// CHECK-NEXT: tile.sweep "concat"
// CHECK: tile.layer "pool" kind "max_pool"
