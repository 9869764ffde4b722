// RUN: not cimc-opt %s --split-input-file | filecheck %s

// CHECK: error[E073]: input.mlir: is invalid: [CNN-1] a feature map is tensor<HxWxCx{i8|ui8}, #cim.quantisation<scale : zero>>, not tensor<4x4xi8, #cim.quantisation<0.5 : -3>>
%0 = cnn.input "x" : tensor<4x4xi8, #cim.quantisation<0.5 : -3>>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [CNN-2] the zero point -3 is no value of the element type
%0 = cnn.input "x" : tensor<4x4x2xui8, #cim.quantisation<0.5 : -3>>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [CNN-3] the window has 2x2 positions, the result 3x3
%0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
%1 = cnn.max_pool %0 window <kernel 2x2 stride 2x2> as "m" layer "max" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<3x3x2xi8, #cim.quantisation<0.5 : -3>>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [CNN-4] 2 groups do not divide 2 input and 3 output channels
%0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
%1 = cnn.conv %0 weights <"w", "00"> bias <"b", "00"> scale <"s", "00"> window <kernel 1x1> groups 2 clamp <-3 : 127> as "y" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x3xi8, #cim.quantisation<0.5 : -3>>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [CNN-5] the clamp [-3, 255] exceeds the element type [-128, 127]
%0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
%1 = cnn.conv %0 weights <"w", "00"> bias <"b", "00"> scale <"s", "00"> window <kernel 1x1> groups 1 clamp <-3 : 255> as "y" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x3xi8, #cim.quantisation<0.5 : -3>>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [CNN-11] operands and result must have one shape
%0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
%1 = cnn.add %0, %0 as "y" layer "add" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>, tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x1xi8, #cim.quantisation<0.5 : -3>>

// -----

%0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
%1 = "cnn.conv"(%0) <{weights = #cim.weights<"w", "00">, bias = #cim.weights<"b", "00">, weight_scale = #cim.weights<"s", "00">, window = #cim.window<kernel 1x1>, groups = 1 : i64, clamp = #cim.clamp<-3 : 127>, table = #cim.weights<"t", "00">, tensor = "y", layer = "conv"}> : (tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>) -> tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
// CHECK: [CNN-13] a table and the quantisation of what it reads come together
