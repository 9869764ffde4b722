// RUN: not cimc-opt %s -p "duplicate-weights{cores=3 arrays=2 limit=3}" | filecheck %s

builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x2xi8>
  %w = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> core 1 array 0 : !tile.weight_block<2x2xi8>
  tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
  }
}

// CHECK: error[E074]: -p: pass 'duplicate-weights' failed: blocks have arrays already: assign-arrays comes after
