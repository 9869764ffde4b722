// RUN: cimc-opt %s -p convert-tile-to-rram --split-input-file | filecheck %s

// A map in a ring: addresses count from its start, and only the bytes beside its rows are
// filled. The writer fills the row above with a sweep; it waits for room before each row
// and signals each half of it.
builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, mesh_columns = 0 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, beat_cycles = 1 : i64, hop_cycles = 0 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" at 0 : !tile.feature_map<4x4x2xi8>
  %y = tile.feature_map "y_q" of "copy" role "intermediate" ring 3 at 64 : !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3>
  %s = tile.sequence 0 -> 1 : !tile.sequence
  %r = tile.sequence 1 -> 0 credit 3 : !tile.sequence
  tile.layer "copy" kind "copy" macs 0 p_v 1 p_h 1
  tile.sweep "copy" core 0 rows <0 : 1> columns <0 : 5> {
    %h = tile.splat -3 : vector<2xi8>
    tile.await %r every 5
    tile.store %h, %y padded channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3>
    tile.signal %s every 5 by 2
  }
  tile.sweep "copy" core 0 rows <0 : 4> columns <0 : 4> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    tile.await %r every 4
    tile.store %a, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of -3>
    tile.signal %s every 2
  }
}

// CHECK: builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, mesh_columns = 0 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, beat_cycles = 1 : i64, hop_cycles = 0 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
// CHECK-NEXT: rram.memory 94
// CHECK-NEXT: rram.fill 1 x 2 at 64 with -3
// CHECK-NEXT: rram.fill 2 x 2 at 74 stride 10 with -3
// CHECK-NEXT: rram.feature_map "x_q" layer "" origin 0 shape 4 x 4 x 2 strides 8, 2 i8 input
// CHECK-NEXT: rram.feature_map "y_q" layer "copy" origin 76 shape 4 x 4 x 2 strides 10, 2 i8 intermediate ring 64 + 30
// CHECK-NEXT: rram.layer "copy" kind "copy" macs 0 {bound_by = "vector unit", bound_cycles = 16 : i64, cycles_after = 0 : i64, cycles_before = 0 : i64, p_h = 1 : i64, p_v = 1 : i64}
// CHECK-NEXT: rram.core 0 setup {
// CHECK-NEXT: rram.section "copy" {
// CHECK-NEXT: rram.credit s0, 3
// CHECK-NEXT: }
// CHECK-NEXT: } main {
// CHECK-NEXT: rram.section "copy" {
// CHECK-NEXT: rram.ring a0, 64 + 30 from 0
// CHECK-NEXT: rram.wait s0 += 1
// CHECK-NEXT: rram.loop 5 {
// CHECK-NEXT: rram.splat v0, 2, -3
// CHECK-NEXT: rram.store [a0], v0, 2
// CHECK-NEXT: rram.step a0, 2
// CHECK-NEXT: }
// CHECK-NEXT: rram.call core 1, s0 += 2
// CHECK-NEXT: }
// CHECK-NEXT: rram.section "copy" {
// CHECK-NEXT: rram.set a0, 0
// CHECK-NEXT: rram.ring a1, 64 + 30 from 0
// CHECK-NEXT: rram.walk a1, columns 4 from 0 step 2 jump 2
// CHECK-NEXT: rram.loop 4 {
// CHECK-NEXT: rram.wait s0 += 1
// CHECK-NEXT: rram.loop 2 {
// CHECK-NEXT: rram.loop 2 {
// CHECK-NEXT: rram.load v0, [a0], 1 x 2
// CHECK-NEXT: rram.store [a1 + 12], v0, 2
// CHECK-NEXT: rram.step a0, 2
// CHECK-NEXT: rram.next a1
// CHECK-NEXT: }
// CHECK-NEXT: rram.call core 1, s0 += 1
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// A sweep with a product that waits for each half of a row of its operand: the wait stands
// before the first fetch of two positions, of which the second is fetched while the first
// is computed. Two more parts are awaited before each row, and three before all.
builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, mesh_columns = 0 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, beat_cycles = 1 : i64, hop_cycles = 0 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
  %y = tile.feature_map "y_q" of "" role "intermediate" ring 3 at 64 : !tile.feature_map<4x4x2xi8>
  %z = tile.feature_map "z_q" of "conv" role "output" at 128 : !tile.feature_map<4x4x3xi8>
  %w = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 3> core 1 array 0 : !tile.weight_block<2x3xi8>
  %s = tile.sequence 0 -> 1 : !tile.sequence
  %r = tile.sequence 1 -> 0 credit 3 : !tile.sequence
  tile.layer "conv" kind "conv" macs 96 p_v 1 p_h 1
  tile.sweep "conv" core 1 rows <0 : 4> columns <0 : 4> {
    tile.await %s by 3
    tile.await %s every 4 by 2
    tile.await %s every 2
    %a = tile.window %y <kernel 1x1> : !tile.feature_map<4x4x2xi8> -> vector<2xi8>
    %p = tile.mvm %w, %a : !tile.weight_block<2x3xi8>, vector<2xi8> -> vector<3xi32>
    %f = tile.requantise %p bias <"b", "00"> multiplier <"m", "00"> channels <0 : 3> zero 3 clamp <-128 : 127> : vector<3xi32> -> vector<3xi8>
    tile.store %f, %z channels <0 : 3> : vector<3xi8>, !tile.feature_map<4x4x3xi8>
    tile.signal %r every 4
  }
}

// CHECK: builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, mesh_columns = 0 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, beat_cycles = 1 : i64, hop_cycles = 0 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
// CHECK-NEXT: rram.memory 176
// CHECK-NEXT: rram.feature_map "y_q" layer "" origin 64 shape 4 x 4 x 2 strides 8, 2 i8 intermediate ring 64 + 24
// CHECK-NEXT: rram.feature_map "z_q" layer "conv" origin 128 shape 4 x 4 x 3 strides 12, 3 i8 output
// CHECK-NEXT: rram.layer "conv" kind "conv" macs 96 {bound_by = "crossbar", bound_cycles = 1600 : i64, cycles_after = 0 : i64, cycles_before = 0 : i64, p_h = 1 : i64, p_v = 1 : i64}
// CHECK-NEXT: rram.core 1 setup {
// CHECK-NEXT: rram.section "conv" {
// CHECK-NEXT: rram.program xb0, #cim.weights<"w", "00"> rows 0 + 2 columns 0 + 3
// CHECK-NEXT: rram.setq q0, #cim.weights<"b", "00">, #cim.weights<"m", "00"> columns 0 + 3
// CHECK-NEXT: }
// CHECK-NEXT: } main {
// CHECK-NEXT: rram.section "conv" {
// CHECK-NEXT: rram.ring a0, 64 + 24 from 0
// CHECK-NEXT: rram.set a1, 0
// CHECK-NEXT: rram.wait s0 += 3
// CHECK-NEXT: rram.loop 4 {
// CHECK-NEXT: rram.wait s0 += 2
// CHECK-NEXT: rram.loop 2 {
// CHECK-NEXT: rram.wait s0 += 1
// CHECK-NEXT: rram.load v0, [a0], 1 x 2
// CHECK-NEXT: rram.step a0, 2
// CHECK-NEXT: rram.mvm v1, xb0, v0
// CHECK-NEXT: rram.load v0, [a0], 1 x 2
// CHECK-NEXT: rram.step a0, 2
// CHECK-NEXT: rram.requant v2, v1, q0, 3 zero 3 clamp -128 to 127
// CHECK-NEXT: rram.mvm v1, xb0, v0
// CHECK-NEXT: rram.store [a1 + 128], v2, 3
// CHECK-NEXT: rram.step a1, 3
// CHECK-NEXT: rram.requant v2, v1, q0, 3 zero 3 clamp -128 to 127
// CHECK-NEXT: rram.store [a1 + 128], v2, 3
// CHECK-NEXT: rram.step a1, 3
// CHECK-NEXT: }
// CHECK-NEXT: rram.call core 0, s0 += 1
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// Without a period before its fetches, a sweep is one rotated loop of all positions, and a
// ring of partial sums is walked like the memory it is. Waits for what comes after a
// product do not hold up fetches: they stand inside.
builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, mesh_columns = 0 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, beat_cycles = 1 : i64, hop_cycles = 0 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" at 0 : !tile.feature_map<2x4x2xi8>
  %z = tile.feature_map "z_q" of "conv" role "output" at 128 : !tile.feature_map<2x4x3xi8>
  %w = tile.weight_block <"w", "00"> rows <0 : 2> columns <0 : 3> core 1 array 0 : !tile.weight_block<2x3xi8>
  %sums = tile.partial_sums "conv" ring 5 at 256 : !tile.partial_sums<2x4x3xi32>
  %s = tile.sequence 0 -> 1 : !tile.sequence
  %r = tile.sequence 1 -> 0 credit 5 : !tile.sequence
  %q = tile.sequence 1 -> 2 : !tile.sequence
  tile.layer "conv" kind "conv" macs 96 p_v 2 p_h 1
  tile.sweep "conv" core 1 rows <0 : 2> columns <0 : 4> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<2x4x2xi8> -> vector<2xi8>
    %p = tile.mvm %w, %a : !tile.weight_block<2x3xi8>, vector<2xi8> -> vector<3xi32>
    tile.await %s every 1
    %t = tile.load_partial %sums : !tile.partial_sums<2x4x3xi32> -> vector<3xi32>
    tile.signal %r every 1
    %u = tile.accumulate %t, %p : vector<3xi32>
    %f = tile.requantise %u bias <"b", "00"> multiplier <"m", "00"> channels <0 : 3> zero 3 clamp <-128 : 127> : vector<3xi32> -> vector<3xi8>
    tile.store %f, %z channels <0 : 3> : vector<3xi8>, !tile.feature_map<2x4x3xi8>
    tile.signal %q every 4
  }
}

