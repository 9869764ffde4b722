// RUN: cimc-opt %s -p convert-cnn-to-tile --split-input-file | filecheck %s

// WEIGHTS: conv.weights int8 3x3x2x5
// WEIGHTS: conv.bias int32 5
// WEIGHTS: conv.scale float32 5
// WEIGHTS: relu.table uint8 256
// The halo holds the input's zero point, and only what the last window reaches.
builtin.module attributes {cim.model = "convolution"} {
  %x = cnn.input "x_q" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  %y = cnn.conv %x weights <"conv.weights", "@conv.weights"> bias <"conv.bias", "@conv.bias"> weight_scale <"conv.scale", "@conv.scale"> window <kernel 3x3 stride 2x2 pad 1x1x1x1> groups 1 clamp <-7 : 127> table <"relu.table", "@relu.table"> of <0.25 : 3> as "y_q" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<2x2x5xi8, #cim.quantisation<0.125 : -7>>
  cnn.output %y "y_q" : tensor<2x2x5xi8, #cim.quantisation<0.125 : -7>>
}

// CHECK: builtin.module attributes {cim.model = "convolution"} {
// CHECK-NEXT: %x_q = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3>
// CHECK-NEXT: %conv = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<2x2x5xi8>
// CHECK-NEXT: tile.layer "conv" kind "conv" macs 360 p_v 1 p_h 1
// CHECK-NEXT: %conv_block = tile.weight_block <"conv.matrix", "{{[0-9a-f]+}}"> rows <0 : 18> columns <0 : 5> : !tile.weight_block<18x5xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %0 = tile.window %x_q <kernel 3x3 stride 2x2 pad 1x1x1x1> : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3> -> vector<18xi8>
// CHECK-NEXT: %1 = tile.mvm %conv_block, %0 : !tile.weight_block<18x5xi8>, vector<18xi8> -> vector<5xi32>
// CHECK-NEXT: %2 = tile.requantise %1 bias <"conv.folded_bias", "{{[0-9a-f]+}}"> multiplier <"conv.multiplier", "{{[0-9a-f]+}}"> channels <0 : 5> zero 3 clamp <-7 : 127> : vector<5xi32> -> vector<5xi8>
// CHECK-NEXT: %3 = tile.table %2 <"relu.table", "@relu.table"> : vector<5xi8> -> vector<5xi8>
// CHECK-NEXT: tile.store %3, %conv channels <0 : 5> : vector<5xi8>, !tile.feature_map<2x2x5xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// WEIGHTS: d.weights int8 2x1x1x4
// WEIGHTS: d.bias int32 4
// WEIGHTS: d.scale float32 4
// Two convolutions read one map: its halo is as large as both need.
builtin.module {
  %x = cnn.input "x_q" : tensor<3x3x2xui8, #cim.quantisation<0.5 : 9>>
  %y = cnn.conv %x weights <"d.weights", "@d.weights"> bias <"d.bias", "@d.bias"> weight_scale <"d.scale", "@d.scale"> window <kernel 2x1 pad 1x0x0x0> groups 2 clamp <0 : 255> as "y_q" layer "up" : tensor<3x3x2xui8, #cim.quantisation<0.5 : 9>> -> tensor<3x3x4xui8, #cim.quantisation<0.25 : 0>>
  %z = cnn.conv %x weights <"d.weights", "@d.weights"> bias <"d.bias", "@d.bias"> weight_scale <"d.scale", "@d.scale"> window <kernel 2x1 pad 0x2x1x1> groups 2 clamp <0 : 255> as "z_q" layer "down" : tensor<3x3x2xui8, #cim.quantisation<0.5 : 9>> -> tensor<3x6x4xui8, #cim.quantisation<0.25 : 0>>
  cnn.output %y "y_q" : tensor<3x3x4xui8, #cim.quantisation<0.25 : 0>>
  cnn.output %z "z_q" : tensor<3x6x4xui8, #cim.quantisation<0.25 : 0>>
}

