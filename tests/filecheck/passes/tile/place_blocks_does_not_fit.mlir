// RUN: not cimc-opt %s -p "place-blocks{cores=1 crossbars=2}" | filecheck %s

builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x4xi8>
  %w0 = tile.weight_block <"v", "00"> rows <0 : 4> columns <0 : 2> : !tile.weight_block<4x2xi8>
  tile.sweep "small" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<2x2x4xi8> -> vector<4xi8>
    %1 = tile.mvm %w0, %0 : !tile.weight_block<4x2xi8>, vector<4xi8> -> vector<2xi32>
  }
  %w1 = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> : !tile.weight_block<2x2xi8>
  %w2 = tile.weight_block <"w", "00"> rows <2 : 4> columns <0 : 2> : !tile.weight_block<2x2xi8>
  tile.sweep "large" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> elements <0 : 2> : !tile.feature_map<2x2x4xi8> -> vector<2xi8>
    %1 = tile.mvm %w1, %0 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %2 = tile.window %x <kernel 1x1> elements <2 : 4> : !tile.feature_map<2x2x4xi8> -> vector<2xi8>
    %3 = tile.mvm %w2, %2 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
  }
}

// CHECK: error[E031]: node 'large': the network needs 3 crossbars, the chip has 2
// CHECK-NEXT: the layers before 'large' take 1, this one 2
// CHECK-NEXT: try: a chip with larger crossbars or more cores
