// RUN: cimc-opt %s -p "allocate-buffers{capacity=4096 alignment=16 cores=4 mesh_columns=2}" | filecheck %s

// Banks of 1024 bytes. Core 3 reads what core 3 alone writes: that lies in its bank. The
// input is read by core 0 more often than by core 3, the next one below it.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<4x4x2xi8>
  %y = tile.feature_map "y_q" of "a" role "intermediate" : !tile.feature_map<4x4x2xi8>
  %z = tile.feature_map "z_q" of "b" role "output" : !tile.feature_map<4x4x2xi8>
  tile.sweep "a" core 3 rows <0 : 2> columns <0 : 4> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    tile.store %0, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
  tile.sweep "b" core 0 rows <0 : 4> columns <0 : 4> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    tile.store %0, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
}
// CHECK: tile.feature_map "x_q" of "" role "input" at 0 :
// CHECK-NEXT: tile.feature_map "y_q" of "a" role "intermediate" at 3072 :
// CHECK-NEXT: tile.feature_map "z_q" of "b" role "output" at 32 :