// CHECK: builtin.module {
// CHECK-NEXT: %x_q = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<3x3x2xui8, halo 1x2x1x1 of 9>
// CHECK-NEXT: %up = tile.feature_map "y_q" of "up" role "output" : !tile.feature_map<3x3x4xui8>
// CHECK-NEXT: %down = tile.feature_map "z_q" of "down" role "output" : !tile.feature_map<3x6x4xui8>
// CHECK-NEXT: tile.layer "up" kind "conv" macs 72 p_v 1 p_h 1
// CHECK-NEXT: %up_block = tile.weight_block <"up.matrix", "{{[0-9a-f]+}}"> rows <0 : 2> columns <0 : 4> : !tile.weight_block<2x4xi8, groups 2>
// CHECK-NEXT: tile.sweep "up" rows <0 : 3> columns <0 : 3> {
// CHECK-NEXT: %0 = tile.window %x_q <kernel 2x1 pad 1x0x0x0> : !tile.feature_map<3x3x2xui8, halo 1x2x1x1 of 9> -> vector<4xui8>
// CHECK-NEXT: %1 = tile.mvm %up_block, %0 : !tile.weight_block<2x4xi8, groups 2>, vector<4xui8> -> vector<4xi32>
// CHECK-NEXT: %2 = tile.requantise %1 bias <"up.folded_bias", "{{[0-9a-f]+}}"> multiplier <"up.multiplier", "{{[0-9a-f]+}}"> channels <0 : 4> zero 0 clamp <0 : 255> : vector<4xi32> -> vector<4xui8>
// CHECK-NEXT: tile.store %2, %up channels <0 : 4> : vector<4xui8>, !tile.feature_map<3x3x4xui8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.layer "down" kind "conv" macs 144 p_v 1 p_h 1
// CHECK-NEXT: %down_block = tile.weight_block <"down.matrix", "{{[0-9a-f]+}}"> rows <0 : 2> columns <0 : 4> : !tile.weight_block<2x4xi8, groups 2>
// CHECK-NEXT: tile.sweep "down" rows <0 : 3> columns <0 : 6> {
// CHECK-NEXT: %3 = tile.window %x_q <kernel 2x1 pad 0x2x1x1> : !tile.feature_map<3x3x2xui8, halo 1x2x1x1 of 9> -> vector<4xui8>
// CHECK-NEXT: %4 = tile.mvm %down_block, %3 : !tile.weight_block<2x4xi8, groups 2>, vector<4xui8> -> vector<4xi32>
// CHECK-NEXT: %5 = tile.requantise %4 bias <"down.folded_bias", "{{[0-9a-f]+}}"> multiplier <"down.multiplier", "{{[0-9a-f]+}}"> channels <0 : 4> zero 0 clamp <0 : 255> : vector<4xi32> -> vector<4xui8>
// CHECK-NEXT: tile.store %5, %down channels <0 : 4> : vector<4xui8>, !tile.feature_map<3x6x4xui8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// The halo of a maximum holds the lowest value, that of an average that counts padding the
// zero point. An average that leaves padding out is cut at the borders.
builtin.module {
  %x = cnn.input "x_q" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  %m = cnn.max_pool %x window <kernel 3x2 stride 2x2 pad 1x0x0x0> as "m_q" layer "max" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<2x2x2xi8, #cim.quantisation<0.5 : -3>>
  %a = cnn.average_pool %m window <kernel 2x3 pad 0x0x0x1> count_include_pad true as "a_q" layer "average" : tensor<2x2x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<1x1x2xi8, #cim.quantisation<0.25 : 1>>
  %b = cnn.average_pool %m window <kernel 1x3 pad 0x0x0x1> count_include_pad false as "b_q" layer "rows" : tensor<2x2x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<2x1x2xi8, #cim.quantisation<0.25 : 1>>
  cnn.output %a "a_q" : tensor<1x1x2xi8, #cim.quantisation<0.25 : 1>>
  cnn.output %b "b_q" : tensor<2x1x2xi8, #cim.quantisation<0.25 : 1>>
}

