// RUN: cimc-opt %s -p "balance-pipeline{cores=5 mvm=100 lanes=1 overhead=10}" --split-input-file | filecheck %s
// RUN: cimc-opt %s -p "balance-pipeline{cores=5 mvm=100 lanes=1 overhead=10 limit=2}" --split-input-file | filecheck %s --check-prefix=LIMIT
// RUN: cimc-opt %s -p "balance-pipeline{cores=1}" --split-input-file | filecheck %s --check-prefix=SAME

// A product takes 100 cycles, a table 10 and one for its lane: the convolution sets the
// pace, and gets the cores that the table leaves. Copies have blocks of their own.
builtin.module {
  %x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x1xi8>
  %y = tile.feature_map "y" of "conv" role "intermediate" : !tile.feature_map<8x8x1xi8>
  %z = tile.feature_map "z" of "table" role "output" : !tile.feature_map<8x8x1xi8>
  tile.layer "conv" kind "conv" macs 64 p_v 1 p_h 1
  %w = tile.weight_block <"w", "00"> rows <0 : 1> columns <0 : 1> : !tile.weight_block<1x1xi8>
  tile.sweep "conv" rows <0 : 8> columns <0 : 8> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<8x8x1xi8> -> vector<1xi8>
    %p = tile.mvm %w, %a : !tile.weight_block<1x1xi8>, vector<1xi8> -> vector<1xi32>
    %f = tile.requantise %p bias <"b", "00"> multiplier <"m", "00"> channels <0 : 1> zero 3 clamp <-7 : 127> : vector<1xi32> -> vector<1xi8>
    tile.store %f, %y channels <0 : 1> : vector<1xi8>, !tile.feature_map<8x8x1xi8>
  }
  tile.layer "table" kind "table" macs 0 p_v 1 p_h 1
  tile.sweep "table" rows <0 : 8> columns <0 : 8> {
    %b = tile.window %y <kernel 1x1> : !tile.feature_map<8x8x1xi8> -> vector<1xi8>
    %c = tile.table %b <"t", "00"> : vector<1xi8> -> vector<1xi8>
    tile.store %c, %z channels <0 : 1> : vector<1xi8>, !tile.feature_map<8x8x1xi8>
  }
}

// CHECK: tile.layer "conv" kind "conv" macs 64 p_v 1 p_h 1 copies 4{{$}}
// CHECK-NEXT: %[[W:.*]] = tile.weight_block
// CHECK-NEXT: %[[A:.*]] = tile.weight_block
// CHECK-NEXT: tile.sweep "conv" rows <0 : 8> columns <0 : 2> {
// CHECK: tile.mvm %[[A]],
// CHECK: tile.sweep "conv" rows <0 : 8> columns <2 : 4> {
// CHECK: tile.sweep "conv" rows <0 : 8> columns <4 : 6> {
// CHECK: tile.sweep "conv" rows <0 : 8> columns <6 : 8> {
// CHECK: tile.mvm %[[W]],
// CHECK: tile.layer "table" kind "table" macs 0 p_v 1 p_h 1{{$}}
// CHECK-NEXT: tile.sweep "table" rows <0 : 8> columns <0 : 8> {
// CHECK-NOT: tile.sweep

// LIMIT: tile.layer "conv" kind "conv" macs 64 p_v 1 p_h 1 copies 2{{$}}
// LIMIT: tile.sweep "conv" rows <0 : 8> columns <0 : 4> {
// LIMIT: tile.sweep "conv" rows <0 : 8> columns <4 : 8> {
// LIMIT: tile.layer "table"

// Cores that do not suffice for one of each keep everything as it is.
// SAME: tile.layer "conv" kind "conv" macs 64 p_v 1 p_h 1{{$}}
// SAME: tile.sweep "conv" rows <0 : 8> columns <0 : 8> {
// SAME: tile.sweep "table" rows <0 : 8> columns <0 : 8> {
