// RUN: cimc-opt %s | filecheck %s

builtin.module attributes {
  weights = #cim.weights<"conv1.weights", "9f86d081884c7d65">,
  quantisation = #cim.quantisation<0.0235 : -3>,
  range = #cim.range<0 : 288>,
  clamp = #cim.clamp<-5 : 127>,
  point = #cim.clamp<7 : 7>,
  window = #cim.window<kernel 3x5 stride 1x2 dilation 2x1 pad 0x1x2x3>,
  plain = #cim.window<kernel 1x2 stride 1x1 dilation 1x1 pad 0x0x0x0>,
  padded = #cim.window<kernel 1x2 pad 0x1x0x1>
} {}
// CHECK: weights = #cim.weights<"conv1.weights", "9f86d081884c7d65">
// CHECK-SAME: quantisation = #cim.quantisation<0.0235 : -3>
// CHECK-SAME: range = #cim.range<0 : 288>
// CHECK-SAME: clamp = #cim.clamp<-5 : 127>
// CHECK-SAME: point = #cim.clamp<7 : 7>
// CHECK-SAME: window = #cim.window<kernel 3x5 stride 1x2 dilation 2x1 pad 0x1x2x3>
// CHECK-SAME: plain = #cim.window<kernel 1x2>
// CHECK-SAME: padded = #cim.window<kernel 1x2 pad 0x1x0x1>

// Scales are float32, printed as the shortest decimal that reads back as the same.
builtin.module attributes {
  a = #cim.quantisation<0.1 : 0>,
  b = #cim.quantisation<0.100000001490116 : 0>,
  c = #cim.quantisation<0.000000001 : 255>,
  d = #cim.quantisation<1 : 0>,
  e = #cim.quantisation<3.4028234663852886e+38 : 0>
} {}
// CHECK: a = #cim.quantisation<0.1 : 0>
// CHECK-SAME: b = #cim.quantisation<0.1 : 0>
// CHECK-SAME: c = #cim.quantisation<1.0e-09 : 255>
// CHECK-SAME: d = #cim.quantisation<1.0 : 0>
// CHECK-SAME: e = #cim.quantisation<3.4028235e+38 : 0>