// CHECK: builtin.module {
// CHECK-NEXT: %x_q = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<4x4x2xi8, halo 1x0x0x0 of -128>
// CHECK-NEXT: %max = tile.feature_map "m_q" of "max" role "intermediate" : !tile.feature_map<2x2x2xi8, halo 0x0x0x1 of -3>
// CHECK-NEXT: %average = tile.feature_map "a_q" of "average" role "output" : !tile.feature_map<1x1x2xi8>
// CHECK-NEXT: %rows = tile.feature_map "b_q" of "rows" role "output" : !tile.feature_map<2x1x2xi8>
// CHECK-NEXT: tile.layer "max" kind "max_pool" macs 0 p_v 1 p_h 1
// CHECK-NEXT: tile.sweep "max" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %0 = tile.window %x_q <kernel 3x2 stride 2x2 pad 1x0x0x0> : !tile.feature_map<4x4x2xi8, halo 1x0x0x0 of -128> -> vector<12xi8>
// CHECK-NEXT: %1 = tile.max %0 segments 6 : vector<12xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %1, %max channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8, halo 0x0x0x1 of -3>
// CHECK-NEXT: }
// CHECK-NEXT: tile.layer "average" kind "average_pool" macs 0 p_v 1 p_h 1
// CHECK-NEXT: tile.sweep "average" rows <0 : 1> columns <0 : 1> {
// CHECK-NEXT: %2 = tile.window %max <kernel 2x3 pad 0x0x0x1> : !tile.feature_map<2x2x2xi8, halo 0x0x0x1 of -3> -> vector<12xi8>
// CHECK-NEXT: %3 = tile.average %2 segments 6 count 6 from <0.5 : -3> to <0.25 : 1> : vector<12xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %3, %average channels <0 : 2> : vector<2xi8>, !tile.feature_map<1x1x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.layer "rows" kind "average_pool" macs 0 p_v 1 p_h 1
// CHECK-NEXT: tile.sweep "rows" rows <0 : 2> columns <0 : 1> {
// CHECK-NEXT: %4 = tile.window %max <kernel 1x3 pad 0x0x0x1> taps <0 : 1> <0 : 2> : !tile.feature_map<2x2x2xi8, halo 0x0x0x1 of -3> -> vector<4xi8>
// CHECK-NEXT: %5 = tile.average %4 segments 2 count 2 from <0.5 : -3> to <0.25 : 1> : vector<4xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %5, %rows channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x1x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// WEIGHTS: conv.weights int8 2x2x2x1
// WEIGHTS: conv.bias int32 1
// WEIGHTS: conv.scale float32 1
// A convolution whose padding is seen takes the halo for the zero point, so that a maximum
// over the same map is cut at the border.
builtin.module {
  %x = cnn.input "x_q" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  %y = cnn.conv %x weights <"conv.weights", "@conv.weights"> bias <"conv.bias", "@conv.bias"> weight_scale <"conv.scale", "@conv.scale"> window <kernel 2x2 pad 1x0x0x0> groups 1 clamp <-128 : 127> as "y_q" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x3x1xi8, #cim.quantisation<0.125 : -7>>
  %m = cnn.max_pool %x window <kernel 2x4 stride 2x1 pad 0x0x1x0> as "m_q" layer "max" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<2x1x2xi8, #cim.quantisation<0.5 : -3>>
  %n = cnn.max_pool %x window <kernel 2x4 stride 2x1 pad 1x0x1x0> as "n_q" layer "cut" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<3x1x2xi8, #cim.quantisation<0.5 : -3>>
  cnn.output %y "y_q" : tensor<4x3x1xi8, #cim.quantisation<0.125 : -7>>
  cnn.output %m "m_q" : tensor<2x1x2xi8, #cim.quantisation<0.5 : -3>>
  cnn.output %n "n_q" : tensor<3x1x2xi8, #cim.quantisation<0.5 : -3>>
}

