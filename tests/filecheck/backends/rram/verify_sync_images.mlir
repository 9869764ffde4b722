// RUN: cimc-opt %s -p verify-sync --split-input-file | filecheck %s

// Two rows an image go through a ring of three, from image to image.
rram.memory 128
rram.layer "conv" kind "conv" macs 0
rram.feature_maps "x" layer "conv" origin 32 shape 2 x 1 x 16 strides 16, 16 i8 intermediate ring 32 + 48 images 100 pitch 32
rram.core 0 setup {
  rram.credit s0, 3
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

// CHECK: images 100
// CHECK: rram.core 1 main {

// -----

// A ring of an image and a half holds both of two images in part.
rram.memory 128
rram.layer "conv" kind "conv" macs 0
rram.feature_maps "x" layer "conv" origin 32 shape 2 x 1 x 16 strides 16, 16 i8 intermediate ring 32 + 48 images 2 pitch 32
rram.core 0 setup {
  rram.credit s0, 3
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

// CHECK: images 2
// CHECK: rram.core 1 main {
