// RUN: cimc-opt %s -p fuse-tables --split-input-file | filecheck %s

// The convolution keeps requantising to what the table reads.
builtin.module {
  %x = cnn.input "x_q" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  %y = cnn.conv %x weights <"w", "00"> bias <"b", "00"> weight_scale <"s", "00"> window <kernel 1x1> groups 1 clamp <-7 : 127> as "y_q" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
  %z = cnn.table %y <"t", "00"> as "z_q" layer "sigmoid" : tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>> -> tensor<4x4x3xi8, #cim.quantisation<0.00390625 : -128>>
  cnn.output %z "z_q" : tensor<4x4x3xi8, #cim.quantisation<0.00390625 : -128>>
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = cnn.input "x_q" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
// CHECK-NEXT: %z = cnn.conv %x weights <"w", "00"> bias <"b", "00"> weight_scale <"s", "00"> window <kernel 1x1> groups 1 clamp <-7 : 127> table <"t", "00"> of <0.25 : 3> as "z_q" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x3xi8, #cim.quantisation<0.00390625 : -128>>
// CHECK-NEXT: cnn.output %z "z_q" : tensor<4x4x3xi8, #cim.quantisation<0.00390625 : -128>>
// CHECK-NEXT: }

// -----

// Somebody else reads the result of the convolution.
builtin.module {
  %x = cnn.input "x_q" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  %y = cnn.conv %x weights <"w", "00"> bias <"b", "00"> weight_scale <"s", "00"> window <kernel 1x1> groups 1 clamp <-7 : 127> as "y_q" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
  %z = cnn.table %y <"t", "00"> as "z_q" layer "sigmoid" : tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>> -> tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
  cnn.output %y "y_q" : tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
  cnn.output %z "z_q" : tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = cnn.input "x_q" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
// CHECK-NEXT: %y = cnn.conv %x weights <"w", "00"> bias <"b", "00"> weight_scale <"s", "00"> window <kernel 1x1> groups 1 clamp <-7 : 127> as "y_q" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
// CHECK-NEXT: %z = cnn.table %y <"t", "00"> as "z_q" layer "sigmoid" : tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>> -> tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
// CHECK-NEXT: cnn.output %y "y_q" : tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
// CHECK-NEXT: cnn.output %z "z_q" : tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
// CHECK-NEXT: }

// -----

// The table changes the element type.
builtin.module {
  %x = cnn.input "x_q" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  %y = cnn.conv %x weights <"w", "00"> bias <"b", "00"> weight_scale <"s", "00"> window <kernel 1x1> groups 1 clamp <-7 : 127> as "y_q" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
  %z = cnn.table %y <"t", "00"> as "z_q" layer "sigmoid" : tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>> -> tensor<4x4x3xui8, #cim.quantisation<0.25 : 131>>
  cnn.output %z "z_q" : tensor<4x4x3xui8, #cim.quantisation<0.25 : 131>>
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = cnn.input "x_q" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
// CHECK-NEXT: %y = cnn.conv %x weights <"w", "00"> bias <"b", "00"> weight_scale <"s", "00"> window <kernel 1x1> groups 1 clamp <-7 : 127> as "y_q" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
// CHECK-NEXT: %z = cnn.table %y <"t", "00"> as "z_q" layer "sigmoid" : tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>> -> tensor<4x4x3xui8, #cim.quantisation<0.25 : 131>>
// CHECK-NEXT: cnn.output %z "z_q" : tensor<4x4x3xui8, #cim.quantisation<0.25 : 131>>
// CHECK-NEXT: }

// -----

// A convolution takes one table, not two.
builtin.module {
  %x = cnn.input "x_q" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  %y = cnn.conv %x weights <"w", "00"> bias <"b", "00"> weight_scale <"s", "00"> window <kernel 1x1> groups 1 clamp <-7 : 127> table <"u", "00"> of <1.0 : 0> as "y_q" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
  %z = cnn.table %y <"t", "00"> as "z_q" layer "sigmoid" : tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>> -> tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
  cnn.output %z "z_q" : tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = cnn.input "x_q" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
// CHECK-NEXT: %y = cnn.conv %x weights <"w", "00"> bias <"b", "00"> weight_scale <"s", "00"> window <kernel 1x1> groups 1 clamp <-7 : 127> table <"u", "00"> of <1.0 : 0> as "y_q" layer "conv" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
// CHECK-NEXT: %z = cnn.table %y <"t", "00"> as "z_q" layer "sigmoid" : tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>> -> tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
// CHECK-NEXT: cnn.output %z "z_q" : tensor<4x4x3xi8, #cim.quantisation<0.25 : 3>>
// CHECK-NEXT: }

// -----

// Only convolutions have a place for a table.
builtin.module {
  %x = cnn.input "x_q" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
  %z = cnn.table %x <"t", "00"> as "z_q" layer "sigmoid" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x2xi8, #cim.quantisation<0.25 : 3>>
  cnn.output %z "z_q" : tensor<4x4x2xi8, #cim.quantisation<0.25 : 3>>
}

// CHECK: builtin.module {
// CHECK-NEXT: %x = cnn.input "x_q" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>>
// CHECK-NEXT: %z = cnn.table %x <"t", "00"> as "z_q" layer "sigmoid" : tensor<4x4x2xi8, #cim.quantisation<0.5 : -3>> -> tensor<4x4x2xi8, #cim.quantisation<0.25 : 3>>
// CHECK-NEXT: cnn.output %z "z_q" : tensor<4x4x2xi8, #cim.quantisation<0.25 : 3>>
// CHECK-NEXT: }
