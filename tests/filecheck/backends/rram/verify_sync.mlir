// RUN: cimc-opt %s -p verify-sync | filecheck %s

// A ring of two vectors: credits let the writer run ahead, calls come back.
rram.memory 64
rram.layer "conv" kind "conv" macs 0
rram.core 0 setup {
  rram.credit s0, 2
} main {
  rram.section "conv" {
    rram.ring a0, 32 + 32 from 0
    rram.loop 8 {
      rram.wait s0 += 1
      rram.store [a0], v0, 16
      rram.call core 1, s0 += 1
      rram.step a0, 16
    }
  }
}
rram.core 1 main {
  rram.section "conv" {
    rram.ring a0, 32 + 32 from 0
    rram.loop 8 {
      rram.wait s0 += 1
      rram.load v0, [a0], 1 x 16
      rram.call core 0, s0 += 1
      rram.step a0, 16
    }
  }
}

// CHECK: rram.core 1 main {
