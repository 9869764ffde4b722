// RUN: cimc-opt %s | filecheck %s

// CHECK: builtin.module attributes {cim.model = "every op"} {
builtin.module attributes {cim.model = "every op"} {
  // CHECK-NEXT: %0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  %0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  // CHECK-NEXT: %1 = cnn.conv %0 weights <"w", "00"> bias <"b", "00"> weight_scale <"s", "00"> window <kernel 3x3 pad 1x1x1x1> groups 2 clamp <-3 : 127> as "y" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  %1 = cnn.conv %0 weights <"w", "00"> bias <"b", "00"> weight_scale <"s", "00"> window <kernel 3x3 pad 1x1x1x1> groups 2 clamp <-3 : 127> as "y" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  // CHECK-NEXT: %2 = cnn.table %1 <"t", "00"> as "t" layer "sigmoid" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x2xui8, #cim.quantisation<0.00390625 : 0>>
  %2 = cnn.table %1 <"t", "00"> as "t" layer "sigmoid" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x2xui8, #cim.quantisation<0.00390625 : 0>>
  // CHECK-NEXT: %3 = cnn.max_pool %0 window <kernel 2x2 stride 2x2> as "m" layer "max" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<2x2x2xi8, #cim.quantisation<0.5 : -3>>
  %3 = cnn.max_pool %0 window <kernel 2x2 stride 2x2> as "m" layer "max" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<2x2x2xi8, #cim.quantisation<0.5 : -3>>
  // CHECK-NEXT: %4 = cnn.average_pool %0 window <kernel 2x2 stride 2x2> count_include_pad false as "a" layer "average" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<2x2x2xi8, #cim.quantisation<0.25 : 1>>
  %4 = cnn.average_pool %0 window <kernel 2x2 stride 2x2> count_include_pad false as "a" layer "average" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<2x2x2xi8, #cim.quantisation<0.25 : 1>>
  // CHECK-NEXT: %5 = cnn.add %3, %4 as "sum" layer "add" : tensor<2x2x2xi8, #cim.quantisation<0.5 : -3>>, tensor<2x2x2xi8, #cim.quantisation<0.25 : 1>> -> tensor<2x2x2xi8, #cim.quantisation<1.0 : 0>>
  %5 = cnn.add %3, %4 as "sum" layer "add" : tensor<2x2x2xi8, #cim.quantisation<0.5 : -3>>, tensor<2x2x2xi8, #cim.quantisation<0.25 : 1>> -> tensor<2x2x2xi8, #cim.quantisation<1.0 : 0>>
  // CHECK-NEXT: %6 = cnn.concat %5, %5 as "cat" layer "concat" : tensor<2x2x2xi8, #cim.quantisation<1.0 : 0>>, tensor<2x2x2xi8, #cim.quantisation<1.0 : 0>> -> tensor<2x2x4xi8, #cim.quantisation<1.0 : 0>>
  %6 = cnn.concat %5, %5 as "cat" layer "concat" : tensor<2x2x2xi8, #cim.quantisation<1.0 : 0>>, tensor<2x2x2xi8, #cim.quantisation<1.0 : 0>> -> tensor<2x2x4xi8, #cim.quantisation<1.0 : 0>>
  // CHECK-NEXT: %7 = cnn.global_average_pool %6 as "g" layer "global" : tensor<2x2x4xi8, #cim.quantisation<1.0 : 0>> -> tensor<1x1x4xi8, #cim.quantisation<0.5 : 0>>
  %7 = cnn.global_average_pool %6 as "g" layer "global" : tensor<2x2x4xi8, #cim.quantisation<1.0 : 0>> -> tensor<1x1x4xi8, #cim.quantisation<0.5 : 0>>
  // CHECK-NEXT: %8 = cnn.multiply %0, %0 as "mul" layer "gate" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>, tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  %8 = cnn.multiply %0, %0 as "mul" layer "gate" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>, tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  // CHECK-NEXT: %9 = cnn.slice %0 from <1x0> step <2x2> channels <0 : 1> as "s" layer "cut" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<2x2x1xi8, #cim.quantisation<0.5 : -3>>
  %9 = cnn.slice %0 from <1x0> step <2x2> channels <0 : 1> as "s" layer "cut" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<2x2x1xi8, #cim.quantisation<0.5 : -3>>
  // CHECK-NEXT: %10 = cnn.pad %0 window <kernel 1x1 pad 0x1x0x1> as "p" layer "pad" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x6x2xi8, #cim.quantisation<0.5 : -3>>
  %10 = cnn.pad %0 window <kernel 1x1 pad 0x1x0x1> as "p" layer "pad" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x6x2xi8, #cim.quantisation<0.5 : -3>>
  // CHECK-NEXT: %11 = cnn.space_to_depth %0 block <2x2> as "d" layer "depth" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<2x2x8xi8, #cim.quantisation<0.5 : -3>>
  %11 = cnn.space_to_depth %0 block <2x2> as "d" layer "depth" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<2x2x8xi8, #cim.quantisation<0.5 : -3>>
  // CHECK-NEXT: %12 = cnn.depth_to_space %11 block <2x2> as "e" layer "space" : tensor<2x2x8xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  %12 = cnn.depth_to_space %11 block <2x2> as "e" layer "space" : tensor<2x2x8xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  // CHECK-NEXT: %13 = cnn.upsample %0 block <2x1> as "u" layer "up" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<8x4x2xi8, #cim.quantisation<0.5 : -3>>
  %13 = cnn.upsample %0 block <2x1> as "u" layer "up" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<8x4x2xi8, #cim.quantisation<0.5 : -3>>
  // CHECK-NEXT: %14 = cnn.shuffle %11 groups 4 as "h" layer "shuffle" : tensor<2x2x8xi8, #cim.quantisation<0.5 : -3>> -> tensor<2x2x8xi8, #cim.quantisation<0.5 : -3>>
  %14 = cnn.shuffle %11 groups 4 as "h" layer "shuffle" : tensor<2x2x8xi8, #cim.quantisation<0.5 : -3>> -> tensor<2x2x8xi8, #cim.quantisation<0.5 : -3>>
  // CHECK-NEXT: cnn.output %7 "g" : tensor<1x1x4xi8, #cim.quantisation<0.5 : 0>>
  cnn.output %7 "g" : tensor<1x1x4xi8, #cim.quantisation<0.5 : 0>>
}