// CHECK: builtin.module {
// CHECK-NEXT: %x_q = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<4x4x2xi8, halo 1x0x0x0 of -3>
// CHECK-NEXT: %conv = tile.feature_map "y_q" of "conv" role "output" : !tile.feature_map<4x3x1xi8>
// CHECK-NEXT: %max = tile.feature_map "m_q" of "max" role "output" : !tile.feature_map<2x1x2xi8>
// CHECK-NEXT: %cut = tile.feature_map "n_q" of "cut" role "output" : !tile.feature_map<3x1x2xi8>
// CHECK-NEXT: tile.layer "conv" kind "conv" macs 96 p_v 1 p_h 1
// CHECK-NEXT: %conv_block = tile.weight_block <"conv.matrix", "{{[0-9a-f]+}}"> rows <0 : 8> columns <0 : 1> : !tile.weight_block<8x1xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 4> columns <0 : 3> {
// CHECK-NEXT: %0 = tile.window %x_q <kernel 2x2 pad 1x0x0x0> : !tile.feature_map<4x4x2xi8, halo 1x0x0x0 of -3> -> vector<8xi8>
// CHECK-NEXT: %1 = tile.mvm %conv_block, %0 : !tile.weight_block<8x1xi8>, vector<8xi8> -> vector<1xi32>
// CHECK-NEXT: %2 = tile.requantise %1 bias <"conv.folded_bias", "{{[0-9a-f]+}}"> multiplier <"conv.multiplier", "{{[0-9a-f]+}}"> channels <0 : 1> zero -7 clamp <-128 : 127> : vector<1xi32> -> vector<1xi8>
// CHECK-NEXT: tile.store %2, %conv channels <0 : 1> : vector<1xi8>, !tile.feature_map<4x3x1xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.layer "max" kind "max_pool" macs 0 p_v 1 p_h 1
// CHECK-NEXT: tile.sweep "max" rows <0 : 2> columns <0 : 1> {
// CHECK-NEXT: %3 = tile.window %x_q <kernel 2x4 stride 2x1 pad 0x0x1x0> : !tile.feature_map<4x4x2xi8, halo 1x0x0x0 of -3> -> vector<16xi8>
// CHECK-NEXT: %4 = tile.max %3 segments 8 : vector<16xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %4, %max channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x1x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.layer "cut" kind "max_pool" macs 0 p_v 1 p_h 1
// CHECK-NEXT: tile.sweep "cut" rows <0 : 1> columns <0 : 1> {
// CHECK-NEXT: %5 = tile.window %x_q <kernel 2x4 stride 2x1 pad 1x0x1x0> taps <1 : 2> <0 : 4> : !tile.feature_map<4x4x2xi8, halo 1x0x0x0 of -3> -> vector<8xi8>
// CHECK-NEXT: %6 = tile.max %5 segments 4 : vector<8xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %6, %cut channels <0 : 2> : vector<2xi8>, !tile.feature_map<3x1x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "cut" rows <1 : 2> columns <0 : 1> {
// CHECK-NEXT: %7 = tile.window %x_q <kernel 2x4 stride 2x1 pad 1x0x1x0> : !tile.feature_map<4x4x2xi8, halo 1x0x0x0 of -3> -> vector<16xi8>
// CHECK-NEXT: %8 = tile.max %7 segments 8 : vector<16xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %8, %cut channels <0 : 2> : vector<2xi8>, !tile.feature_map<3x1x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "cut" rows <2 : 3> columns <0 : 1> {
// CHECK-NEXT: %9 = tile.window %x_q <kernel 2x4 stride 2x1 pad 1x0x1x0> taps <0 : 1> <0 : 4> : !tile.feature_map<4x4x2xi8, halo 1x0x0x0 of -3> -> vector<8xi8>
// CHECK-NEXT: %10 = tile.max %9 segments 4 : vector<8xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %10, %cut channels <0 : 2> : vector<2xi8>, !tile.feature_map<3x1x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// WEIGHTS: conv.weights int8 2x2x2x1
// WEIGHTS: one.weights int8 2x2x1x1
// WEIGHTS: conv.bias int32 1
// WEIGHTS: conv.scale float32 1
// Where the zero point is the lowest value, both run over one halo. A convolution without
// padding leaves it to the maximum anyway.
builtin.module {
  %x = cnn.input "x_q" : tensor<4x4x2xui8, #cim.quantisation<0.5 : 0>>
  %y = cnn.conv %x weights <"conv.weights", "@conv.weights"> bias <"conv.bias", "@conv.bias"> weight_scale <"conv.scale", "@conv.scale"> window <kernel 2x2 pad 1x0x0x0> groups 1 clamp <0 : 255> as "y_q" layer "conv" : tensor<4x4x2xui8, #cim.quantisation<0.5 : 0>> -> tensor<4x3x1xui8, #cim.quantisation<0.125 : 7>>
  %n = cnn.max_pool %x window <kernel 2x4 stride 2x1 pad 1x0x1x0> as "n_q" layer "max" : tensor<4x4x2xui8, #cim.quantisation<0.5 : 0>> -> tensor<3x1x2xui8, #cim.quantisation<0.5 : 0>>
  %z = cnn.conv %y weights <"one.weights", "@one.weights"> bias <"conv.bias", "@conv.bias"> weight_scale <"conv.scale", "@conv.scale"> window <kernel 2x2> groups 1 clamp <0 : 255> as "z_q" layer "again" : tensor<4x3x1xui8, #cim.quantisation<0.125 : 7>> -> tensor<3x2x1xui8, #cim.quantisation<0.125 : 7>>
  %o = cnn.max_pool %y window <kernel 2x3 stride 2x1 pad 1x0x1x0> as "o_q" layer "low" : tensor<4x3x1xui8, #cim.quantisation<0.125 : 7>> -> tensor<3x1x1xui8, #cim.quantisation<0.125 : 7>>
  cnn.output %n "n_q" : tensor<3x1x2xui8, #cim.quantisation<0.5 : 0>>
  cnn.output %z "z_q" : tensor<3x2x1xui8, #cim.quantisation<0.125 : 7>>
  cnn.output %o "o_q" : tensor<3x1x1xui8, #cim.quantisation<0.125 : 7>>
}

