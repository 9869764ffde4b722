// RUN: cimc-opt %s -p convert-tile-to-rram --split-input-file | filecheck %s

// Two row blocks on two cores, linear synchronisation. The halo is filled once; windows
// are strided loads. One loop covers all positions: registers walk over gaps in memory by
// themselves. A turn of it loads the next window while a crossbar multiplies this one.
builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, mesh_columns = 0 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, beat_cycles = 1 : i64, hop_cycles = 0 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" at 64 : !tile.feature_map<3x3x2xi8, halo 1x1x0x0 of -3>
  %y = tile.feature_map "y_q" of "conv" role "output" at 128 : !tile.feature_map<3x3x4xui8>
  tile.layer "conv" kind "conv" macs 576 p_v 2 p_h 1
  %w0 = tile.weight_block <"w", "00"> rows <0 : 6> columns <0 : 4> core 3 array 1 : !tile.weight_block<6x4xi8>
  %w1 = tile.weight_block <"w", "00"> rows <6 : 8> columns <0 : 4> core 5 array 0 : !tile.weight_block<2x4xi8>
  %sums = tile.partial_sums "conv" at 256 : !tile.partial_sums<3x3x4xi32>
  %s = tile.sequence 3 -> 5 : !tile.sequence
  tile.sweep "conv" core 3 rows <0 : 3> columns <0 : 3> {
    %a = tile.window %x <kernel 2x2 pad 1x1x0x0> elements <0 : 6> : !tile.feature_map<3x3x2xi8, halo 1x1x0x0 of -3> -> vector<6xi8>
    %p = tile.mvm %w0, %a : !tile.weight_block<6x4xi8>, vector<6xi8> -> vector<4xi32>
    tile.store_partial %p, %sums : vector<4xi32>, !tile.partial_sums<3x3x4xi32>
    tile.signal %s every 1
  }
  tile.sweep "conv" core 5 rows <0 : 3> columns <0 : 3> {
    %a = tile.window %x <kernel 2x2 pad 1x1x0x0> elements <6 : 8> : !tile.feature_map<3x3x2xi8, halo 1x1x0x0 of -3> -> vector<2xi8>
    %p = tile.mvm %w1, %a : !tile.weight_block<2x4xi8>, vector<2xi8> -> vector<4xi32>
    tile.await %s every 1
    %q = tile.load_partial %sums : !tile.partial_sums<3x3x4xi32> -> vector<4xi32>
    %r = tile.accumulate %q, %p : vector<4xi32>
    %f = tile.requantise %r bias <"b", "00"> multiplier <"m", "00"> channels <0 : 4> zero 3 clamp <0 : 255> : vector<4xi32> -> vector<4xui8>
    %t = tile.table %f <"t", "00"> : vector<4xui8> -> vector<4xui8>
    tile.store %t, %y channels <0 : 4> : vector<4xui8>, !tile.feature_map<3x3x4xui8>
  }
}

