// RUN: not cimc-opt %s -p verify-sync --split-input-file | filecheck %s

// Three rows fit the ring, credit is for four: row 1 of the second image comes too early.
rram.memory 128
rram.layer "conv" kind "conv" macs 0
rram.feature_maps "x" layer "conv" origin 32 shape 2 x 1 x 16 strides 16, 16 i8 intermediate ring 32 + 48 images 4 pitch 32
rram.core 0 setup {
  rram.credit s0, 4
} main {
  rram.section "conv" {
    rram.ring a0, 32 + 48 from 0
    rram.slot a0, 32
    rram.loop 2 {
      rram.wait s0 += 1
      rram.store [a0], v0, 16
      rram.call core 1, s0 += 1
      rram.step a0, 16
    }
  }
}
rram.core 1 main {
  rram.section "conv" {
    rram.ring a0, 32 + 48 from 0
    rram.slot a0, 32
    rram.loop 2 {
      rram.wait s0 += 1
      rram.load v0, [a0], 1 x 16
      rram.call core 0, s0 += 1
      rram.step a0, 16
    }
  }
}

// CHECK: error[E077]: {{.*}} no chain of CALL and WAIT orders the two
// CHECK: row 0, column 0, channel 0 of feature map 'x'

// -----

// Nobody waits before the third image takes the place of the first.
rram.memory 128
rram.layer "conv" kind "conv" macs 0
rram.feature_maps "x" layer "conv" origin 32 shape 2 x 1 x 16 strides 16, 16 i8 intermediate ring 32 + 64 images 3 pitch 32
rram.core 0 main {
  rram.section "conv" {
    rram.ring a0, 32 + 64 from 0
    rram.slot a0, 32
    rram.loop 2 {
      rram.store [a0], v0, 16
      rram.call core 1, s0 += 1
      rram.step a0, 16
    }
  }
}
rram.core 1 main {
  rram.section "conv" {
    rram.ring a0, 32 + 64 from 0
    rram.slot a0, 32
    rram.loop 2 {
      rram.wait s0 += 1
      rram.load v0, [a0], 1 x 16
      rram.step a0, 16
    }
  }
}

// CHECK: error[E077]: {{.*}} reads byte 32 of shared memory, which another core writes, and no chain of CALL and WAIT orders the two

// -----

// Of images a row each, the fourth takes the place of the first.
rram.memory 128
rram.layer "conv" kind "conv" macs 0
rram.feature_maps "x" layer "conv" origin 32 shape 2 x 1 x 16 strides 16, 16 i8 intermediate ring 32 + 48 images 8 pitch 32
rram.core 0 main {
  rram.section "conv" {
    rram.ring a0, 32 + 48 from 0
    rram.slot a0, 32
    rram.loop 1 {
      rram.store [a0], v0, 16
      rram.call core 1, s0 += 1
      rram.step a0, 16
    }
  }
}
rram.core 1 main {
  rram.section "conv" {
    rram.ring a0, 32 + 48 from 0
    rram.slot a0, 32
    rram.loop 1 {
      rram.wait s0 += 1
      rram.load v0, [a0], 1 x 16
      rram.step a0, 16
    }
  }
}

// CHECK: error[E077]: {{.*}} cannot prove: no chain of CALL and WAIT orders the two in images far apart

// -----

// Each image comes to other places than the one before, and in the end to those of x.
rram.memory 128
rram.layer "conv" kind "conv" macs 0
rram.feature_maps "x" layer "conv" origin 96 shape 1 x 1 x 16 strides 16, 16 i8 input images 2 pitch 16
rram.core 0 main {
  rram.section "conv" {
    rram.slot a0, 96
    rram.store [a0], v0, 16
  }
}
rram.core 1 main {
  rram.section "conv" {
    rram.set a0, 96
    rram.slot a0, 16
    rram.load v0, [a0], 1 x 16
  }
}

// CHECK: error[E077]: {{.*}} reads byte 96 of shared memory, which another core writes, and no chain of CALL and WAIT orders the two
