// RUN: cimc-opt %s | filecheck %s

// CHECK: builtin.module attributes {cim.model = "every op"} {
builtin.module attributes {cim.model = "every op"} {
  // CHECK-NEXT: %0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  %0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  // CHECK-NEXT: %1 = cnn.conv %0 weights <"w", "00"> bias <"b", "00"> scale <"s", "00"> window <kernel 3x3 pad 1x1x1x1> groups 2 clamp <-3 : 127> as "y" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  %1 = cnn.conv %0 weights <"w", "00"> bias <"b", "00"> scale <"s", "00"> window <kernel 3x3 pad 1x1x1x1> groups 2 clamp <-3 : 127> as "y" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
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
  // CHECK-NEXT: cnn.output %7 "g" : tensor<1x1x4xi8, #cim.quantisation<0.5 : 0>>
  cnn.output %7 "g" : tensor<1x1x4xi8, #cim.quantisation<0.5 : 0>>
}
