// RUN: not cimc-opt %s --split-input-file | filecheck %s

// CHECK: [CIM-1] the scale must be finite and positive, not 0.0
builtin.module attributes {a = #cim.quantisation<0.0 : 0>} {}

// -----
// CHECK: [CIM-1] the scale must be finite and positive, not -0.5
builtin.module attributes {a = #cim.quantisation<-0.5 : 0>} {}

// -----
// More than float32 holds.
// CHECK: [CIM-1] the scale must be finite and positive, not inf
builtin.module attributes {a = #cim.quantisation<1.0e39 : 0>} {}

// -----
// CHECK: [CIM-2] a range needs 0 <= start < stop, not 3 : 3
builtin.module attributes {a = #cim.range<3 : 3>} {}

// -----
// CHECK: [CIM-2] a range needs 0 <= start < stop, not -1 : 3
builtin.module attributes {a = #cim.range<-1 : 3>} {}

// -----
// CHECK: [CIM-3] a clamp needs low <= high, not 5 : 4
builtin.module attributes {a = #cim.clamp<5 : 4>} {}

// -----
// CHECK: [CIM-4] kernel and dilation must be positive, stride and padding not negative
builtin.module attributes {a = #cim.window<kernel 0x3 stride 1x1 dilation 1x1 pad 0x0x0x0>} {}

// -----
// CHECK: [CIM-4] kernel and dilation must be positive, stride and padding not negative
builtin.module attributes {a = #cim.window<kernel 3x3 stride 1x1 dilation 0x1 pad 0x0x0x0>} {}

// -----
// Fields have an order.
// CHECK: error[E072]
// CHECK: '>' expected
builtin.module attributes {a = #cim.window<kernel 3x3 dilation 1x1 stride 2x2>} {}

// -----
// Only the kernel has no default.
// CHECK: error[E072]
// CHECK: Expected 'kernel'
builtin.module attributes {a = #cim.window<stride 1x1>} {}