// CHECK: builtin.module {
// CHECK-NEXT: %x_q = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<4x4x2xui8, halo 1x0x1x0 of 0>
// CHECK-NEXT: %conv = tile.feature_map "y_q" of "conv" role "intermediate" : !tile.feature_map<4x3x1xui8, halo 1x0x1x0 of 0>
// CHECK-NEXT: %max = tile.feature_map "n_q" of "max" role "output" : !tile.feature_map<3x1x2xui8>
// CHECK-NEXT: %again = tile.feature_map "z_q" of "again" role "output" : !tile.feature_map<3x2x1xui8>
// CHECK-NEXT: %low = tile.feature_map "o_q" of "low" role "output" : !tile.feature_map<3x1x1xui8>
// CHECK-NEXT: tile.layer "conv" kind "conv" macs 96 p_v 1 p_h 1
// CHECK-NEXT: %conv_block = tile.weight_block <"conv.matrix", "{{[0-9a-f]+}}"> rows <0 : 8> columns <0 : 1> : !tile.weight_block<8x1xi8>
// CHECK-NEXT: tile.sweep "conv" rows <0 : 4> columns <0 : 3> {
// CHECK-NEXT: %0 = tile.window %x_q <kernel 2x2 pad 1x0x0x0> : !tile.feature_map<4x4x2xui8, halo 1x0x1x0 of 0> -> vector<8xui8>
// CHECK-NEXT: %1 = tile.mvm %conv_block, %0 : !tile.weight_block<8x1xi8>, vector<8xui8> -> vector<1xi32>
// CHECK-NEXT: %2 = tile.requantise %1 bias <"conv.folded_bias", "@conv.bias"> multiplier <"conv.multiplier", "{{[0-9a-f]+}}"> channels <0 : 1> zero 7 clamp <0 : 255> : vector<1xi32> -> vector<1xui8>
// CHECK-NEXT: tile.store %2, %conv channels <0 : 1> : vector<1xui8>, !tile.feature_map<4x3x1xui8, halo 1x0x1x0 of 0>
// CHECK-NEXT: }
// CHECK-NEXT: tile.layer "max" kind "max_pool" macs 0 p_v 1 p_h 1
// CHECK-NEXT: tile.sweep "max" rows <0 : 3> columns <0 : 1> {
// CHECK-NEXT: %3 = tile.window %x_q <kernel 2x4 stride 2x1 pad 1x0x1x0> : !tile.feature_map<4x4x2xui8, halo 1x0x1x0 of 0> -> vector<16xui8>
// CHECK-NEXT: %4 = tile.max %3 segments 8 : vector<16xui8> -> vector<2xui8>
// CHECK-NEXT: tile.store %4, %max channels <0 : 2> : vector<2xui8>, !tile.feature_map<3x1x2xui8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.layer "again" kind "conv" macs 24 p_v 1 p_h 1
// CHECK-NEXT: %again_block = tile.weight_block <"again.matrix", "{{[0-9a-f]+}}"> rows <0 : 4> columns <0 : 1> : !tile.weight_block<4x1xi8>
// CHECK-NEXT: tile.sweep "again" rows <0 : 3> columns <0 : 2> {
// CHECK-NEXT: %5 = tile.window %conv <kernel 2x2> : !tile.feature_map<4x3x1xui8, halo 1x0x1x0 of 0> -> vector<4xui8>
// CHECK-NEXT: %6 = tile.mvm %again_block, %5 : !tile.weight_block<4x1xi8>, vector<4xui8> -> vector<1xi32>
// CHECK-NEXT: %7 = tile.requantise %6 bias <"again.folded_bias", "{{[0-9a-f]+}}"> multiplier <"again.multiplier", "@conv.scale"> channels <0 : 1> zero 7 clamp <0 : 255> : vector<1xi32> -> vector<1xui8>
// CHECK-NEXT: tile.store %7, %again channels <0 : 1> : vector<1xui8>, !tile.feature_map<3x2x1xui8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.layer "low" kind "max_pool" macs 0 p_v 1 p_h 1
// CHECK-NEXT: tile.sweep "low" rows <0 : 3> columns <0 : 1> {
// CHECK-NEXT: %8 = tile.window %conv <kernel 2x3 stride 2x1 pad 1x0x1x0> : !tile.feature_map<4x3x1xui8, halo 1x0x1x0 of 0> -> vector<6xui8>
// CHECK-NEXT: %9 = tile.max %8 segments 6 : vector<6xui8> -> vector<1xui8>
// CHECK-NEXT: tile.store %9, %low channels <0 : 1> : vector<1xui8>, !tile.feature_map<3x1x1xui8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// WEIGHTS: t uint8 256
// What works element by element.
builtin.module {
  %x = cnn.input "x_q" : tensor<2x2x2xi8, #cim.quantisation<0.5 : -4>>
  %u = cnn.table %x <"t", "@t"> as "u_q" layer "cat" : tensor<2x2x2xi8, #cim.quantisation<0.5 : -4>> -> tensor<2x2x2xi8, #cim.quantisation<0.25 : 1>>
  %s = cnn.add %x, %u as "s_q" layer "sum" : tensor<2x2x2xi8, #cim.quantisation<0.5 : -4>>, tensor<2x2x2xi8, #cim.quantisation<0.25 : 1>> -> tensor<2x2x2xi8, #cim.quantisation<0.25 : 1>>
  %c = cnn.concat %u, %s as "c_q" layer "cat" : tensor<2x2x2xi8, #cim.quantisation<0.25 : 1>>, tensor<2x2x2xi8, #cim.quantisation<0.25 : 1>> -> tensor<2x2x4xi8, #cim.quantisation<0.25 : 1>>
  %g = cnn.global_average_pool %c as "g_q" layer "pool" : tensor<2x2x4xi8, #cim.quantisation<0.25 : 1>> -> tensor<1x1x4xui8, #cim.quantisation<0.5 : 0>>
  cnn.output %g "g_q" : tensor<1x1x4xui8, #cim.quantisation<0.5 : 0>>
}

