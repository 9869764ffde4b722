// RUN: cimc-opt %s -p "cut-phases{cores=2 crossbars=2 mvm=100 program_row=10 bytes_per_cycle=8}" | filecheck %s

// Four crossbars hold all blocks: nothing is cut.
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x6xi8>
  %y = tile.feature_map "y_q" of "a" role "intermediate" : !tile.feature_map<2x2x6xi8>
  %z = tile.feature_map "z_q" of "b" role "intermediate" : !tile.feature_map<2x2x2xi8>
  %t = tile.feature_map "t_q" of "t" role "output" : !tile.feature_map<2x2x2xi8>
  %w = tile.weight_block <"v", "00"> rows <0 : 6> columns <0 : 6> : !tile.weight_block<6x6xi8>
  tile.sweep "a" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<2x2x6xi8> -> vector<6xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<6x6xi8>, vector<6xi8> -> vector<6xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 6> zero 3 clamp <-7 : 127> : vector<6xi32> -> vector<6xi8>
    tile.store %2, %y channels <0 : 6> : vector<6xi8>, !tile.feature_map<2x2x6xi8>
  }
  %w0 = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> : !tile.weight_block<2x2xi8>
  %w1 = tile.weight_block <"w", "00"> rows <2 : 4> columns <0 : 2> : !tile.weight_block<2x2xi8>
  %w2 = tile.weight_block <"w", "00"> rows <4 : 6> columns <0 : 2> : !tile.weight_block<2x2xi8>
  tile.sweep "b" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %y <kernel 1x1> elements <0 : 2> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
    %1 = tile.mvm %w0, %0 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %2 = tile.window %y <kernel 1x1> elements <2 : 4> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
    %3 = tile.mvm %w1, %2 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %4 = tile.accumulate %1, %3 : vector<2xi32>
    %5 = tile.window %y <kernel 1x1> elements <4 : 6> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
    %6 = tile.mvm %w2, %5 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
    %7 = tile.accumulate %4, %6 : vector<2xi32>
    %8 = tile.requantise %7 bias <"c", "00"> multiplier <"n", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
    tile.store %8, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
  tile.sweep "t" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %z <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
    %1 = tile.table %0 <"t", "00"> : vector<2xi8> -> vector<2xi8>
    tile.store %1, %t channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x6xi8>
// CHECK-NEXT: %y = tile.feature_map "y_q" of "a" role "intermediate" : !tile.feature_map<2x2x6xi8>
// CHECK-NEXT: %z = tile.feature_map "z_q" of "b" role "intermediate" : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %t = tile.feature_map "t_q" of "t" role "output" : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %w = tile.weight_block <"v", "00"> rows <0 : 6> columns <0 : 6> : !tile.weight_block<6x6xi8>
// CHECK-NEXT: tile.sweep "a" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %0 = tile.window %x <kernel 1x1> : !tile.feature_map<2x2x6xi8> -> vector<6xi8>
// CHECK-NEXT: %1 = tile.mvm %w, %0 : !tile.weight_block<6x6xi8>, vector<6xi8> -> vector<6xi32>
// CHECK-NEXT: %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 6> zero 3 clamp <-7 : 127> : vector<6xi32> -> vector<6xi8>
// CHECK-NEXT: tile.store %2, %y channels <0 : 6> : vector<6xi8>, !tile.feature_map<2x2x6xi8>
// CHECK-NEXT: }
// CHECK-NEXT: %w0 = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 2> : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %w1 = tile.weight_block <"w", "00"> rows <2 : 4> columns <0 : 2> : !tile.weight_block<2x2xi8>
// CHECK-NEXT: %w2 = tile.weight_block <"w", "00"> rows <4 : 6> columns <0 : 2> : !tile.weight_block<2x2xi8>
// CHECK-NEXT: tile.sweep "b" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %3 = tile.window %y <kernel 1x1> elements <0 : 2> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
// CHECK-NEXT: %4 = tile.mvm %w0, %3 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: %5 = tile.window %y <kernel 1x1> elements <2 : 4> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
// CHECK-NEXT: %6 = tile.mvm %w1, %5 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: %7 = tile.accumulate %4, %6 : vector<2xi32>
// CHECK-NEXT: %8 = tile.window %y <kernel 1x1> elements <4 : 6> : !tile.feature_map<2x2x6xi8> -> vector<2xi8>
// CHECK-NEXT: %9 = tile.mvm %w2, %8 : !tile.weight_block<2x2xi8>, vector<2xi8> -> vector<2xi32>
// CHECK-NEXT: %10 = tile.accumulate %7, %9 : vector<2xi32>
// CHECK-NEXT: %11 = tile.requantise %10 bias <"c", "00"> multiplier <"n", "00"> channels <0 : 2> zero 3 clamp <-7 : 127> : vector<2xi32> -> vector<2xi8>
// CHECK-NEXT: tile.store %11, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "t" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %12 = tile.window %z <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: %13 = tile.table %12 <"t", "00"> : vector<2xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %13, %t channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }
