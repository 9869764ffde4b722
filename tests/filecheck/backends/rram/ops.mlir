// RUN: cimc-opt %s | filecheck %s

rram.memory 4096
rram.fill 1 x 64 at 0 with -3
rram.feature_map "x/0" layer "" origin 64 shape 4 x 4 x 16 strides 64, 16 i8 input
rram.feature_map "y" layer "add" origin 2112 shape 64 x 4 x 16 strides 64, 16 ui8 intermediate ring 2048 + 256
rram.layer "conv" kind "conv" macs 4096 {p_h = 1 : i64, p_v = 2 : i64}
rram.layer "add" kind "add" macs 0
rram.core 7 setup {
  rram.program xb0, #cim.weights<"conv", "00"> rows 16 + 16 columns 0 + 8
  rram.setq q0, #cim.weights<"bias", "01">, #cim.weights<"scale", "02"> columns 0 + 8
  rram.sett t3, #cim.weights<"table", "03">
  rram.credit s0, 4
} main {
  rram.section "conv" {
    rram.set a0, -64
    rram.loop 16 {
      rram.load v0 + 0, [a0 + 0], 1 x 16 stride 0
      rram.load v0 + 8, [a0 - 64], 2 x 4 stride -32
      rram.mvm v1, xb0, v0 unsigned
      rram.wait s0 += 1
      rram.add v1, v1, v2, 8
      rram.requant v3, v1, q0, 8 zero -5 clamp -5 to 127
      rram.store [a0 + 1024], v3 + 4, 4
      rram.call core 9, s1 += 2
      rram.step a0, 16
    }
  }
  rram.table v4, v3, t3, 8
  rram.max v4, v3, 2 x 4 accumulate
  rram.sum v5, v3, 2 x 4 unsigned
  rram.fsum v5, v3, 2 x 4 scale 2.5e-2 zero -3 unsigned accumulate
  rram.fquant v6, v5, 4 count 9 scale 0.1 zero 3
  rram.scale v7, v3, 4 ratio 1.5 offset -0.25 unsigned
  rram.blend v8, v3, v7, 4 ratio 0.5 unsigned_in unsigned_out
  rram.ring a1, 2048 + 256 from -64
  rram.walk a1, columns 4 from 0 step 16 jump -8
  rram.splat v255, 16, -128
  rram.next a1
  rram.slot a1, 4096
}
rram.core 9 main {
  rram.wait s1 += 32
}
rram.core 7 phase 1 setup {
  rram.credit s0, 1
} main {
  rram.wait s0 += 1
}

// CHECK:       builtin.module {
// CHECK-NEXT:    rram.memory 4096
// CHECK-NEXT:    rram.fill 1 x 64 at 0 with -3
// CHECK-NEXT:    rram.feature_map "x/0" layer "" origin 64 shape 4 x 4 x 16 strides 64, 16 i8 input
// CHECK-NEXT:    rram.feature_map "y" layer "add" origin 2112 shape 64 x 4 x 16 strides 64, 16 ui8 intermediate ring 2048 + 256
// CHECK-NEXT:    rram.layer "conv" kind "conv" macs 4096 {p_h = 1 : i64, p_v = 2 : i64}
// CHECK-NEXT:    rram.layer "add" kind "add" macs 0
// CHECK-NEXT:    rram.core 7 setup {
// CHECK-NEXT:      rram.program xb0, #cim.weights<"conv", "00"> rows 16 + 16 columns 0 + 8
// CHECK-NEXT:      rram.setq q0, #cim.weights<"bias", "01">, #cim.weights<"scale", "02"> columns 0 + 8
// CHECK-NEXT:      rram.sett t3, #cim.weights<"table", "03">
// CHECK-NEXT:      rram.credit s0, 4
// CHECK-NEXT:    } main {
// CHECK-NEXT:      rram.section "conv" {
// CHECK-NEXT:        rram.set a0, -64
// CHECK-NEXT:        rram.loop 16 {
// CHECK-NEXT:          rram.load v0, [a0], 1 x 16
// CHECK-NEXT:          rram.load v0 + 8, [a0 - 64], 2 x 4 stride -32
// CHECK-NEXT:          rram.mvm v1, xb0, v0 unsigned
// CHECK-NEXT:          rram.wait s0 += 1
// CHECK-NEXT:          rram.add v1, v1, v2, 8
// CHECK-NEXT:          rram.requant v3, v1, q0, 8 zero -5 clamp -5 to 127
// CHECK-NEXT:          rram.store [a0 + 1024], v3 + 4, 4
// CHECK-NEXT:          rram.call core 9, s1 += 2
// CHECK-NEXT:          rram.step a0, 16
// CHECK-NEXT:        }
// CHECK-NEXT:      }
// CHECK-NEXT:      rram.table v4, v3, t3, 8
// CHECK-NEXT:      rram.max v4, v3, 2 x 4 accumulate
// CHECK-NEXT:      rram.sum v5, v3, 2 x 4 unsigned
// CHECK-NEXT:      rram.fsum v5, v3, 2 x 4 scale 0.025 zero -3 unsigned accumulate
// CHECK-NEXT:      rram.fquant v6, v5, 4 count 9 scale 0.1 zero 3
// CHECK-NEXT:      rram.scale v7, v3, 4 ratio 1.5 offset -0.25 unsigned
// CHECK-NEXT:      rram.blend v8, v3, v7, 4 ratio 0.5 unsigned_in unsigned_out
// CHECK-NEXT:      rram.ring a1, 2048 + 256 from -64
// CHECK-NEXT:      rram.walk a1, columns 4 from 0 step 16 jump -8
// CHECK-NEXT:      rram.splat v255, 16, -128
// CHECK-NEXT:      rram.next a1
// CHECK-NEXT:      rram.slot a1, 4096
// CHECK-NEXT:    }
// CHECK-NEXT:    rram.core 9 main {
// CHECK-NEXT:      rram.wait s1 += 32
// CHECK-NEXT:    }
// CHECK-NEXT:    rram.core 7 phase 1 setup {
// CHECK-NEXT:      rram.credit s0, 1
// CHECK-NEXT:    } main {
// CHECK-NEXT:      rram.wait s0 += 1
// CHECK-NEXT:    }
// CHECK-NEXT:  }