// CHECK: builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, mesh_columns = 0 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, beat_cycles = 1 : i64, hop_cycles = 0 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
// CHECK-NEXT: rram.memory 400
// CHECK-NEXT: rram.fill 1 x 10 at 64 with -3
// CHECK-NEXT: rram.fill 2 x 2 at 80 stride 8 with -3
// CHECK-NEXT: rram.feature_map "x_q" layer "" origin 74 shape 3 x 3 x 2 strides 8, 2 i8 input
// CHECK-NEXT: rram.feature_map "y_q" layer "conv" origin 128 shape 3 x 3 x 4 strides 12, 4 ui8 output
// CHECK-NEXT: rram.layer "conv" kind "conv" macs 576 {bound_by = "crossbar", bound_cycles = 900 : i64, cycles_after = 0 : i64, cycles_before = 0 : i64, p_h = 1 : i64, p_v = 2 : i64}
// CHECK-NEXT: rram.core 3 setup {
// CHECK-NEXT: rram.section "conv" {
// CHECK-NEXT: rram.program xb1, #cim.weights<"w", "00"> rows 0 + 6 columns 0 + 4
// CHECK-NEXT: }
// CHECK-NEXT: } main {
// CHECK-NEXT: rram.section "conv" {
// CHECK-NEXT: rram.set a0, 0
// CHECK-NEXT: rram.walk a0, columns 3 from 0 step 2 jump 2
// CHECK-NEXT: rram.set a1, 0
// CHECK-NEXT: rram.load v0, [a0 + 64], 1 x 4
// CHECK-NEXT: rram.load v0 + 4, [a0 + 72], 1 x 2
// CHECK-NEXT: rram.next a0
// CHECK-NEXT: rram.mvm v1, xb1, v0
// CHECK-NEXT: rram.loop 8 {
// CHECK-NEXT: rram.load v0, [a0 + 64], 1 x 4
// CHECK-NEXT: rram.load v0 + 4, [a0 + 72], 1 x 2
// CHECK-NEXT: rram.next a0
// CHECK-NEXT: rram.store [a1 + 256], v1, 16
// CHECK-NEXT: rram.mvm v1, xb1, v0
// CHECK-NEXT: rram.call core 5, s0 += 1
// CHECK-NEXT: rram.step a1, 16
// CHECK-NEXT: }
// CHECK-NEXT: rram.store [a1 + 256], v1, 16
// CHECK-NEXT: rram.call core 5, s0 += 1
// CHECK-NEXT: rram.step a1, 16
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: rram.core 5 setup {
// CHECK-NEXT: rram.section "conv" {
// CHECK-NEXT: rram.program xb0, #cim.weights<"w", "00"> rows 6 + 2 columns 0 + 4
// CHECK-NEXT: rram.setq q0, #cim.weights<"b", "00">, #cim.weights<"m", "00"> columns 0 + 4
// CHECK-NEXT: rram.sett t0, #cim.weights<"t", "00">
// CHECK-NEXT: }
// CHECK-NEXT: } main {
// CHECK-NEXT: rram.section "conv" {
// CHECK-NEXT: rram.set a0, 0
// CHECK-NEXT: rram.walk a0, columns 3 from 0 step 2 jump 2
// CHECK-NEXT: rram.set a1, 0
// CHECK-NEXT: rram.set a2, 0
// CHECK-NEXT: rram.load v0, [a0 + 74], 1 x 2
// CHECK-NEXT: rram.next a0
// CHECK-NEXT: rram.mvm v1, xb0, v0
// CHECK-NEXT: rram.loop 8 {
// CHECK-NEXT: rram.load v0, [a0 + 74], 1 x 2
// CHECK-NEXT: rram.next a0
// CHECK-NEXT: rram.wait s0 += 1
// CHECK-NEXT: rram.load v2, [a1 + 256], 1 x 16
// CHECK-NEXT: rram.add v3, v2, v1, 4
// CHECK-NEXT: rram.mvm v1, xb0, v0
// CHECK-NEXT: rram.requant v4, v3, q0, 4 zero 3 clamp 0 to 255
// CHECK-NEXT: rram.table v5, v4, t0, 4
// CHECK-NEXT: rram.store [a2 + 128], v5, 4
// CHECK-NEXT: rram.step a1, 16
// CHECK-NEXT: rram.step a2, 4
// CHECK-NEXT: }
// CHECK-NEXT: rram.wait s0 += 1
// CHECK-NEXT: rram.load v2, [a1 + 256], 1 x 16
// CHECK-NEXT: rram.add v3, v2, v1, 4
// CHECK-NEXT: rram.requant v4, v3, q0, 4 zero 3 clamp 0 to 255
// CHECK-NEXT: rram.table v5, v4, t0, 4
// CHECK-NEXT: rram.store [a2 + 128], v5, 4
// CHECK-NEXT: rram.step a1, 16
// CHECK-NEXT: rram.step a2, 4
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// A sweep over part of the rows and columns starts at its first position. A window of
// more bytes than a register is reduced row by row in a loop.
builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, mesh_columns = 0 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, beat_cycles = 1 : i64, hop_cycles = 0 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" at 0 : !tile.feature_map<7x7x8xui8>
  %y = tile.feature_map "y_q" of "max" role "intermediate" at 512 : !tile.feature_map<3x3x8xui8>
  %z = tile.feature_map "z_q" of "mean" role "output" at 640 : !tile.feature_map<3x3x8xi8>
  tile.layer "max" kind "max_pool" macs 0 p_v 1 p_h 1
  tile.sweep "max" core 0 rows <1 : 3> columns <1 : 2> {
    %a = tile.window %x <kernel 4x3 stride 2x2 pad 1x1x0x1> : !tile.feature_map<7x7x8xui8> -> vector<96xui8>
    %m = tile.max %a segments 12 : vector<96xui8> -> vector<8xui8>
    tile.store %m, %y channels <0 : 8> : vector<8xui8>, !tile.feature_map<3x3x8xui8>
  }
  tile.layer "mean" kind "average_pool" macs 0 p_v 1 p_h 1
  tile.sweep "mean" core 0 rows <0 : 1> columns <0 : 2> {
    %a = tile.window %x <kernel 3x3 stride 1x2 pad 1x0x0x0> taps <1 : 3> <0 : 3> : !tile.feature_map<7x7x8xui8> -> vector<48xui8>
    %m = tile.average %a segments 6 count 9 from <0.5 : 128> to <0.25 : 1> : vector<48xui8> -> vector<8xi8>
    tile.store %m, %z channels <0 : 8> : vector<8xi8>, !tile.feature_map<3x3x8xi8>
  }
}

