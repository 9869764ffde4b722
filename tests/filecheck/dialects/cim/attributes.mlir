// RUN: cimc-opt %s | filecheck %s

builtin.module attributes {
  cim.weights = #cim.weights<"conv1.weights", "9f86d081884c7d65">,
  cim.quantisation = #cim.quantisation<0.0235 : -3>,
  cim.range = #cim.range<0 : 288>,
  cim.clamp = #cim.clamp<-5 : 127>,
  cim.point = #cim.clamp<7 : 7>,
  cim.window = #cim.window<kernel 3x5 stride 1x2 dilation 2x1 pad 0x1x2x3>,
  cim.plain = #cim.window<kernel 1x2 stride 1x1 dilation 1x1 pad 0x0x0x0>,
  cim.padded = #cim.window<kernel 1x2 pad 0x1x0x1>
} {}
// CHECK: cim.weights = #cim.weights<"conv1.weights", "9f86d081884c7d65">
// CHECK-SAME: cim.quantisation = #cim.quantisation<0.0235 : -3>
// CHECK-SAME: cim.range = #cim.range<0 : 288>
// CHECK-SAME: cim.clamp = #cim.clamp<-5 : 127>
// CHECK-SAME: cim.point = #cim.clamp<7 : 7>
// CHECK-SAME: cim.window = #cim.window<kernel 3x5 stride 1x2 dilation 2x1 pad 0x1x2x3>
// CHECK-SAME: cim.plain = #cim.window<kernel 1x2>
// CHECK-SAME: cim.padded = #cim.window<kernel 1x2 pad 0x1x0x1>

// Scales are float32, printed as the shortest decimal that reads back as the same.
builtin.module attributes {
  cim.a = #cim.quantisation<0.1 : 0>,
  cim.b = #cim.quantisation<0.100000001490116 : 0>,
  cim.c = #cim.quantisation<0.000000001 : 255>,
  cim.d = #cim.quantisation<1 : 0>,
  cim.e = #cim.quantisation<3.4028234663852886e+38 : 0>
} {}
// CHECK: cim.a = #cim.quantisation<0.1 : 0>
// CHECK-SAME: cim.b = #cim.quantisation<0.1 : 0>
// CHECK-SAME: cim.c = #cim.quantisation<1.0e-09 : 255>
// CHECK-SAME: cim.d = #cim.quantisation<1.0 : 0>
// CHECK-SAME: cim.e = #cim.quantisation<3.4028235e+38 : 0>