// CHECK: builtin.module {
// CHECK-NEXT: %x_q = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %cat = tile.feature_map "u_q" of "cat" role "intermediate" : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %sum = tile.feature_map "s_q" of "sum" role "intermediate" : !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: %cat_1 = tile.feature_map "c_q" of "cat" role "intermediate" : !tile.feature_map<2x2x4xi8>
// CHECK-NEXT: %pool = tile.feature_map "g_q" of "pool" role "output" : !tile.feature_map<1x1x4xui8>
// CHECK-NEXT: tile.layer "cat" kind "concat" macs 0 p_v 1 p_h 1
// CHECK-NEXT: tile.sweep "cat" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %0 = tile.window %x_q <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: %1 = tile.table %0 <"t", "@t"> : vector<2xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %1, %cat channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.layer "sum" kind "add" macs 0 p_v 1 p_h 1
// CHECK-NEXT: tile.sweep "sum" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %2 = tile.window %x_q <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: %3 = tile.window %cat <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: %4 = tile.add %2 times <2.0>, %3 times <1.0> offset <8.0> : vector<2xi8>, vector<2xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %4, %sum channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x2xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "cat" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %5 = tile.window %cat <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %5, %cat_1 channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x2x4xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.sweep "cat" rows <0 : 2> columns <0 : 2> {
// CHECK-NEXT: %6 = tile.window %sum <kernel 1x1> : !tile.feature_map<2x2x2xi8> -> vector<2xi8>
// CHECK-NEXT: tile.store %6, %cat_1 channels <2 : 4> : vector<2xi8>, !tile.feature_map<2x2x4xi8>
// CHECK-NEXT: }
// CHECK-NEXT: tile.layer "pool" kind "global_average_pool" macs 0 p_v 1 p_h 1
// CHECK-NEXT: tile.sweep "pool" rows <0 : 1> columns <0 : 1> {
// CHECK-NEXT: %7 = tile.window %cat_1 <kernel 2x2> : !tile.feature_map<2x2x4xi8> -> vector<16xi8>
// CHECK-NEXT: %8 = tile.sum %7 segments 4 : vector<16xi8> -> vector<4xi32>
// CHECK-NEXT: %9 = tile.requantise %8 bias <"pool.folded_bias", "{{[0-9a-f]+}}"> multiplier <"pool.multiplier", "{{[0-9a-f]+}}"> channels <0 : 4> zero 0 clamp <0 : 255> : vector<4xi32> -> vector<4xui8>
// CHECK-NEXT: tile.store %9, %pool channels <0 : 4> : vector<4xui8>, !tile.feature_map<1x1x4xui8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// An output that is another map by a second name is copied.
builtin.module {
  %x = cnn.input "x_q" : tensor<2x3x4xi8, #cim.quantisation<0.5 : -4>>
  cnn.output %x "y_q" : tensor<2x3x4xi8, #cim.quantisation<0.5 : -4>>
}

