// RUN: cimc-opt %s | filecheck %s

racetrack.arrays m0 x 4 width 16 bank 0
racetrack.arrays m4 x 1 width 8 bank 3
racetrack.feature_map "x/0" layer "" copy 0 at m0 shape 2 x 12 channels 0 + 16 of 16 i8 input
racetrack.feature_map "y" layer "conv" copy 1 at m4 shape 1 x 8 channels 8 + 8 of 16 ui8 output
racetrack.layer "conv" kind "conv" macs 4096 {p_h = 1 : i64, shift_bound = 12 : i64}
racetrack.layer "add" kind "add" macs 0
racetrack.bank 0 setup {
  racetrack.program w0, #cim.weights<"conv", "00"> rows 16 + 8 columns 0 + 4 order #cim.weights<"order", "04">
  racetrack.setq q0, #cim.weights<"bias", "01">, #cim.weights<"scale", "02"> columns 0 + 4
  racetrack.sett t3, #cim.weights<"table", "03">
} main {
  racetrack.section "conv" {
    racetrack.set a0, -64
    racetrack.wait s1 += 3
    racetrack.fill [a15 + 0], 64 with -3
    racetrack.loop 16 {
      racetrack.shift_map m0[a0], -3
      racetrack.read [a1 + 0], m0[a0] domain 0[a2] + 0, 16
      racetrack.read [a1 - 16], m3[a0] domain -4[a2] + 12, 4
      racetrack.load v0 + 0, [a0 + 0], 1 x 16 stride 0
      racetrack.load v0 + 8, [a0 - 64], 2 x 4 stride -32
      racetrack.clear 4
      racetrack.mac w0[a15] domain 0[a3] x 2, v0[a4 + 0], 4
      racetrack.mac w1[a15] domain -4[a3] x 1, v0[a4 - 12], 4 unsigned lanewise
      racetrack.shift w0[a15], 1
      racetrack.load_sums v1, 4
      racetrack.add_sums v2, 3
      racetrack.store_sums v1, 4
      racetrack.requant v3, v1, q0, 4 zero -5 clamp -5 to 127
      racetrack.write m0[a0] domain 0[a5], v3 + 0, 4
      racetrack.transfer m4[a0] domain 3[a5], v3 + 4, 8
      racetrack.slide 0, 32 by 16
      racetrack.call bank 3, s1 += 2
      racetrack.step a0, 16
    }
  }
  racetrack.program w1, #cim.weights<"conv", "00"> rows 0 + 8 columns 4 + 4 order #cim.weights<"order", "04">
  racetrack.add v1, v1, v2, 8
  racetrack.table v4, v3, t3, 8
  racetrack.max v4, v3, 2 x 4 accumulate
  racetrack.sum v5, v3, 2 x 4 unsigned
  racetrack.fsum v5, v3, 2 x 4 scale 2.5e-2 zero -3 unsigned accumulate
  racetrack.fquant v6, v5, 4 count 9 scale 0.1 zero 3
  racetrack.scale v7, v3, 4 ratio 1.5 offset -0.25 unsigned
  racetrack.blend v8, v3, v7, 4 ratio 0.5 unsigned_in unsigned_out
}
racetrack.bank 3 main {
  racetrack.wait s1 += 32
}

// CHECK: builtin.module {
// CHECK-NEXT: racetrack.arrays m0 x 4 width 16 bank 0
// CHECK-NEXT: racetrack.arrays m4 x 1 width 8 bank 3
// CHECK-NEXT: racetrack.feature_map "x/0" layer "" copy 0 at m0 shape 2 x 12 channels 0 + 16 of 16 i8 input
// CHECK-NEXT: racetrack.feature_map "y" layer "conv" copy 1 at m4 shape 1 x 8 channels 8 + 8 of 16 ui8 output
// CHECK-NEXT: racetrack.layer "conv" kind "conv" macs 4096 {p_h = 1 : i64, shift_bound = 12 : i64}
// CHECK-NEXT: racetrack.layer "add" kind "add" macs 0
// CHECK-NEXT: racetrack.bank 0 setup {
// CHECK-NEXT: racetrack.program w0, #cim.weights<"conv", "00"> rows 16 + 8 columns 0 + 4 order #cim.weights<"order", "04">
// CHECK-NEXT: racetrack.setq q0, #cim.weights<"bias", "01">, #cim.weights<"scale", "02"> columns 0 + 4
// CHECK-NEXT: racetrack.sett t3, #cim.weights<"table", "03">
// CHECK-NEXT: } main {
// CHECK-NEXT: racetrack.section "conv" {
// CHECK-NEXT: racetrack.set a0, -64
// CHECK-NEXT: racetrack.wait s1 += 3
// CHECK-NEXT: racetrack.fill [a15], 64 with -3
// CHECK-NEXT: racetrack.loop 16 {
// CHECK-NEXT: racetrack.shift_map m0[a0], -3
// CHECK-NEXT: racetrack.read [a1], m0[a0] domain 0[a2], 16
// CHECK-NEXT: racetrack.read [a1 - 16], m3[a0] domain -4[a2] + 12, 4
// CHECK-NEXT: racetrack.load v0, [a0], 1 x 16
// CHECK-NEXT: racetrack.load v0 + 8, [a0 - 64], 2 x 4 stride -32
// CHECK-NEXT: racetrack.clear 4
// CHECK-NEXT: racetrack.mac w0[a15] domain 0[a3] x 2, v0[a4], 4
// CHECK-NEXT: racetrack.mac w1[a15] domain -4[a3] x 1, v0[a4 - 12], 4 unsigned lanewise
// CHECK-NEXT: racetrack.shift w0[a15], 1
// CHECK-NEXT: racetrack.load_sums v1, 4
// CHECK-NEXT: racetrack.add_sums v2, 3
// CHECK-NEXT: racetrack.store_sums v1, 4
// CHECK-NEXT: racetrack.requant v3, v1, q0, 4 zero -5 clamp -5 to 127
// CHECK-NEXT: racetrack.write m0[a0] domain 0[a5], v3, 4
// CHECK-NEXT: racetrack.transfer m4[a0] domain 3[a5], v3 + 4, 8
// CHECK-NEXT: racetrack.slide 0, 32 by 16
// CHECK-NEXT: racetrack.call bank 3, s1 += 2
// CHECK-NEXT: racetrack.step a0, 16
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: racetrack.program w1, #cim.weights<"conv", "00"> rows 0 + 8 columns 4 + 4 order #cim.weights<"order", "04">
// CHECK-NEXT: racetrack.add v1, v1, v2, 8
// CHECK-NEXT: racetrack.table v4, v3, t3, 8
// CHECK-NEXT: racetrack.max v4, v3, 2 x 4 accumulate
// CHECK-NEXT: racetrack.sum v5, v3, 2 x 4 unsigned
// CHECK-NEXT: racetrack.fsum v5, v3, 2 x 4 scale 0.025 zero -3 unsigned accumulate
// CHECK-NEXT: racetrack.fquant v6, v5, 4 count 9 scale 0.1 zero 3
// CHECK-NEXT: racetrack.scale v7, v3, 4 ratio 1.5 offset -0.25 unsigned
// CHECK-NEXT: racetrack.blend v8, v3, v7, 4 ratio 0.5 unsigned_in unsigned_out
// CHECK-NEXT: }
// CHECK-NEXT: racetrack.bank 3 main {
// CHECK-NEXT: racetrack.wait s1 += 32
// CHECK-NEXT: }
// CHECK-NEXT: }
