// RUN: cimc-opt %s -p "order-domains{domains=8 ports=2},convert-tile-to-racetrack" --split-input-file | filecheck %s

// One block with strides and padding. The border is filled with the zero point, a row
// of the map is read once, and passes over the weights go up and down in turn. At the
// end the arrays of the map, which stand at offset 1, are brought back.
// WEIGHTS: w int8 4x4
builtin.module attributes {racetrack.chip = {name = "small", banks = 4 : i64, arrays_per_bank = 2 : i64, lanes = 4 : i64, domains = 8 : i64, ports = 2 : i64, word_bits = 32 : i64, weight_bits = 8 : i64, accumulator_bits = 32 : i64, buffer_macro_units = 64 : i64, vector_registers = 8 : i64, vector_register_bytes = 64 : i64, vector_lanes = 4 : i64, parameter_registers = 2 : i64, table_registers = 2 : i64, sequence_registers = 4 : i64, instruction_memory = 512 : i64, line_buffer_bytes = 64 : i64, link_bytes = 4 : i64, port_policy = "static", port_update = "lazy", longest_shift = 32767 : i64, issue_cycles = 1 : i64, shift_cycles = 1 : i64, read_cycles = 1 : i64, write_cycles = 2 : i64, mac_cycles = 346 : i64, vector_startup_cycles = 2 : i64, transfer_latency_cycles = 10 : i64, call_latency_cycles = 4 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" core 0 at 0 : !tile.feature_map<4x4x1xi8, halo 1x1x0x0 of -3>
  %y = tile.feature_map "y_q" of "conv" role "output" core 0 at 4 : !tile.feature_map<2x2x4xui8>
  tile.layer "conv" kind "conv" macs 64 p_v 1 p_h 1
  %w = tile.weight_block <"w", "@w"> rows <0 : 4> columns <0 : 4> core 0 array 1 : !tile.weight_block<4x4xi8>
  tile.sweep "conv" core 0 rows <0 : 2> columns <0 : 2> {
    %0 = tile.window %x <kernel 2x2 stride 2x2 pad 1x1x0x0> : !tile.feature_map<4x4x1xi8, halo 1x1x0x0 of -3> -> vector<4xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<4x4xi8>, vector<4xi8> -> vector<4xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 4> zero 3 clamp <0 : 255> : vector<4xi32> -> vector<4xui8>
    tile.store %2, %y channels <0 : 4> : vector<4xui8>, !tile.feature_map<2x2x4xui8>
  }
}

// CHECK: builtin.module attributes {racetrack.chip = {name = "small", banks = 4 : i64, arrays_per_bank = 2 : i64, lanes = 4 : i64, domains = 8 : i64, ports = 2 : i64, word_bits = 32 : i64, weight_bits = 8 : i64, accumulator_bits = 32 : i64, buffer_macro_units = 64 : i64, vector_registers = 8 : i64, vector_register_bytes = 64 : i64, vector_lanes = 4 : i64, parameter_registers = 2 : i64, table_registers = 2 : i64, sequence_registers = 4 : i64, instruction_memory = 512 : i64, line_buffer_bytes = 64 : i64, link_bytes = 4 : i64, port_policy = "static", port_update = "lazy", longest_shift = 32767 : i64, issue_cycles = 1 : i64, shift_cycles = 1 : i64, read_cycles = 1 : i64, write_cycles = 2 : i64, mac_cycles = 346 : i64, vector_startup_cycles = 2 : i64, transfer_latency_cycles = 10 : i64, call_latency_cycles = 4 : i64}} {
// CHECK-NEXT: racetrack.arrays m0 x 4 width 1 bank 0
// CHECK-NEXT: racetrack.arrays m4 x 2 width 4 bank 0
// CHECK-NEXT: racetrack.feature_map "x_q" layer "" copy 0 at m0 shape 4 x 4 channels 0 + 1 of 1 i8 input
// CHECK-NEXT: racetrack.feature_map "y_q" layer "conv" copy 0 at m4 shape 2 x 2 channels 0 + 4 of 4 ui8 output
// CHECK-NEXT: racetrack.layer "conv" kind "conv" macs 64 {p_h = 1 : i64, p_v = 1 : i64, shift_bound = 10 : i64}
// CHECK-NEXT: racetrack.bank 0 setup {
// CHECK-NEXT: racetrack.section "conv" {
// CHECK-NEXT: racetrack.program w1, #cim.weights<"w", "@w"> rows 0 + 4 columns 0 + 4 order #cim.weights<"order.8.2.4", "{{[0-9a-f]+}}">
// CHECK-NEXT: racetrack.setq q0, #cim.weights<"b", "00">, #cim.weights<"m", "00"> columns 0 + 4
// CHECK-NEXT: }
// CHECK-NEXT: } main {
// CHECK-NEXT: racetrack.section "conv" {
// CHECK-NEXT: racetrack.set a0, -2
// CHECK-NEXT: racetrack.set a1, -4
// CHECK-NEXT: racetrack.fill [a15], 8 with -3
// CHECK-NEXT: racetrack.set a2, 0
// CHECK-NEXT: racetrack.set a3, 0
// CHECK-NEXT: racetrack.read [a3 + 5], m4[a1] domain 0[a2], 1
// CHECK-NEXT: racetrack.read [a3 + 6], m4[a1] domain 4[a2], 1
// CHECK-NEXT: racetrack.step a2, 1
// CHECK-NEXT: racetrack.step a3, 2
// CHECK-NEXT: racetrack.shift_map m4[a1], 1
// CHECK-NEXT: racetrack.read [a3 + 5], m4[a1] domain 0[a2], 1
// CHECK-NEXT: racetrack.set a4, 0
// CHECK-NEXT: racetrack.set a5, 0
// CHECK-NEXT: racetrack.load v0, [a4], 2 x 2 stride 4
// CHECK-NEXT: racetrack.clear 4
// CHECK-NEXT: racetrack.set a6, 0
// CHECK-NEXT: racetrack.set a7, 0
// CHECK-NEXT: racetrack.mac w1[a15] domain 0[a6] x 2, v0[a7], 4
// CHECK-NEXT: racetrack.step a6, 1
// CHECK-NEXT: racetrack.step a7, 2
// CHECK-NEXT: racetrack.shift w1[a15], 1
// CHECK-NEXT: racetrack.mac w1[a15] domain 0[a6] x 2, v0[a7], 4
// CHECK-NEXT: racetrack.store_sums v1, 4
// CHECK-NEXT: racetrack.requant v2, v1, q0, 4 zero 3 clamp 0 to 255
// CHECK-NEXT: racetrack.write m6[a0] domain 0[a5], v2, 4
// CHECK-NEXT: racetrack.step a4, 2
// CHECK-NEXT: racetrack.step a5, 4
// CHECK-NEXT: racetrack.load v0, [a4], 2 x 2 stride 4
// CHECK-NEXT: racetrack.clear 4
// CHECK-NEXT: racetrack.set a6, 1
// CHECK-NEXT: racetrack.set a7, 2
// CHECK-NEXT: racetrack.mac w1[a15] domain 0[a6] x 2, v0[a7], 4
// CHECK-NEXT: racetrack.step a6, -1
// CHECK-NEXT: racetrack.step a7, -2
// CHECK-NEXT: racetrack.shift w1[a15], -1
// CHECK-NEXT: racetrack.mac w1[a15] domain 0[a6] x 2, v0[a7], 4
// CHECK-NEXT: racetrack.store_sums v1, 4
// CHECK-NEXT: racetrack.requant v2, v1, q0, 4 zero 3 clamp 0 to 255
// CHECK-NEXT: racetrack.write m6[a0] domain 0[a5], v2, 4
// CHECK-NEXT: racetrack.step a4, 2
// CHECK-NEXT: racetrack.step a5, 4
// CHECK-NEXT: racetrack.step a0, 1
// CHECK-NEXT: racetrack.step a1, 2
// CHECK-NEXT: racetrack.set a2, 0
// CHECK-NEXT: racetrack.set a3, 0
// CHECK-NEXT: racetrack.read [a3 + 1], m3[a1] domain 0[a2], 1
// CHECK-NEXT: racetrack.read [a3 + 2], m3[a1] domain 4[a2], 1
// CHECK-NEXT: racetrack.step a2, 1
// CHECK-NEXT: racetrack.step a3, 2
// CHECK-NEXT: racetrack.shift_map m3[a1], 1
// CHECK-NEXT: racetrack.read [a3 + 1], m3[a1] domain 0[a2], 1
// CHECK-NEXT: racetrack.set a2, 0
// CHECK-NEXT: racetrack.set a3, 0
// CHECK-NEXT: racetrack.read [a3 + 5], m4[a1] domain 0[a2], 1
// CHECK-NEXT: racetrack.read [a3 + 6], m4[a1] domain 4[a2], 1
// CHECK-NEXT: racetrack.step a2, 1
// CHECK-NEXT: racetrack.step a3, 2
// CHECK-NEXT: racetrack.shift_map m4[a1], 1
// CHECK-NEXT: racetrack.read [a3 + 5], m4[a1] domain 0[a2], 1
// CHECK-NEXT: racetrack.set a4, 0
// CHECK-NEXT: racetrack.set a5, 0
// CHECK-NEXT: racetrack.load v0, [a4], 2 x 2 stride 4
// CHECK-NEXT: racetrack.clear 4
// CHECK-NEXT: racetrack.set a6, 0
// CHECK-NEXT: racetrack.set a7, 0
// CHECK-NEXT: racetrack.mac w1[a15] domain 0[a6] x 2, v0[a7], 4
// CHECK-NEXT: racetrack.step a6, 1
// CHECK-NEXT: racetrack.step a7, 2
// CHECK-NEXT: racetrack.shift w1[a15], 1
// CHECK-NEXT: racetrack.mac w1[a15] domain 0[a6] x 2, v0[a7], 4
// CHECK-NEXT: racetrack.store_sums v1, 4
// CHECK-NEXT: racetrack.requant v2, v1, q0, 4 zero 3 clamp 0 to 255
// CHECK-NEXT: racetrack.write m6[a0] domain 0[a5], v2, 4
// CHECK-NEXT: racetrack.step a4, 2
// CHECK-NEXT: racetrack.step a5, 4
// CHECK-NEXT: racetrack.load v0, [a4], 2 x 2 stride 4
// CHECK-NEXT: racetrack.clear 4
// CHECK-NEXT: racetrack.set a6, 1
// CHECK-NEXT: racetrack.set a7, 2
// CHECK-NEXT: racetrack.mac w1[a15] domain 0[a6] x 2, v0[a7], 4
// CHECK-NEXT: racetrack.step a6, -1
// CHECK-NEXT: racetrack.step a7, -2
// CHECK-NEXT: racetrack.shift w1[a15], -1
// CHECK-NEXT: racetrack.mac w1[a15] domain 0[a6] x 2, v0[a7], 4
// CHECK-NEXT: racetrack.store_sums v1, 4
// CHECK-NEXT: racetrack.requant v2, v1, q0, 4 zero 3 clamp 0 to 255
// CHECK-NEXT: racetrack.write m6[a0] domain 0[a5], v2, 4
// CHECK-NEXT: racetrack.step a4, 2
// CHECK-NEXT: racetrack.step a5, 4
// CHECK-NEXT: racetrack.step a0, 1
// CHECK-NEXT: racetrack.step a1, 2
// CHECK-NEXT: racetrack.set a0, 0
// CHECK-NEXT: racetrack.loop 3 {
// CHECK-NEXT: racetrack.shift_map m0[a0], -1
// CHECK-NEXT: racetrack.step a0, 1
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// Two row blocks of one bank add up in its accumulators; two more of another bank come
// over as sums, by TRANSFER and CALL. The second map lies in bank 1.
// WEIGHTS: w int8 4x2
builtin.module attributes {racetrack.chip = {name = "small", banks = 4 : i64, arrays_per_bank = 2 : i64, lanes = 4 : i64, domains = 8 : i64, ports = 2 : i64, word_bits = 32 : i64, weight_bits = 8 : i64, accumulator_bits = 32 : i64, buffer_macro_units = 64 : i64, vector_registers = 8 : i64, vector_register_bytes = 64 : i64, vector_lanes = 4 : i64, parameter_registers = 2 : i64, table_registers = 2 : i64, sequence_registers = 4 : i64, instruction_memory = 512 : i64, line_buffer_bytes = 64 : i64, link_bytes = 4 : i64, port_policy = "static", port_update = "lazy", longest_shift = 32767 : i64, issue_cycles = 1 : i64, shift_cycles = 1 : i64, read_cycles = 1 : i64, write_cycles = 2 : i64, mac_cycles = 346 : i64, vector_startup_cycles = 2 : i64, transfer_latency_cycles = 10 : i64, call_latency_cycles = 4 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" core 0 at 0 : !tile.feature_map<1x2x4xui8>
  %x1 = tile.feature_map "x_q" of "" role "input" core 1 at 1 : !tile.feature_map<1x2x4xui8>
  %y = tile.feature_map "y_q" of "conv" role "output" core 1 at 2 : !tile.feature_map<1x2x2xi8>
  %p = tile.partial_sums "conv" core 1 at 3 : !tile.partial_sums<1x2x2xi32>
  tile.layer "conv" kind "conv" macs 16 p_v 3 p_h 1
  %w0 = tile.weight_block <"w", "@w"> rows <0 : 2> columns <0 : 2> core 0 array 0 : !tile.weight_block<2x2xi8>
  %w1 = tile.weight_block <"w", "@w"> rows <2 : 3> columns <0 : 2> core 0 array 1 : !tile.weight_block<1x2xi8>
  %w2 = tile.weight_block <"w", "@w"> rows <3 : 4> columns <0 : 2> core 1 array 0 : !tile.weight_block<1x2xi8>
  %s = tile.sequence 0 -> 1 : !tile.sequence
  tile.sweep "conv" core 0 rows <0 : 1> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x1> elements <0 : 2> : !tile.feature_map<1x2x4xui8> -> vector<2xui8>
    %1 = tile.mvm %w0, %0 : !tile.weight_block<2x2xi8>, vector<2xui8> -> vector<2xi32>
    %2 = tile.window %x <kernel 1x1> elements <2 : 3> : !tile.feature_map<1x2x4xui8> -> vector<1xui8>
    %3 = tile.mvm %w1, %2 : !tile.weight_block<1x2xi8>, vector<1xui8> -> vector<2xi32>
    %4 = tile.accumulate %1, %3 : vector<2xi32>
    tile.store_partial %4, %p : vector<2xi32>, !tile.partial_sums<1x2x2xi32>
    tile.signal %s
  }
  tile.sweep "conv" core 1 rows <0 : 1> columns <0 : 2> {
    tile.await %s
    %0 = tile.window %x1 <kernel 1x1> elements <3 : 4> : !tile.feature_map<1x2x4xui8> -> vector<1xui8>
    %1 = tile.mvm %w2, %0 : !tile.weight_block<1x2xi8>, vector<1xui8> -> vector<2xi32>
    %2 = tile.load_partial %p : !tile.partial_sums<1x2x2xi32> -> vector<2xi32>
    %3 = tile.accumulate %2, %1 : vector<2xi32>
    %4 = tile.requantise %3 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 2> zero 3 clamp <-128 : 127> : vector<2xi32> -> vector<2xi8>
    tile.store %4, %y channels <0 : 2> : vector<2xi8>, !tile.feature_map<1x2x2xi8>
  }
}

// CHECK: builtin.module attributes {racetrack.chip = {name = "small", banks = 4 : i64, arrays_per_bank = 2 : i64, lanes = 4 : i64, domains = 8 : i64, ports = 2 : i64, word_bits = 32 : i64, weight_bits = 8 : i64, accumulator_bits = 32 : i64, buffer_macro_units = 64 : i64, vector_registers = 8 : i64, vector_register_bytes = 64 : i64, vector_lanes = 4 : i64, parameter_registers = 2 : i64, table_registers = 2 : i64, sequence_registers = 4 : i64, instruction_memory = 512 : i64, line_buffer_bytes = 64 : i64, link_bytes = 4 : i64, port_policy = "static", port_update = "lazy", longest_shift = 32767 : i64, issue_cycles = 1 : i64, shift_cycles = 1 : i64, read_cycles = 1 : i64, write_cycles = 2 : i64, mac_cycles = 346 : i64, vector_startup_cycles = 2 : i64, transfer_latency_cycles = 10 : i64, call_latency_cycles = 4 : i64}} {
// CHECK-NEXT: racetrack.arrays m0 x 1 width 4 bank 0
// CHECK-NEXT: racetrack.arrays m1 x 1 width 4 bank 1
// CHECK-NEXT: racetrack.arrays m2 x 1 width 2 bank 1
// CHECK-NEXT: racetrack.arrays m3 x 1 width 8 bank 1
// CHECK-NEXT: racetrack.feature_map "x_q" layer "" copy 0 at m0 shape 1 x 2 channels 0 + 4 of 4 ui8 input
// CHECK-NEXT: racetrack.feature_map "x_q" layer "" copy 1 at m1 shape 1 x 2 channels 0 + 4 of 4 ui8 input
// CHECK-NEXT: racetrack.feature_map "y_q" layer "conv" copy 0 at m2 shape 1 x 2 channels 0 + 2 of 2 i8 output
// CHECK-NEXT: racetrack.layer "conv" kind "conv" macs 16 {p_h = 1 : i64, p_v = 3 : i64, shift_bound = 0 : i64}
// CHECK-NEXT: racetrack.bank 0 setup {
// CHECK-NEXT: racetrack.section "conv" {
// CHECK-NEXT: racetrack.program w0, #cim.weights<"w", "@w"> rows 0 + 2 columns 0 + 2 order #cim.weights<"order.8.2.2", "{{[0-9a-f]+}}">
// CHECK-NEXT: racetrack.program w1, #cim.weights<"w", "@w"> rows 2 + 1 columns 0 + 2 order #cim.weights<"order.8.2.1", "{{[0-9a-f]+}}">
// CHECK-NEXT: }
// CHECK-NEXT: } main {
// CHECK-NEXT: racetrack.section "conv" {
// CHECK-NEXT: racetrack.set a0, -1
// CHECK-NEXT: racetrack.set a1, 0
// CHECK-NEXT: racetrack.set a2, 0
// CHECK-NEXT: racetrack.read [a2], m1[a0] domain 0[a1], 4
// CHECK-NEXT: racetrack.read [a2 + 4], m1[a0] domain 4[a1], 4
// CHECK-NEXT: racetrack.set a3, 0
// CHECK-NEXT: racetrack.set a4, 0
// CHECK-NEXT: racetrack.loop 2 {
// CHECK-NEXT: racetrack.load v0, [a3], 1 x 2
// CHECK-NEXT: racetrack.clear 2
// CHECK-NEXT: racetrack.set a5, 0
// CHECK-NEXT: racetrack.set a6, 0
// CHECK-NEXT: racetrack.mac w0[a15] domain 0[a5] x 2, v0[a6], 2 unsigned
// CHECK-NEXT: racetrack.load v1, [a3 + 2], 1 x 1
// CHECK-NEXT: racetrack.set a5, 0
// CHECK-NEXT: racetrack.set a6, 0
// CHECK-NEXT: racetrack.mac w1[a15] domain 0[a5] x 1, v1[a6], 2 unsigned
// CHECK-NEXT: racetrack.store_sums v2, 2
// CHECK-NEXT: racetrack.transfer m4[a0] domain 0[a4], v2, 8
// CHECK-NEXT: racetrack.step a3, 4
// CHECK-NEXT: racetrack.step a4, 4
// CHECK-NEXT: }
// CHECK-NEXT: racetrack.step a0, 1
// CHECK-NEXT: racetrack.call bank 1, s0 += 1
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: racetrack.bank 1 setup {
// CHECK-NEXT: racetrack.section "conv" {
// CHECK-NEXT: racetrack.program w0, #cim.weights<"w", "@w"> rows 3 + 1 columns 0 + 2 order #cim.weights<"order.8.2.1", "{{[0-9a-f]+}}">
// CHECK-NEXT: racetrack.setq q0, #cim.weights<"b", "00">, #cim.weights<"m", "00"> columns 0 + 2
// CHECK-NEXT: }
// CHECK-NEXT: } main {
// CHECK-NEXT: racetrack.section "conv" {
// CHECK-NEXT: racetrack.wait s0 += 1
// CHECK-NEXT: racetrack.set a0, -1
// CHECK-NEXT: racetrack.set a1, 0
// CHECK-NEXT: racetrack.set a2, 0
// CHECK-NEXT: racetrack.read [a2], m2[a0] domain 0[a1], 4
// CHECK-NEXT: racetrack.read [a2 + 4], m2[a0] domain 4[a1], 4
// CHECK-NEXT: racetrack.set a1, 0
// CHECK-NEXT: racetrack.set a2, 0
// CHECK-NEXT: racetrack.read [a2 + 8], m4[a0] domain 0[a1], 8
// CHECK-NEXT: racetrack.read [a2 + 16], m4[a0] domain 4[a1], 8
// CHECK-NEXT: racetrack.set a3, 0
// CHECK-NEXT: racetrack.set a4, 0
// CHECK-NEXT: racetrack.set a5, 0
// CHECK-NEXT: racetrack.loop 2 {
// CHECK-NEXT: racetrack.load v0, [a3 + 3], 1 x 1
// CHECK-NEXT: racetrack.clear 2
// CHECK-NEXT: racetrack.set a6, 0
// CHECK-NEXT: racetrack.set a7, 0
// CHECK-NEXT: racetrack.mac w0[a15] domain 0[a6] x 1, v0[a7], 2 unsigned
// CHECK-NEXT: racetrack.load v1, [a4 + 8], 1 x 8
// CHECK-NEXT: racetrack.add_sums v1, 2
// CHECK-NEXT: racetrack.store_sums v2, 2
// CHECK-NEXT: racetrack.requant v3, v2, q0, 2 zero 3 clamp -128 to 127
// CHECK-NEXT: racetrack.write m3[a0] domain 0[a5], v3, 2
// CHECK-NEXT: racetrack.step a3, 4
// CHECK-NEXT: racetrack.step a4, 8
// CHECK-NEXT: racetrack.step a5, 4
// CHECK-NEXT: }
// CHECK-NEXT: racetrack.step a0, 1
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// A pool of 2 x 2 reads its windows from the line buffer; an addition is SCALE and BLEND.
builtin.module attributes {racetrack.chip = {name = "small", banks = 4 : i64, arrays_per_bank = 2 : i64, lanes = 4 : i64, domains = 8 : i64, ports = 2 : i64, word_bits = 32 : i64, weight_bits = 8 : i64, accumulator_bits = 32 : i64, buffer_macro_units = 64 : i64, vector_registers = 8 : i64, vector_register_bytes = 64 : i64, vector_lanes = 4 : i64, parameter_registers = 2 : i64, table_registers = 2 : i64, sequence_registers = 4 : i64, instruction_memory = 512 : i64, line_buffer_bytes = 64 : i64, link_bytes = 4 : i64, port_policy = "static", port_update = "lazy", longest_shift = 32767 : i64, issue_cycles = 1 : i64, shift_cycles = 1 : i64, read_cycles = 1 : i64, write_cycles = 2 : i64, mac_cycles = 346 : i64, vector_startup_cycles = 2 : i64, transfer_latency_cycles = 10 : i64, call_latency_cycles = 4 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" core 0 at 0 : !tile.feature_map<2x4x2xui8>
  %m = tile.feature_map "m_q" of "max" role "intermediate" core 0 at 2 : !tile.feature_map<1x2x2xui8>
  %u = tile.feature_map "u_q" of "add" role "output" core 0 at 3 : !tile.feature_map<1x2x2xi8>
  tile.layer "max" kind "max_pool" macs 0 p_v 1 p_h 1
  tile.sweep "max" core 0 rows <0 : 1> columns <0 : 2> {
    %0 = tile.window %x <kernel 2x2 stride 2x2> : !tile.feature_map<2x4x2xui8> -> vector<8xui8>
    %1 = tile.max %0 segments 4 : vector<8xui8> -> vector<2xui8>
    tile.store %1, %m channels <0 : 2> : vector<2xui8>, !tile.feature_map<1x2x2xui8>
  }
  tile.layer "add" kind "add" macs 0 p_v 1 p_h 1
  tile.sweep "add" core 0 rows <0 : 1> columns <0 : 2> {
    %0 = tile.window %m <kernel 1x1> : !tile.feature_map<1x2x2xui8> -> vector<2xui8>
    %1 = tile.window %m <kernel 1x1> : !tile.feature_map<1x2x2xui8> -> vector<2xui8>
    %2 = tile.add %0 times <0.5>, %1 times <0.25> offset <-3.0> : vector<2xui8>, vector<2xui8> -> vector<2xi8>
    %3 = tile.table %2 <"t", "00"> : vector<2xi8> -> vector<2xi8>
    tile.store %3, %u channels <0 : 2> : vector<2xi8>, !tile.feature_map<1x2x2xi8>
  }
}

// CHECK: builtin.module attributes {racetrack.chip = {name = "small", banks = 4 : i64, arrays_per_bank = 2 : i64, lanes = 4 : i64, domains = 8 : i64, ports = 2 : i64, word_bits = 32 : i64, weight_bits = 8 : i64, accumulator_bits = 32 : i64, buffer_macro_units = 64 : i64, vector_registers = 8 : i64, vector_register_bytes = 64 : i64, vector_lanes = 4 : i64, parameter_registers = 2 : i64, table_registers = 2 : i64, sequence_registers = 4 : i64, instruction_memory = 512 : i64, line_buffer_bytes = 64 : i64, link_bytes = 4 : i64, port_policy = "static", port_update = "lazy", longest_shift = 32767 : i64, issue_cycles = 1 : i64, shift_cycles = 1 : i64, read_cycles = 1 : i64, write_cycles = 2 : i64, mac_cycles = 346 : i64, vector_startup_cycles = 2 : i64, transfer_latency_cycles = 10 : i64, call_latency_cycles = 4 : i64}} {
// CHECK-NEXT: racetrack.arrays m0 x 2 width 2 bank 0
// CHECK-NEXT: racetrack.arrays m2 x 1 width 2 bank 0
// CHECK-NEXT: racetrack.arrays m3 x 1 width 2 bank 0
// CHECK-NEXT: racetrack.feature_map "x_q" layer "" copy 0 at m0 shape 2 x 4 channels 0 + 2 of 2 ui8 input
// CHECK-NEXT: racetrack.feature_map "m_q" layer "max" copy 0 at m2 shape 1 x 2 channels 0 + 2 of 2 ui8 intermediate
// CHECK-NEXT: racetrack.feature_map "u_q" layer "add" copy 0 at m3 shape 1 x 2 channels 0 + 2 of 2 i8 output
// CHECK-NEXT: racetrack.layer "max" kind "max_pool" macs 0 {p_h = 1 : i64, p_v = 1 : i64, shift_bound = 4 : i64}
// CHECK-NEXT: racetrack.layer "add" kind "add" macs 0 {p_h = 1 : i64, p_v = 1 : i64, shift_bound = 0 : i64}
// CHECK-NEXT: racetrack.bank 0 setup {
// CHECK-NEXT: racetrack.section "add" {
// CHECK-NEXT: racetrack.sett t0, #cim.weights<"t", "00">
// CHECK-NEXT: }
// CHECK-NEXT: } main {
// CHECK-NEXT: racetrack.section "max" {
// CHECK-NEXT: racetrack.set a0, -1
// CHECK-NEXT: racetrack.set a1, -2
// CHECK-NEXT: racetrack.set a2, 0
// CHECK-NEXT: racetrack.set a3, 0
// CHECK-NEXT: racetrack.read [a3], m2[a1] domain 0[a2], 2
// CHECK-NEXT: racetrack.read [a3 + 2], m2[a1] domain 4[a2], 2
// CHECK-NEXT: racetrack.step a2, 1
// CHECK-NEXT: racetrack.step a3, 4
// CHECK-NEXT: racetrack.shift_map m2[a1], 1
// CHECK-NEXT: racetrack.read [a3], m2[a1] domain 0[a2], 2
// CHECK-NEXT: racetrack.read [a3 + 2], m2[a1] domain 4[a2], 2
// CHECK-NEXT: racetrack.set a2, 0
// CHECK-NEXT: racetrack.set a3, 0
// CHECK-NEXT: racetrack.read [a3 + 8], m3[a1] domain 0[a2], 2
// CHECK-NEXT: racetrack.read [a3 + 10], m3[a1] domain 4[a2], 2
// CHECK-NEXT: racetrack.step a2, 1
// CHECK-NEXT: racetrack.step a3, 4
// CHECK-NEXT: racetrack.shift_map m3[a1], 1
// CHECK-NEXT: racetrack.read [a3 + 8], m3[a1] domain 0[a2], 2
// CHECK-NEXT: racetrack.read [a3 + 10], m3[a1] domain 4[a2], 2
// CHECK-NEXT: racetrack.set a4, 0
// CHECK-NEXT: racetrack.set a5, 0
// CHECK-NEXT: racetrack.loop 2 {
// CHECK-NEXT: racetrack.load v0, [a4], 2 x 4 stride 8
// CHECK-NEXT: racetrack.max v1, v0, 4 x 2 unsigned
// CHECK-NEXT: racetrack.write m3[a0] domain 0[a5], v1, 2
// CHECK-NEXT: racetrack.step a4, 4
// CHECK-NEXT: racetrack.step a5, 4
// CHECK-NEXT: }
// CHECK-NEXT: racetrack.step a0, 1
// CHECK-NEXT: racetrack.step a1, 2
// CHECK-NEXT: racetrack.set a0, 0
// CHECK-NEXT: racetrack.loop 2 {
// CHECK-NEXT: racetrack.shift_map m0[a0], -1
// CHECK-NEXT: racetrack.step a0, 1
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: racetrack.section "add" {
// CHECK-NEXT: racetrack.set a0, -1
// CHECK-NEXT: racetrack.set a1, 0
// CHECK-NEXT: racetrack.set a2, 0
// CHECK-NEXT: racetrack.read [a2], m3[a0] domain 0[a1], 2
// CHECK-NEXT: racetrack.read [a2 + 2], m3[a0] domain 4[a1], 2
// CHECK-NEXT: racetrack.set a3, 0
// CHECK-NEXT: racetrack.set a4, 0
// CHECK-NEXT: racetrack.loop 2 {
// CHECK-NEXT: racetrack.load v0, [a3], 1 x 2
// CHECK-NEXT: racetrack.load v1, [a3], 1 x 2
// CHECK-NEXT: racetrack.scale v2, v1, 2 ratio 0.25 offset -3.0 unsigned
// CHECK-NEXT: racetrack.blend v3, v0, v2, 2 ratio 0.5 unsigned_in
// CHECK-NEXT: racetrack.table v4, v3, t0, 2
// CHECK-NEXT: racetrack.write m4[a0] domain 0[a4], v4, 2
// CHECK-NEXT: racetrack.step a3, 2
// CHECK-NEXT: racetrack.step a4, 4
// CHECK-NEXT: }
// CHECK-NEXT: racetrack.step a0, 1
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// Groups of one channel: every lane has an activation of its own.
// WEIGHTS: w int8 3x4
builtin.module attributes {racetrack.chip = {name = "small", banks = 4 : i64, arrays_per_bank = 2 : i64, lanes = 4 : i64, domains = 8 : i64, ports = 2 : i64, word_bits = 32 : i64, weight_bits = 8 : i64, accumulator_bits = 32 : i64, buffer_macro_units = 64 : i64, vector_registers = 8 : i64, vector_register_bytes = 64 : i64, vector_lanes = 4 : i64, parameter_registers = 2 : i64, table_registers = 2 : i64, sequence_registers = 4 : i64, instruction_memory = 512 : i64, line_buffer_bytes = 64 : i64, link_bytes = 4 : i64, port_policy = "static", port_update = "lazy", longest_shift = 32767 : i64, issue_cycles = 1 : i64, shift_cycles = 1 : i64, read_cycles = 1 : i64, write_cycles = 2 : i64, mac_cycles = 346 : i64, vector_startup_cycles = 2 : i64, transfer_latency_cycles = 10 : i64, call_latency_cycles = 4 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" core 0 at 0 : !tile.feature_map<1x4x4xi8>
  %y = tile.feature_map "y_q" of "dw" role "output" core 0 at 1 : !tile.feature_map<1x2x4xi8>
  tile.layer "dw" kind "conv" macs 24 p_v 1 p_h 1
  %w = tile.weight_block <"w", "@w"> rows <0 : 3> columns <0 : 4> core 0 array 0 : !tile.weight_block<3x4xi8, groups 4>
  tile.sweep "dw" core 0 rows <0 : 1> columns <0 : 2> {
    %0 = tile.window %x <kernel 1x3> : !tile.feature_map<1x4x4xi8> -> vector<12xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<3x4xi8, groups 4>, vector<12xi8> -> vector<4xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 4> zero 3 clamp <-128 : 127> : vector<4xi32> -> vector<4xi8>
    tile.store %2, %y channels <0 : 4> : vector<4xi8>, !tile.feature_map<1x2x4xi8>
  }
}

// CHECK: builtin.module attributes {racetrack.chip = {name = "small", banks = 4 : i64, arrays_per_bank = 2 : i64, lanes = 4 : i64, domains = 8 : i64, ports = 2 : i64, word_bits = 32 : i64, weight_bits = 8 : i64, accumulator_bits = 32 : i64, buffer_macro_units = 64 : i64, vector_registers = 8 : i64, vector_register_bytes = 64 : i64, vector_lanes = 4 : i64, parameter_registers = 2 : i64, table_registers = 2 : i64, sequence_registers = 4 : i64, instruction_memory = 512 : i64, line_buffer_bytes = 64 : i64, link_bytes = 4 : i64, port_policy = "static", port_update = "lazy", longest_shift = 32767 : i64, issue_cycles = 1 : i64, shift_cycles = 1 : i64, read_cycles = 1 : i64, write_cycles = 2 : i64, mac_cycles = 346 : i64, vector_startup_cycles = 2 : i64, transfer_latency_cycles = 10 : i64, call_latency_cycles = 4 : i64}} {
// CHECK-NEXT: racetrack.arrays m0 x 1 width 4 bank 0
// CHECK-NEXT: racetrack.arrays m1 x 1 width 4 bank 0
// CHECK-NEXT: racetrack.feature_map "x_q" layer "" copy 0 at m0 shape 1 x 4 channels 0 + 4 of 4 i8 input
// CHECK-NEXT: racetrack.feature_map "y_q" layer "dw" copy 0 at m1 shape 1 x 2 channels 0 + 4 of 4 i8 output
// CHECK-NEXT: racetrack.layer "dw" kind "conv" macs 24 {p_h = 1 : i64, p_v = 1 : i64, shift_bound = 4 : i64}
// CHECK-NEXT: racetrack.bank 0 setup {
// CHECK-NEXT: racetrack.section "dw" {
// CHECK-NEXT: racetrack.program w0, #cim.weights<"w", "@w"> rows 0 + 3 columns 0 + 4 order #cim.weights<"order.8.2.3", "{{[0-9a-f]+}}">
// CHECK-NEXT: racetrack.setq q0, #cim.weights<"b", "00">, #cim.weights<"m", "00"> columns 0 + 4
// CHECK-NEXT: }
// CHECK-NEXT: } main {
// CHECK-NEXT: racetrack.section "dw" {
// CHECK-NEXT: racetrack.set a0, -1
// CHECK-NEXT: racetrack.set a1, 0
// CHECK-NEXT: racetrack.set a2, 0
// CHECK-NEXT: racetrack.read [a2], m1[a0] domain 0[a1], 4
// CHECK-NEXT: racetrack.read [a2 + 4], m1[a0] domain 4[a1], 4
// CHECK-NEXT: racetrack.step a1, 1
// CHECK-NEXT: racetrack.step a2, 8
// CHECK-NEXT: racetrack.shift_map m1[a0], 1
// CHECK-NEXT: racetrack.read [a2], m1[a0] domain 0[a1], 4
// CHECK-NEXT: racetrack.read [a2 + 4], m1[a0] domain 4[a1], 4
// CHECK-NEXT: racetrack.set a3, 0
// CHECK-NEXT: racetrack.set a4, 0
// CHECK-NEXT: racetrack.load v0, [a3], 1 x 12
// CHECK-NEXT: racetrack.clear 4
// CHECK-NEXT: racetrack.set a5, 0
// CHECK-NEXT: racetrack.set a6, 0
// CHECK-NEXT: racetrack.mac w0[a15] domain 0[a5] x 2, v0[a6], 4 lanewise
// CHECK-NEXT: racetrack.step a5, 1
// CHECK-NEXT: racetrack.step a6, 8
// CHECK-NEXT: racetrack.shift w0[a15], 1
// CHECK-NEXT: racetrack.mac w0[a15] domain 0[a5] x 1, v0[a6], 4 lanewise
// CHECK-NEXT: racetrack.store_sums v1, 4
// CHECK-NEXT: racetrack.requant v2, v1, q0, 4 zero 3 clamp -128 to 127
// CHECK-NEXT: racetrack.write m2[a0] domain 0[a4], v2, 4
// CHECK-NEXT: racetrack.step a3, 4
// CHECK-NEXT: racetrack.step a4, 4
// CHECK-NEXT: racetrack.load v0, [a3], 1 x 12
// CHECK-NEXT: racetrack.clear 4
// CHECK-NEXT: racetrack.set a5, 1
// CHECK-NEXT: racetrack.set a6, 8
// CHECK-NEXT: racetrack.mac w0[a15] domain 0[a5] x 1, v0[a6], 4 lanewise
// CHECK-NEXT: racetrack.step a5, -1
// CHECK-NEXT: racetrack.step a6, -8
// CHECK-NEXT: racetrack.shift w0[a15], -1
// CHECK-NEXT: racetrack.mac w0[a15] domain 0[a5] x 2, v0[a6], 4 lanewise
// CHECK-NEXT: racetrack.store_sums v1, 4
// CHECK-NEXT: racetrack.requant v2, v1, q0, 4 zero 3 clamp -128 to 127
// CHECK-NEXT: racetrack.write m2[a0] domain 0[a4], v2, 4
// CHECK-NEXT: racetrack.step a3, 4
// CHECK-NEXT: racetrack.step a4, 4
// CHECK-NEXT: racetrack.step a0, 1
// CHECK-NEXT: racetrack.set a0, 0
// CHECK-NEXT: racetrack.shift_map m0[a0], -1
// CHECK-NEXT: racetrack.step a0, 1
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }

// -----

// Two blocks share an array: each is stored before its sweep, and the array, which stands
// at the highest offset then, is brought back behind it.
// WEIGHTS: v int8 3x1
// WEIGHTS: w int8 3x1
builtin.module attributes {racetrack.chip = {name = "small", banks = 4 : i64, arrays_per_bank = 2 : i64, lanes = 4 : i64, domains = 8 : i64, ports = 2 : i64, word_bits = 32 : i64, weight_bits = 8 : i64, accumulator_bits = 32 : i64, buffer_macro_units = 64 : i64, vector_registers = 8 : i64, vector_register_bytes = 64 : i64, vector_lanes = 4 : i64, parameter_registers = 2 : i64, table_registers = 2 : i64, sequence_registers = 4 : i64, instruction_memory = 512 : i64, line_buffer_bytes = 64 : i64, link_bytes = 4 : i64, port_policy = "static", port_update = "lazy", longest_shift = 32767 : i64, issue_cycles = 1 : i64, shift_cycles = 1 : i64, read_cycles = 1 : i64, write_cycles = 2 : i64, mac_cycles = 346 : i64, vector_startup_cycles = 2 : i64, transfer_latency_cycles = 10 : i64, call_latency_cycles = 4 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" core 0 at 0 : !tile.feature_map<1x1x3xi8>
  %y = tile.feature_map "y_q" of "a" role "intermediate" core 0 at 1 : !tile.feature_map<1x1x1xi8>
  %z = tile.feature_map "z_q" of "b" role "output" core 0 at 2 : !tile.feature_map<1x1x1xi8>
  tile.layer "a" kind "conv" macs 3 p_v 1 p_h 1
  tile.layer "b" kind "conv" macs 3 p_v 1 p_h 1
  %v = tile.weight_block <"v", "@v"> rows <0 : 3> columns <0 : 1> core 0 array 0 : !tile.weight_block<3x1xi8>
  %w = tile.weight_block <"w", "@w"> rows <0 : 3> columns <0 : 1> core 0 array 0 : !tile.weight_block<3x1xi8>
  tile.sweep "a" core 0 rows <0 : 1> columns <0 : 1> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<1x1x3xi8> -> vector<3xi8>
    %1 = tile.mvm %v, %0 : !tile.weight_block<3x1xi8>, vector<3xi8> -> vector<1xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 1> zero 3 clamp <-128 : 127> : vector<1xi32> -> vector<1xi8>
    tile.store %2, %y channels <0 : 1> : vector<1xi8>, !tile.feature_map<1x1x1xi8>
  }
  tile.sweep "b" core 0 rows <0 : 1> columns <0 : 1> {
    %0 = tile.window %x <kernel 1x1> : !tile.feature_map<1x1x3xi8> -> vector<3xi8>
    %1 = tile.mvm %w, %0 : !tile.weight_block<3x1xi8>, vector<3xi8> -> vector<1xi32>
    %2 = tile.requantise %1 bias <"b", "00"> multiplier <"m", "00"> channels <0 : 1> zero 4 clamp <-128 : 127> : vector<1xi32> -> vector<1xi8>
    tile.store %2, %z channels <0 : 1> : vector<1xi8>, !tile.feature_map<1x1x1xi8>
  }
}

// CHECK: builtin.module attributes {racetrack.chip = {name = "small", banks = 4 : i64, arrays_per_bank = 2 : i64, lanes = 4 : i64, domains = 8 : i64, ports = 2 : i64, word_bits = 32 : i64, weight_bits = 8 : i64, accumulator_bits = 32 : i64, buffer_macro_units = 64 : i64, vector_registers = 8 : i64, vector_register_bytes = 64 : i64, vector_lanes = 4 : i64, parameter_registers = 2 : i64, table_registers = 2 : i64, sequence_registers = 4 : i64, instruction_memory = 512 : i64, line_buffer_bytes = 64 : i64, link_bytes = 4 : i64, port_policy = "static", port_update = "lazy", longest_shift = 32767 : i64, issue_cycles = 1 : i64, shift_cycles = 1 : i64, read_cycles = 1 : i64, write_cycles = 2 : i64, mac_cycles = 346 : i64, vector_startup_cycles = 2 : i64, transfer_latency_cycles = 10 : i64, call_latency_cycles = 4 : i64}} {
// CHECK-NEXT: racetrack.arrays m0 x 1 width 3 bank 0
// CHECK-NEXT: racetrack.arrays m1 x 1 width 1 bank 0
// CHECK-NEXT: racetrack.arrays m2 x 1 width 1 bank 0
// CHECK-NEXT: racetrack.feature_map "x_q" layer "" copy 0 at m0 shape 1 x 1 channels 0 + 3 of 3 i8 input
// CHECK-NEXT: racetrack.feature_map "y_q" layer "a" copy 0 at m1 shape 1 x 1 channels 0 + 1 of 1 i8 intermediate
// CHECK-NEXT: racetrack.feature_map "z_q" layer "b" copy 0 at m2 shape 1 x 1 channels 0 + 1 of 1 i8 output
// CHECK-NEXT: racetrack.layer "a" kind "conv" macs 3 {p_h = 1 : i64, p_v = 1 : i64, shift_bound = 2 : i64}
// CHECK-NEXT: racetrack.layer "b" kind "conv" macs 3 {p_h = 1 : i64, p_v = 1 : i64, shift_bound = 2 : i64}
// CHECK-NEXT: racetrack.bank 0 setup {
// CHECK-NEXT: racetrack.section "a" {
// CHECK-NEXT: racetrack.setq q0, #cim.weights<"b", "00">, #cim.weights<"m", "00"> columns 0 + 1
// CHECK-NEXT: }
// CHECK-NEXT: } main {
// CHECK-NEXT: racetrack.section "a" {
// CHECK-NEXT: racetrack.program w0, #cim.weights<"v", "@v"> rows 0 + 3 columns 0 + 1 order #cim.weights<"order.8.2.3", "{{[0-9a-f]+}}">
// CHECK-NEXT: racetrack.set a0, -1
// CHECK-NEXT: racetrack.set a1, 0
// CHECK-NEXT: racetrack.set a2, 0
// CHECK-NEXT: racetrack.read [a2], m1[a0] domain 0[a1], 3
// CHECK-NEXT: racetrack.set a3, 0
// CHECK-NEXT: racetrack.set a4, 0
// CHECK-NEXT: racetrack.load v0, [a3], 1 x 3
// CHECK-NEXT: racetrack.clear 1
// CHECK-NEXT: racetrack.set a5, 1
// CHECK-NEXT: racetrack.set a6, 2
// CHECK-NEXT: racetrack.mac w0[a15] domain 0[a5] x 1, v0[a6], 1
// CHECK-NEXT: racetrack.step a5, -1
// CHECK-NEXT: racetrack.step a6, -2
// CHECK-NEXT: racetrack.shift w0[a15], -1
// CHECK-NEXT: racetrack.mac w0[a15] domain 0[a5] x 2, v0[a6], 1
// CHECK-NEXT: racetrack.store_sums v1, 1
// CHECK-NEXT: racetrack.requant v2, v1, q0, 1 zero 3 clamp -128 to 127
// CHECK-NEXT: racetrack.write m2[a0] domain 0[a4], v2, 1
// CHECK-NEXT: racetrack.step a3, 3
// CHECK-NEXT: racetrack.step a4, 4
// CHECK-NEXT: racetrack.step a0, 1
// CHECK-NEXT: }
// CHECK-NEXT: racetrack.section "b" {
// CHECK-NEXT: racetrack.program w0, #cim.weights<"w", "@w"> rows 0 + 3 columns 0 + 1 order #cim.weights<"order.8.2.3", "{{[0-9a-f]+}}">
// CHECK-NEXT: racetrack.set a0, -1
// CHECK-NEXT: racetrack.set a1, 0
// CHECK-NEXT: racetrack.set a2, 0
// CHECK-NEXT: racetrack.read [a2], m1[a0] domain 0[a1], 3
// CHECK-NEXT: racetrack.set a3, 0
// CHECK-NEXT: racetrack.set a4, 0
// CHECK-NEXT: racetrack.load v0, [a3], 1 x 3
// CHECK-NEXT: racetrack.clear 1
// CHECK-NEXT: racetrack.set a5, 1
// CHECK-NEXT: racetrack.set a6, 2
// CHECK-NEXT: racetrack.mac w0[a15] domain 0[a5] x 1, v0[a6], 1
// CHECK-NEXT: racetrack.step a5, -1
// CHECK-NEXT: racetrack.step a6, -2
// CHECK-NEXT: racetrack.shift w0[a15], -1
// CHECK-NEXT: racetrack.mac w0[a15] domain 0[a5] x 2, v0[a6], 1
// CHECK-NEXT: racetrack.store_sums v1, 1
// CHECK-NEXT: racetrack.requant v2, v1, q0, 1 zero 4 clamp -128 to 127
// CHECK-NEXT: racetrack.write m3[a0] domain 0[a4], v2, 1
// CHECK-NEXT: racetrack.step a3, 3
// CHECK-NEXT: racetrack.step a4, 4
// CHECK-NEXT: racetrack.step a0, 1
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
