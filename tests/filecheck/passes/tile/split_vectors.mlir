// RUN: cimc-opt %s -p "split-vectors{channels=4}" | filecheck %s

builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<4x4x9xi8>
  %p = tile.feature_map "p_q" of "pool" role "intermediate" : !tile.feature_map<2x2x9xi8>
  %g = tile.feature_map "g_q" of "global" role "intermediate" : !tile.feature_map<1x1x9xi8>
  %c = tile.feature_map "c_q" of "cat" role "output" : !tile.feature_map<1x1x14xi8>
  %n = tile.feature_map "n_q" of "narrow" role "input" : !tile.feature_map<1x1x5xi8>
  tile.layer "pool" kind "average_pool" macs 0 p_v 1 p_h 1
  tile.sweep "pool" rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 3x3 stride 2x2> taps <0 : 2> <0 : 2> : !tile.feature_map<4x4x9xi8> -> vector<36xi8>
    %1 = tile.average %0 segments 4 count 9 from <0.5 : -3> to <0.25 : 1> : vector<36xi8> -> vector<9xi8>
    tile.store %1, %p channels <0 : 9> : vector<9xi8>, !tile.feature_map<2x2x9xi8>
  }
  // Parts of bias and multiplier follow the channels.
  tile.layer "global" kind "global_average_pool" macs 0 p_v 1 p_h 1
  tile.sweep "global" rows <0 : 1> columns <0 : 1> {
    %0 = tile.window %p <kernel 2x2> : !tile.feature_map<2x2x9xi8> -> vector<36xi8>
    %1 = tile.sum %0 segments 4 : vector<36xi8> -> vector<9xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 9> zero 3 clamp <-7 : 127> : vector<9xi32> -> vector<9xi8>
    tile.store %2, %g channels <0 : 9> : vector<9xi8>, !tile.feature_map<1x1x9xi8>
  }
  // Channels of the source and of the target are not the same ones.
  tile.layer "cat" kind "concat" macs 0 p_v 1 p_h 1
  tile.sweep "cat" rows <0 : 1> columns <0 : 1> {
    %0 = tile.window %g <kernel 1x1> channels <4 : 9> : !tile.feature_map<1x1x9xi8> -> vector<5xi8>
    %1 = tile.window %n <kernel 1x1> : !tile.feature_map<1x1x5xi8> -> vector<5xi8>
    %2 = tile.add %0 times <0.5>, %1 times <0.25> offset <-3.0> : vector<5xi8>, vector<5xi8> -> vector<5xi8>
    %3 = tile.table %2 <"t", "00"> : vector<5xi8> -> vector<5xi8>
    tile.store %3, %c channels <9 : 14> : vector<5xi8>, !tile.feature_map<1x1x14xi8>
  }
  // What fits stays as it is.
  tile.sweep "cat" rows <0 : 1> columns <0 : 1> {
    %0 = tile.window %g <kernel 1x1> channels <4 : 8> : !tile.feature_map<1x1x9xi8> -> vector<4xi8>
    tile.store %0, %c channels <0 : 4> : vector<4xi8>, !tile.feature_map<1x1x14xi8>
  }
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<4x4x9xi8>
// CHECK-NEXT: %p = tile.feature_map "p_q" of "pool" role "intermediate" : !tile.feature_map<2x2x9xi8>
// CHECK-NEXT: %g = tile.feature_map "g_q" of "global" role "intermediate" : !tile.feature_map<1x1x9xi8>
// CHECK-NEXT: %c = tile.feature_map "c_q" of "cat" role "output" : !tile.feature_map<1x1x14xi8>
// CHECK-NEXT: %n = tile.feature_map "n_q" of "narrow" role "input" : !tile.feature_map<1x1x5xi8>
// CHECK-NEXT: tile.layer "pool" kind "average_pool" macs 0 p_v 1 p_h 1
// CHECK-NEXT: tile.sweep "pool" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %0 = tile.window %x <kernel 3x3 stride 2x2> taps <0 : 2> <0 : 2> channels <0 : 4> : !tile.feature_map<4x4x9xi8> -> vector<16xi8>
// CHECK-NEXT: %1 = tile.average %0 segments 4 count 9 from <0.5 : -3> to <0.25 : 1> : vector<16xi8> -> vector<4xi8>
// CHECK-NEXT: tile.store %1, %p channels <0 : 4> : vector<4xi8>, !tile.feature_map<2x2x9xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %2 = tile.window %x <kernel 3x3 stride 2x2> taps <0 : 2> <0 : 2> channels <4 : 8> : !tile.feature_map<4x4x9xi8> -> vector<16xi8>
// CHECK-NEXT: %3 = tile.average %2 segments 4 count 9 from <0.5 : -3> to <0.25 : 1> : vector<16xi8> -> vector<4xi8>
// CHECK-NEXT: tile.store %3, %p channels <4 : 8> : vector<4xi8>, !tile.feature_map<2x2x9xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "pool" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %4 = tile.window %x <kernel 3x3 stride 2x2> taps <0 : 2> <0 : 2> channels <8 : 9> : !tile.feature_map<4x4x9xi8> -> vector<4xi8>
// CHECK-NEXT: %5 = tile.average %4 segments 4 count 9 from <0.5 : -3> to <0.25 : 1> : vector<4xi8> -> vector<1xi8>
// CHECK-NEXT: tile.store %5, %p channels <8 : 9> : vector<1xi8>, !tile.feature_map<2x2x9xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.layer "global" kind "global_average_pool" macs 0 p_v 1 p_h 1
// CHECK-NEXT: tile.sweep "global" rows <0 : 1> columns <0 : 1> {
// CHECK-NEXT: %6 = tile.window %p <kernel 2x2> channels <0 : 4> : !tile.feature_map<2x2x9xi8> -> vector<16xi8>
// CHECK-NEXT: %7 = tile.sum %6 segments 4 : vector<16xi8> -> vector<4xi32>
// CHECK-NEXT: %8 = tile.requantise %7 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 4> zero 3 clamp <-7 : 127> : vector<4xi32> -> vector<4xi8>
// CHECK-NEXT: tile.store %8, %g channels <0 : 4> : vector<4xi8>, !tile.feature_map<1x1x9xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "global" rows <0 : 1> columns <0 : 1> {
// CHECK-NEXT: %9 = tile.window %p <kernel 2x2> channels <4 : 8> : !tile.feature_map<2x2x9xi8> -> vector<16xi8>
// CHECK-NEXT: %10 = tile.sum %9 segments 4 : vector<16xi8> -> vector<4xi32>
// CHECK-NEXT: %11 = tile.requantise %10 bias <"b", "00"> multiplier <"m", "00"> channels <4 : 8> zero 3 clamp <-7 : 127> : vector<4xi32> -> vector<4xi8>
// CHECK-NEXT: tile.store %11, %g channels <4 : 8> : vector<4xi8>, !tile.feature_map<1x1x9xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "global" rows <0 : 1> columns <0 : 1> {
// CHECK-NEXT: %12 = tile.window %p <kernel 2x2> channels <8 : 9> : !tile.feature_map<2x2x9xi8> -> vector<4xi8>
// CHECK-NEXT: %13 = tile.sum %12 segments 4 : vector<4xi8> -> vector<1xi32>
// CHECK-NEXT: %14 = tile.requantise %13 bias <"b", "00"> multiplier <"m", "00"> channels <8 : 9> zero 3 clamp <-7 : 127> : vector<1xi32> -> vector<1xi8>
// CHECK-NEXT: tile.store %14, %g channels <8 : 9> : vector<1xi8>, !tile.feature_map<1x1x9xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.layer "cat" kind "concat" macs 0 p_v 1 p_h 1
// CHECK-NEXT: tile.sweep "cat" rows <0 : 1> columns <0 : 1> {
// CHECK-NEXT: %15 = tile.window %g <kernel 1x1> channels <4 : 8> : !tile.feature_map<1x1x9xi8> -> vector<4xi8>
// CHECK-NEXT: %16 = tile.window %n <kernel 1x1> channels <0 : 4> : !tile.feature_map<1x1x5xi8> -> vector<4xi8>
// CHECK-NEXT: %17 = tile.add %15 times <0.5>, %16 times <0.25> offset <-3.0> : vector<4xi8>, vector<4xi8> -> vector<4xi8>
// CHECK-NEXT: %18 = tile.table %17 <"t", "00"> : vector<4xi8> -> vector<4xi8>
// CHECK-NEXT: tile.store %18, %c channels <9 : 13> : vector<4xi8>, !tile.feature_map<1x1x14xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "cat" rows <0 : 1> columns <0 : 1> {
// CHECK-NEXT: %19 = tile.window %g <kernel 1x1> channels <8 : 9> : !tile.feature_map<1x1x9xi8> -> vector<1xi8>
// CHECK-NEXT: %20 = tile.window %n <kernel 1x1> channels <4 : 5> : !tile.feature_map<1x1x5xi8> -> vector<1xi8>
// CHECK-NEXT: %21 = tile.add %19 times <0.5>, %20 times <0.25> offset <-3.0> : vector<1xi8>, vector<1xi8> -> vector<1xi8>
// CHECK-NEXT: %22 = tile.table %21 <"t", "00"> : vector<1xi8> -> vector<1xi8>
// CHECK-NEXT: tile.store %22, %c channels <13 : 14> : vector<1xi8>, !tile.feature_map<1x1x14xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "cat" rows <0 : 1> columns <0 : 1> {
// CHECK-NEXT: %23 = tile.window %g <kernel 1x1> channels <4 : 8> : !tile.feature_map<1x1x9xi8> -> vector<4xi8>
// CHECK-NEXT: tile.store %23, %c channels <0 : 4> : vector<4xi8>, !tile.feature_map<1x1x14xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }
