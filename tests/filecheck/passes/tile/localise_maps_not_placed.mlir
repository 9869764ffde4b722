// RUN: not cimc-opt %s -p localise-maps --split-input-file | filecheck %s

builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x2xi8>
  %y = tile.feature_map "y_q" of "copy" role "output" : !tile.feature_map<2x2x2xi8>
  tile.sweep "copy" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
    tile.store %0, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
}

// CHECK: error[E074]: -p: pass 'localise-maps' failed: sweeps have no core: distribute-sweeps comes before

// -----


builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x2xi8>
  %w = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> core 1 array 0 : !tile.weight_block<2x2xi8>
  %sums = tile.partial_sums "conv" : !tile.partial_sums<2x2x2xi32>
  tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    tile.store_partial %1, %sums : vector<2xi32>, !tile.partial_sums<2x2x2xi32>
  }
}

// CHECK: error[E074]: -p: pass 'localise-maps' failed: partial sums of 'conv' are not handed from sweep to sweep