// CHECK: builtin.module {
// CHECK-NEXT: %x_q = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<2x3x4xi8>
// CHECK-NEXT: %y_q = tile.feature_map "y_q" of "y_q" role "output" : !tile.feature_map<2x3x4xi8>
// CHECK-NEXT: tile.layer "y_q" kind "copy" macs 0 p_v 1 p_h 1
// CHECK-NEXT: tile.sweep "y_q" rows <0 : 2> columns <0 : 3> {
// CHECK-NEXT: %0 = tile.window %x_q <kernel 1x1> : !tile.feature_map<2x3x4xi8> -> vector<4xi8>
// CHECK-NEXT: tile.store %0, %y_q channels <0 : 4> : vector<4xi8>, !tile.feature_map<2x3x4xi8>
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// A slice of channels is a view: the convolution names the channels that it takes, and
// the map that it looks at has its halo. A row of channels stands at all positions.
// WEIGHTS: v.weights int8 3x3x2x4
// WEIGHTS: v.bias int32 4
// WEIGHTS: v.scale float32 4
builtin.module {
  %x = cnn.input "x_q" : tensor<4x4x4xi8, #cim.quantisation<0.5 : -3>>
  %v = cnn.slice %x from <0x0> step <1x1> channels <2 : 4> as "v_q" layer "view" : tensor<4x4x4xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  %y = cnn.conv %v weights <"v.weights", "@v.weights"> bias <"v.bias", "@v.bias"> weight_scale <"v.scale", "@v.scale"> window <kernel 3x3 pad 1x1x1x1> groups 1 clamp <-128 : 127> as "y_q" layer "c" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x4xi8, #cim.quantisation<0.5 : -3>>
  %r = cnn.global_average_pool %x as "r_q" layer "row" : tensor<4x4x4xi8, #cim.quantisation<0.5 : -3>> -> tensor<1x1x4xi8, #cim.quantisation<0.5 : -3>>
  %z = cnn.multiply %y, %r as "z_q" layer "gate" : tensor<4x4x4xi8, #cim.quantisation<0.5 : -3>>, tensor<1x1x4xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x4xi8, #cim.quantisation<0.5 : -3>>
  %u = cnn.upsample %z block <2x1> as "u_q" layer "up" : tensor<4x4x4xi8, #cim.quantisation<0.5 : -3>> -> tensor<8x4x4xi8, #cim.quantisation<0.5 : -3>>
  cnn.output %u "u_q" : tensor<8x4x4xi8, #cim.quantisation<0.5 : -3>>
}

// CHECK: %x_q = tile.feature_map "x_q" of "" role "input" : !tile.feature_map<4x4x4xi8, halo 1x1x1x1 of -3>
// CHECK-NOT: "v_q"
// CHECK: tile.window %x_q <kernel 3x3 pad 1x1x1x1> channels <2 : 4>
// CHECK: tile.window %row <kernel 1x1 stride 0x0>
// CHECK-NEXT: tile.multiply %{{[0-9]+}} minus -3, %{{[0-9]+}} minus -3 times <0.5> plus -3
// CHECK: tile.sweep "up" rows <0 : 4> columns <0 : 4> {
// CHECK-NEXT: %[[V:[0-9]+]] = tile.window %gate <kernel 1x1>
// CHECK-NEXT: tile.store %[[V]], %up stride <2x1> offset <0x0> channels <0 : 4>
// CHECK-NEXT: tile.store %[[V]], %up stride <2x1> offset <1x0> channels <0 : 4>