// CHECK: builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, mesh_columns = 0 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, beat_cycles = 1 : i64, hop_cycles = 0 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
// CHECK-NEXT: rram.memory 712
// CHECK-NEXT: rram.feature_map "x_q" layer "" origin 0 shape 7 x 7 x 8 strides 56, 8 ui8 input
// CHECK-NEXT: rram.feature_map "y_q" layer "max" origin 512 shape 3 x 3 x 8 strides 24, 8 ui8 intermediate
// CHECK-NEXT: rram.feature_map "z_q" layer "mean" origin 640 shape 3 x 3 x 8 strides 24, 8 i8 output
// CHECK-NEXT: rram.layer "max" kind "max_pool" macs 0 {bound_by = "vector unit", bound_cycles = 28 : i64, cycles_after = 0 : i64, cycles_before = 0 : i64, p_h = 1 : i64, p_v = 1 : i64}
// CHECK-NEXT: rram.layer "mean" kind "average_pool" macs 0 {bound_by = "vector unit", bound_cycles = 16 : i64, cycles_after = 0 : i64, cycles_before = 0 : i64, p_h = 1 : i64, p_v = 1 : i64}
// CHECK-NEXT: rram.core 0 main {
// CHECK-NEXT: rram.section "max" {
// CHECK-NEXT: rram.set a0, 0
// CHECK-NEXT: rram.set a1, 0
// CHECK-NEXT: rram.loop 2 {
// CHECK-NEXT: rram.load v0, [a0 + 64], 1 x 24
// CHECK-NEXT: rram.max v1, v0, 3 x 8 unsigned
// CHECK-NEXT: rram.loop 3 {
// CHECK-NEXT: rram.step a0, 56
// CHECK-NEXT: rram.load v0, [a0 + 64], 1 x 24
// CHECK-NEXT: rram.max v1, v0, 3 x 8 unsigned accumulate
// CHECK-NEXT: }
// CHECK-NEXT: rram.step a0, -168
// CHECK-NEXT: rram.store [a1 + 544], v1, 8
// CHECK-NEXT: rram.step a0, 112
// CHECK-NEXT: rram.step a1, 24
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: rram.section "mean" {
// CHECK-NEXT: rram.set a0, 0
// CHECK-NEXT: rram.set a1, 0
// CHECK-NEXT: rram.loop 2 {
// CHECK-NEXT: rram.load v0, [a0], 2 x 24 stride 56
// CHECK-NEXT: rram.fsum v2, v0, 6 x 8 scale 0.5 zero 128 unsigned
// CHECK-NEXT: rram.fquant v1, v2, 8 count 9 scale 0.25 zero 1
// CHECK-NEXT: rram.store [a1 + 640], v1, 8
// CHECK-NEXT: rram.step a0, 16
// CHECK-NEXT: rram.step a1, 8
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// An addition is SCALE and BLEND. Sweeps without gaps in memory are one loop; registers
// that are set up the same way are set up once.
builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, mesh_columns = 0 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, beat_cycles = 1 : i64, hop_cycles = 0 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" at 0 : !tile.feature_map<2x3x4xui8>
  %u = tile.feature_map "u_q" of "add" role "intermediate" at 24 : !tile.feature_map<2x3x4xi8>
  %g = tile.feature_map "g_q" of "mean" role "output" at 48 : !tile.feature_map<1x1x4xi8>
  %s = tile.sequence 0 -> 1 : !tile.sequence
  tile.layer "add" kind "add" macs 0 p_v 1 p_h 1
  tile.sweep "add" core 0 rows <0 : 2> columns <0 : 3> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<2x3x4xui8> -> vector<4xui8>
    %b = tile.window %x <kernel 1x1> : !tile.feature_map<2x3x4xui8> -> vector<4xui8>
    %c = tile.add %a times <0.5>, %b times <0.25> offset <-3.0> : vector<4xui8>, vector<4xui8> -> vector<4xi8>
    %d = tile.table %c <"t", "00"> : vector<4xi8> -> vector<4xi8>
    %e = tile.table %d <"t", "00"> : vector<4xi8> -> vector<4xi8>
    tile.store %e, %u channels <0 : 4> : vector<4xi8>, !tile.feature_map<2x3x4xi8>
    tile.signal %s
  }
  tile.layer "mean" kind "global_average_pool" macs 0 p_v 1 p_h 1
  tile.sweep "mean" core 1 rows <0 : 1> columns <0 : 1> {
    tile.await %s
    %a = tile.window %u <kernel 2x3> : !tile.feature_map<2x3x4xi8> -> vector<24xi8>
    %b = tile.sum %a segments 6 : vector<24xi8> -> vector<4xi32>
    %c = tile.requantise %b bias <"b", "00"> multiplier <"m", "00"> channels <0 : 4> zero 3 clamp <-128 : 127> : vector<4xi32> -> vector<4xi8>
    tile.store %c, %g channels <0 : 4> : vector<4xi8>, !tile.feature_map<1x1x4xi8>
  }
}

