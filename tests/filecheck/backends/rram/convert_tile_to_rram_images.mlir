// RUN: cimc-opt %s -p convert-tile-to-rram | filecheck %s

// Every register begins so many images further on in its buffer: that of the input, where
// all four lie, in a ring of three rows, and in one of two images with all of their halo.
builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, mesh_columns = 0 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, beat_cycles = 1 : i64, hop_cycles = 0 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" images 4 at 0 : !tile.feature_map<4x4x2xi8>
  %y = tile.feature_map "y_q" of "copy" role "intermediate" images 4 ring 3 at 128 : !tile.feature_map<4x4x2xi8>
  %z = tile.feature_map "z_q" of "halve" role "intermediate" images 4 ring 6 at 192 : !tile.feature_map<2x4x2xi8, halo 1x0x0x1 of -3>
  tile.layer "copy" kind "copy" macs 0 p_v 1 p_h 1
  tile.layer "halve" kind "copy" macs 0 p_v 1 p_h 1
  tile.sweep "copy" core 0 rows <0 : 4> columns <0 : 4> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8>
  }
  tile.sweep "halve" core 1 rows <0 : 2> columns <0 : 4> {
    %b = tile.window %y <kernel 1x1 stride 2x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    tile.store %b, %z channels <0 : 2> : vector<2xi8>, !tile.feature_map<2x4x2xi8, halo 1x0x0x1 of -3>
  }
}

// CHECK: builtin.module
// CHECK-NEXT: rram.memory 252
// CHECK-NEXT: rram.fill 1 x 10 at 192 with -3
// CHECK-NEXT: rram.fill 1 x 2 at 210 with -3
// CHECK-NEXT: rram.fill 1 x 2 at 220 with -3
// CHECK-NEXT: rram.fill 1 x 10 at 222 with -3
// CHECK-NEXT: rram.fill 1 x 2 at 240 with -3
// CHECK-NEXT: rram.fill 1 x 2 at 250 with -3
// CHECK-NEXT: rram.feature_maps "x_q" layer "" origin 0 shape 4 x 4 x 2 strides 8, 2 i8 input images 4 pitch 32
// CHECK-NEXT: rram.feature_maps "y_q" layer "copy" origin 128 shape 4 x 4 x 2 strides 8, 2 i8 intermediate ring 128 + 24 images 4 pitch 32
// CHECK-NEXT: rram.feature_maps "z_q" layer "halve" origin 202 shape 2 x 4 x 2 strides 10, 2 i8 intermediate ring 192 + 60 images 4 pitch 30
// CHECK-NEXT: rram.layer "copy" kind "copy" macs 0 {bound_by = "vector unit", bound_cycles = 16 : i64, cycles_after = 0 : i64, cycles_before = 0 : i64, p_h = 1 : i64, p_v = 1 : i64}
// CHECK-NEXT: rram.layer "halve" kind "copy" macs 0 {bound_by = "vector unit", bound_cycles = 8 : i64, cycles_after = 0 : i64, cycles_before = 1 : i64, p_h = 1 : i64, p_v = 1 : i64}
// CHECK-NEXT: rram.core 0 main {
// CHECK-NEXT: rram.section "copy" {
// CHECK-NEXT: rram.set a0, 0
// CHECK-NEXT: rram.slot a0, 32
// CHECK-NEXT: rram.ring a1, 128 + 24 from 0
// CHECK-NEXT: rram.slot a1, 32
// CHECK-NEXT: rram.loop 16 {
// CHECK-NEXT: rram.load v0, [a0], 1 x 2
// CHECK-NEXT: rram.store [a1], v0, 2
// CHECK-NEXT: rram.step a0, 2
// CHECK-NEXT: rram.step a1, 2
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: rram.core 1 main {
// CHECK-NEXT: rram.section "halve" {
// CHECK-NEXT: rram.ring a0, 128 + 24 from 0
// CHECK-NEXT: rram.slot a0, 32
// CHECK-NEXT: rram.walk a0, columns 4 from 0 step 2 jump 8
// CHECK-NEXT: rram.ring a1, 192 + 60 from 0
// CHECK-NEXT: rram.slot a1, 30
// CHECK-NEXT: rram.walk a1, columns 4 from 0 step 2 jump 2
// CHECK-NEXT: rram.loop 8 {
// CHECK-NEXT: rram.load v0, [a0], 1 x 2
// CHECK-NEXT: rram.store [a1 + 10], v0, 2
// CHECK-NEXT: rram.next a0
// CHECK-NEXT: rram.next a1
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
