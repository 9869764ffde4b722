// RUN: not cimc-opt %s -p convert-tile-to-racetrack --split-input-file | filecheck %s

// CHECK: error[E074]: -p: pass 'convert-tile-to-racetrack' failed: buffers have no arrays: allocate-map-arrays comes before
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" core 0 : !tile.feature_map<1x1x1xi8>
  %w = tile.weight_block <"w", "00"> rows <0 : 1> columns <0 : 1> core 0 array 0 order <"o", "00"> : !tile.weight_block<1x1xi8>
  tile.sweep "conv" core 0 rows <0 : 1> columns <0 : 1> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<1x1x1xi8> -> vector<1xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
  }
}

// -----

// CHECK: error[E074]: -p: pass 'convert-tile-to-racetrack' failed: buffers have no bank: localise-maps comes before
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" at 0 : !tile.feature_map<1x1x1xi8>
  %w = tile.weight_block <"w", "00"> rows <0 : 1> columns <0 : 1> core 0 array 0 order <"o", "00"> : !tile.weight_block<1x1xi8>
  tile.sweep "conv" core 0 rows <0 : 1> columns <0 : 1> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<1x1x1xi8> -> vector<1xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
  }
}

// -----

// CHECK: error[E074]: -p: pass 'convert-tile-to-racetrack' failed: blocks have no order: order-domains comes before
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" core 0 at 0 : !tile.feature_map<1x1x1xi8>
  %w = tile.weight_block <"w", "00"> rows <0 : 1> columns <0 : 1> core 0 array 0 : !tile.weight_block<1x1xi8>
  tile.sweep "conv" core 0 rows <0 : 1> columns <0 : 1> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<1x1x1xi8> -> vector<1xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
  }
}

// -----

// CHECK: error[E074]: -p: pass 'convert-tile-to-racetrack' failed: blocks have no array: assign-arrays comes before
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" core 0 at 0 : !tile.feature_map<1x1x1xi8>
  %w = tile.weight_block <"w", "00"> rows <0 : 1> columns <0 : 1> order <"o", "00"> : !tile.weight_block<1x1xi8>
}

// -----

// CHECK: error[E074]: -p: pass 'convert-tile-to-racetrack' failed: sweeps have no core: assign-arrays comes before
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" core 0 at 0 : !tile.feature_map<1x1x1xi8>
  %w = tile.weight_block <"w", "00"> rows <0 : 1> columns <0 : 1> core 0 array 0 order <"o", "00"> : !tile.weight_block<1x1xi8>
  tile.sweep "conv"  rows <0 : 1> columns <0 : 1> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<1x1x1xi8> -> vector<1xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
  }
}

// -----

// CHECK: error[E074]: -p: pass 'convert-tile-to-racetrack' failed: racetrack.layer is not of the tile level
builtin.module {
  racetrack.layer "conv" kind "conv" macs 1
}

// -----

// CHECK: error[E022]: the module has no attribute racetrack.chip
// CHECK-NEXT: try: compile with --chip, or keep the attribute in the IR file
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" core 0 at 0 : !tile.feature_map<1x1x1xi8>
}
