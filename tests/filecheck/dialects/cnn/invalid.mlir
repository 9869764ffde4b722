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
%1 = cnn.conv %0 weights <"w", "00"> bias <"b", "00"> weight_scale <"s", "00"> window <kernel 1x1> groups 2 clamp <-3 : 127> as "y" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x3xi8, #cim.quantisation<0.5 : -3>>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [CNN-5] the clamp [-3, 255] exceeds the element type [-128, 127]
%0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
%1 = cnn.conv %0 weights <"w", "00"> bias <"b", "00"> weight_scale <"s", "00"> window <kernel 1x1> groups 1 clamp <-3 : 255> as "y" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x3xi8, #cim.quantisation<0.5 : -3>>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [CNN-11] operands must have the shape of the result, or one of them its channels alone
%0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
%1 = cnn.add %0, %0 as "y" layer "add" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>, tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x1xi8, #cim.quantisation<0.5 : -3>>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [CNN-3] the stride of a window must be positive
%0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
%1 = cnn.max_pool %0 window <kernel 2x2 stride 0x2> as "m" layer "max" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<2x2x2xi8, #cim.quantisation<0.5 : -3>>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [CNN-4] 3 groups do not divide 2 channels
%0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
%1 = cnn.shuffle %0 groups 3 as "s" layer "shuffle" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [CNN-8] pad keeps element type, scale and zero point
%0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
%1 = cnn.pad %0 window <kernel 1x1 pad 1x0x0x0> as "p" layer "pad" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<5x4x2xi8, #cim.quantisation<0.25 : -3>>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [CNN-14] the result must be 8x4x2, not 8x8x2
%0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
%1 = cnn.upsample %0 block <2x1> as "u" layer "up" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<8x8x2xi8, #cim.quantisation<0.5 : -3>>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [CNN-15] the slice leaves its operand
%0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
%1 = cnn.slice %0 from <1x0> step <2x1> channels <0 : 2> as "s" layer "cut" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<3x4x2xi8, #cim.quantisation<0.5 : -3>>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [CNN-16] blocks of 2x2 do not divide 2 channels
%0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
%1 = cnn.depth_to_space %0 block <2x2> as "d" layer "space" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<8x8x1xi8, #cim.quantisation<0.5 : -3>>

// -----
// CHECK: error[E073]: input.mlir: is invalid: [CNN-16] blocks of 3x3 do not divide 4x4x2
%0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
%1 = cnn.space_to_depth %0 block <3x3> as "d" layer "depth" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<1x1x18xi8, #cim.quantisation<0.5 : -3>>

// -----

%0 = cnn.input "x" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
%1 = "cnn.conv"(%0) <{weights = #cim.weights<"w", "00">, bias = #cim.weights<"b", "00">, weight_scale = #cim.weights<"s", "00">, window = #cim.window<kernel 1x1>, groups = 1 : i64, clamp = #cim.clamp<-3 : 127>, table = #cim.weights<"t", "00">, tensor = "y", layer = "conv"}> : (tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>) -> tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
// CHECK: [CNN-13] a table and the quantisation of what it reads come together