// CHECK: builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, mesh_columns = 0 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, beat_cycles = 1 : i64, hop_cycles = 0 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
// CHECK-NEXT: rram.memory 316
// CHECK-NEXT: rram.feature_map "x_q" layer "" origin 0 shape 2 x 4 x 2 strides 8, 2 i8 input
// CHECK-NEXT: rram.feature_map "z_q" layer "conv" origin 128 shape 2 x 4 x 3 strides 12, 3 i8 output
// CHECK-NEXT: rram.layer "conv" kind "conv" macs 96 {bound_by = "crossbar", bound_cycles = 800 : i64, cycles_after = 0 : i64, cycles_before = 0 : i64, p_h = 1 : i64, p_v = 2 : i64}
// CHECK-NEXT: rram.core 1 setup {
// CHECK-NEXT: rram.section "conv" {
// CHECK-NEXT: rram.program xb0, #cim.weights<"w", "00"> rows 0 + 2 columns 0 + 3
// CHECK-NEXT: rram.setq q0, #cim.weights<"b", "00">, #cim.weights<"m", "00"> columns 0 + 3
// CHECK-NEXT: }
// CHECK-NEXT: } main {
// CHECK-NEXT: rram.section "conv" {
// CHECK-NEXT: rram.set a0, 0
// CHECK-NEXT: rram.ring a1, 256 + 60 from 0
// CHECK-NEXT: rram.set a2, 0
// CHECK-NEXT: rram.load v0, [a0], 1 x 2
// CHECK-NEXT: rram.step a0, 2
// CHECK-NEXT: rram.mvm v1, xb0, v0
// CHECK-NEXT: rram.loop 4 {
// CHECK-NEXT: rram.load v0, [a0], 1 x 2
// CHECK-NEXT: rram.step a0, 2
// CHECK-NEXT: rram.wait s0 += 1
// CHECK-NEXT: rram.load v2, [a1], 1 x 12
// CHECK-NEXT: rram.call core 0, s0 += 1
// CHECK-NEXT: rram.add v3, v2, v1, 3
// CHECK-NEXT: rram.mvm v1, xb0, v0
// CHECK-NEXT: rram.requant v4, v3, q0, 3 zero 3 clamp -128 to 127
// CHECK-NEXT: rram.store [a2 + 128], v4, 3
// CHECK-NEXT: rram.step a1, 12
// CHECK-NEXT: rram.step a2, 3
// CHECK-NEXT: }
// CHECK-NEXT: rram.call core 2, s0 += 1
// CHECK-NEXT: rram.loop 3 {
// CHECK-NEXT: rram.load v0, [a0], 1 x 2
// CHECK-NEXT: rram.step a0, 2
// CHECK-NEXT: rram.wait s0 += 1
// CHECK-NEXT: rram.load v2, [a1], 1 x 12
// CHECK-NEXT: rram.call core 0, s0 += 1
// CHECK-NEXT: rram.add v3, v2, v1, 3
// CHECK-NEXT: rram.mvm v1, xb0, v0
// CHECK-NEXT: rram.requant v4, v3, q0, 3 zero 3 clamp -128 to 127
// CHECK-NEXT: rram.store [a2 + 128], v4, 3
// CHECK-NEXT: rram.step a1, 12
// CHECK-NEXT: rram.step a2, 3
// CHECK-NEXT: }
// CHECK-NEXT: rram.wait s0 += 1
// CHECK-NEXT: rram.load v2, [a1], 1 x 12
// CHECK-NEXT: rram.call core 0, s0 += 1
// CHECK-NEXT: rram.add v3, v2, v1, 3
// CHECK-NEXT: rram.requant v4, v3, q0, 3 zero 3 clamp -128 to 127
// CHECK-NEXT: rram.store [a2 + 128], v4, 3
// CHECK-NEXT: rram.step a1, 12
// CHECK-NEXT: rram.step a2, 3
// CHECK-NEXT: rram.call core 2, s0 += 1
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