// CHECK: builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, mesh_columns = 0 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, beat_cycles = 1 : i64, hop_cycles = 0 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
// CHECK-NEXT: rram.memory 52
// CHECK-NEXT: rram.feature_map "x_q" layer "" origin 0 shape 2 x 3 x 4 strides 12, 4 ui8 input
// CHECK-NEXT: rram.feature_map "u_q" layer "add" origin 24 shape 2 x 3 x 4 strides 12, 4 i8 intermediate
// CHECK-NEXT: rram.feature_map "g_q" layer "mean" origin 48 shape 1 x 1 x 4 strides 4, 4 i8 output
// CHECK-NEXT: rram.layer "add" kind "add" macs 0 {bound_by = "vector unit", bound_cycles = 24 : i64, cycles_after = 6 : i64, cycles_before = 0 : i64, p_h = 1 : i64, p_v = 1 : i64}
// CHECK-NEXT: rram.layer "mean" kind "global_average_pool" macs 0 {bound_by = "vector unit", bound_cycles = 6 : i64, cycles_after = 0 : i64, cycles_before = 24 : i64, p_h = 1 : i64, p_v = 1 : i64}
// CHECK-NEXT: rram.core 0 setup {
// CHECK-NEXT: rram.section "add" {
// CHECK-NEXT: rram.sett t0, #cim.weights<"t", "00">
// CHECK-NEXT: }
// CHECK-NEXT: } main {
// CHECK-NEXT: rram.section "add" {
// CHECK-NEXT: rram.set a0, 0
// CHECK-NEXT: rram.loop 6 {
// CHECK-NEXT: rram.load v0, [a0], 1 x 4
// CHECK-NEXT: rram.load v1, [a0], 1 x 4
// CHECK-NEXT: rram.scale v2, v1, 4 ratio 0.25 offset -3.0 unsigned
// CHECK-NEXT: rram.blend v3, v0, v2, 4 ratio 0.5 unsigned_in
// CHECK-NEXT: rram.table v4, v3, t0, 4
// CHECK-NEXT: rram.table v5, v4, t0, 4
// CHECK-NEXT: rram.store [a0 + 24], v5, 4
// CHECK-NEXT: rram.step a0, 4
// CHECK-NEXT: }
// CHECK-NEXT: rram.call core 1, s0 += 1
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: rram.core 1 setup {
// CHECK-NEXT: rram.section "mean" {
// CHECK-NEXT: rram.setq q0, #cim.weights<"b", "00">, #cim.weights<"m", "00"> columns 0 + 4
// CHECK-NEXT: }
// CHECK-NEXT: } main {
// CHECK-NEXT: rram.section "mean" {
// CHECK-NEXT: rram.set a0, 0
// CHECK-NEXT: rram.set a1, 0
// CHECK-NEXT: rram.wait s0 += 1
// CHECK-NEXT: rram.load v0, [a0 + 24], 1 x 24
// CHECK-NEXT: rram.sum v1, v0, 6 x 4
// CHECK-NEXT: rram.requant v2, v1, q0, 4 zero 3 clamp -128 to 127
// CHECK-NEXT: rram.store [a1 + 48], v2, 4
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// Signals and waits per row stand in the loop over rows.
builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, mesh_columns = 0 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, beat_cycles = 1 : i64, hop_cycles = 0 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" at 0 : !tile.feature_map<2x3x4xi8>
  %u = tile.feature_map "u_q" of "a" role "intermediate" at 24 : !tile.feature_map<2x3x4xi8>
  %v = tile.feature_map "v_q" of "b" role "output" at 48 : !tile.feature_map<2x3x4xi8>
  %s = tile.sequence 0 -> 1 : !tile.sequence
  tile.layer "a" kind "copy" macs 0 p_v 1 p_h 1
  tile.sweep "a" core 0 rows <0 : 2> columns <0 : 3> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<2x3x4xi8> -> vector<4xi8>
    tile.store %a, %u channels <0 : 4> : vector<4xi8>, !tile.feature_map<2x3x4xi8>
    tile.signal %s every 3
  }
  tile.layer "b" kind "copy" macs 0 p_v 1 p_h 1
  tile.sweep "b" core 1 rows <0 : 2> columns <0 : 3> {
    tile.await %s every 3
    %a = tile.window %u <kernel 1x1> : !tile.feature_map<2x3x4xi8> -> vector<4xi8>
    tile.store %a, %v channels <0 : 4> : vector<4xi8>, !tile.feature_map<2x3x4xi8>
  }
}

