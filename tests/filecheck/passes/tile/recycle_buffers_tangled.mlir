// RUN: cimc-opt %s -p recycle-buffers | filecheck %s

// Core 0 computes a part of %m before %g, for which core 1 waits to compute the rest of
// %m. No order of rows completes one map after the other, so that both stay whole.
// CHECK: tile.feature_map "g_q" of "g" role "intermediate" : !
// CHECK: tile.feature_map "m_q" of "m" role "intermediate" : !
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<8x8x1xi8>
  %g = tile.feature_map "g_q" of "g" role "intermediate" : !tile.feature_map<8x8x1xi8>
  %m = tile.feature_map "m_q" of "m" role "intermediate" : !tile.feature_map<8x8x2xi8>
  %y = tile.feature_map "y_q" of "y" role "output" : !tile.feature_map<8x8x2xi8>
  tile.sweep "m" core 0 rows <0 : 8> columns <0 : 8> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<8x8x1xi8> -> vector<1xi8>
    tile.store %0, %m channels <0 : 1> : vector<1xi8>, !tile.feature_map<8x8x2xi8>
  }
  tile.sweep "g" core 0 rows <0 : 8> columns <0 : 8> {
    %1 = tile.window %x <kernel 1x1> : !tile.feature_map<8x8x1xi8> -> vector<1xi8>
    tile.store %1, %g channels <0 : 1> : vector<1xi8>, !tile.feature_map<8x8x1xi8>
  }
  tile.sweep "m" core 1 rows <0 : 8> columns <0 : 8> {
    %2 = tile.window %g <kernel 1x1> : !tile.feature_map<8x8x1xi8> -> vector<1xi8>
    tile.store %2, %m channels <1 : 2> : vector<1xi8>, !tile.feature_map<8x8x2xi8>
  }
  tile.sweep "y" core 2 rows <0 : 8> columns <0 : 8> {
    %3 = tile.window %m <kernel 1x1> : !tile.feature_map<8x8x2xi8> -> vector<2xi8>
    tile.store %3, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<8x8x2xi8>
  }
}
