// RUN: not cimc-opt %s -p verify-sync --split-input-file | filecheck %s

rram.memory 64
rram.layer "conv" kind "conv" macs 0
rram.feature_map "x" layer "conv" origin 32 shape 8 x 1 x 16 strides 16, 16 i8 intermediate ring 32 + 32
rram.core 0 setup {
  rram.credit s0, 3
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

// CHECK:      error[E077]: layer 'conv', core 1, instruction 4: rram.load v0, [a0], 1 x 16 (execution 1): reads byte 32 of shared memory, which another core writes, and no chain of CALL and WAIT orders the two
// CHECK-NEXT:   written by layer 'conv', core 0, instruction 5: rram.store [a0], v0, 16 (execution 3)
// CHECK-NEXT:   row 0, column 0, channel 0 of feature map 'x'
// CHECK-NEXT:   try: report it with the model and the options, if cimc compiled this

// -----

rram.memory 64
rram.core 0 main {
  rram.wait s0 += 1
  rram.call core 1, s0 += 1
}
rram.core 1 main {
  rram.loop 2 {
    rram.wait s0 += 1
    rram.call core 0, s0 += 1
  }
}

// CHECK:      error[E077]: core 0, instruction 1: rram.wait s0 += 1: calls raise s0 of core 0 by 2, its waits expect 1
// CHECK-NEXT:   and core 1, instruction 3: rram.call core 0, s0 += 1

// -----

rram.memory 64
rram.core 0 main {
  rram.wait s0 += 1
  rram.call core 1, s0 += 1
}
rram.core 1 main {
  rram.wait s0 += 1
  rram.call core 0, s0 += 1
}

// CHECK:      error[E077]: core 0, instruction 1: rram.wait s0 += 1: deadlock: core 0 -> core 1 -> core 0 wait for each other
// CHECK-NEXT:   core 0, instruction 1: rram.wait s0 += 1, execution 1: waits for s0 of core 0, which needs execution 1 of core 1, instruction 2: rram.call core 0, s0 += 1
// CHECK-NEXT:   core 1, instruction 1: rram.wait s0 += 1, execution 1: waits for s0 of core 1, which needs execution 1 of core 0, instruction 2: rram.call core 1, s0 += 1

// -----

rram.memory 64
rram.core 0 main {
  rram.wait s0 += 2
}
rram.core 1 main {
  rram.call core 0, s0 += 1
}
rram.core 2 main {
  rram.call core 0, s0 += 1
}

// CHECK:      error[E077]: core 2, instruction 1: rram.call core 0, s0 += 1: cannot prove: s0 of core 0 has several callers
// CHECK-NEXT:   called by core 1, instruction 1: rram.call core 0, s0 += 1