// CHECK: builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, mesh_columns = 0 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, beat_cycles = 1 : i64, hop_cycles = 0 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
// CHECK-NEXT: rram.memory 72
// CHECK-NEXT: rram.feature_map "x_q" layer "" origin 0 shape 2 x 3 x 4 strides 12, 4 i8 input
// CHECK-NEXT: rram.feature_map "u_q" layer "a" origin 24 shape 2 x 3 x 4 strides 12, 4 i8 intermediate
// CHECK-NEXT: rram.feature_map "v_q" layer "b" origin 48 shape 2 x 3 x 4 strides 12, 4 i8 output
// CHECK-NEXT: rram.layer "a" kind "copy" macs 0 {bound_by = "vector unit", bound_cycles = 6 : i64, cycles_after = 1 : i64, cycles_before = 0 : i64, p_h = 1 : i64, p_v = 1 : i64}
// CHECK-NEXT: rram.layer "b" kind "copy" macs 0 {bound_by = "vector unit", bound_cycles = 6 : i64, cycles_after = 0 : i64, cycles_before = 1 : i64, p_h = 1 : i64, p_v = 1 : i64}
// CHECK-NEXT: rram.core 0 main {
// CHECK-NEXT: rram.section "a" {
// CHECK-NEXT: rram.set a0, 0
// CHECK-NEXT: rram.loop 2 {
// CHECK-NEXT: rram.loop 3 {
// CHECK-NEXT: rram.load v0, [a0], 1 x 4
// CHECK-NEXT: rram.store [a0 + 24], v0, 4
// CHECK-NEXT: rram.step a0, 4
// CHECK-NEXT: }
// CHECK-NEXT: rram.call core 1, s0 += 1
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: rram.core 1 main {
// CHECK-NEXT: rram.section "b" {
// CHECK-NEXT: rram.set a0, 0
// CHECK-NEXT: rram.loop 2 {
// CHECK-NEXT: rram.wait s0 += 1
// CHECK-NEXT: rram.loop 3 {
// CHECK-NEXT: rram.load v0, [a0 + 24], 1 x 4
// CHECK-NEXT: rram.store [a0 + 48], v0, 4
// CHECK-NEXT: rram.step a0, 4
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
