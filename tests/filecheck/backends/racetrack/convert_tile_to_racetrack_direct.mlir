// RUN: cimc-opt %s -p convert-tile-to-racetrack --split-input-file | filecheck %s

// A window of 100 bytes and a line buffer of 64: kernel row by kernel row.
// CHECK: shift_bound = 20
// CHECK: racetrack.section "pool"
// CHECK-NEXT: racetrack.set a0, -1
// CHECK-NEXT: racetrack.set a1, 0
// CHECK-NEXT: racetrack.set a2, 0
// CHECK-NEXT: racetrack.set a3, 0
// CHECK-NEXT: racetrack.read [a3], m1[a0] domain 0[a2], 4
// CHECK-NEXT: racetrack.read [a3 + 4], m1[a0] domain 4[a2], 4
// CHECK-NEXT: racetrack.step a2, 1
// CHECK-NEXT: racetrack.step a3, 8
// CHECK-NEXT: racetrack.shift_map m1[a0], 1
// CHECK: racetrack.load v0, [a15], 1 x 20
// CHECK-NEXT: racetrack.max v1, v0, 5 x 4
// CHECK-NEXT: racetrack.loop 4 {
// CHECK-NEXT: racetrack.step a0, 1
// CHECK-NEXT: racetrack.set a2, 0
// CHECK-NEXT: racetrack.set a3, 0
// CHECK-NEXT: racetrack.read [a3], m1[a0] domain 0[a2], 4
// CHECK: racetrack.load v0, [a15], 1 x 20
// CHECK-NEXT: racetrack.max v1, v0, 5 x 4 accumulate
// CHECK-NEXT: }
// CHECK-NEXT: racetrack.step a0, -4
// CHECK-NEXT: racetrack.write m6[a0] domain 0[a1], v1, 4
builtin.module attributes {racetrack.chip = {name = "small", banks = 1 : i64, arrays_per_bank = 4 : i64, lanes = 12 : i64, domains = 8 : i64, ports = 2 : i64, word_bits = 32 : i64, weight_bits = 8 : i64, accumulator_bits = 32 : i64, buffer_macro_units = 256 : i64, vector_registers = 4 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, parameter_registers = 1 : i64, table_registers = 1 : i64, sequence_registers = 1 : i64, instruction_memory = 1024 : i64, line_buffer_bytes = 64 : i64, link_bytes = 8 : i64, port_policy = "static", port_update = "lazy", longest_shift = 32767 : i64, issue_cycles = 1 : i64, shift_cycles = 1 : i64, read_cycles = 1 : i64, write_cycles = 2 : i64, mac_cycles = 346 : i64, vector_startup_cycles = 2 : i64, transfer_latency_cycles = 10 : i64, call_latency_cycles = 4 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" core 0 at 0 : !tile.feature_map<5x5x4xi8>
  %y = tile.feature_map "y_q" of "pool" role "output" core 0 at 5 : !tile.feature_map<1x1x4xi8>
  tile.layer "pool" kind "max_pool" macs 0 p_v 1 p_h 1
  tile.sweep "pool" core 0 rows <0 : 1> columns <0 : 1> {
    %0 = tile.window %x <kernel 5x5> : !tile.feature_map<5x5x4xi8> -> vector<100xi8>
    %1 = tile.max %0 segments 25 : vector<100xi8> -> vector<4xi8>
    tile.store %1, %y channels <0 : 4> : vector<4xi8>, !tile.feature_map<1x1x4xi8>
  }
}

// -----

// A border above the map and one beside it: the zero point stands where nothing is read.
// CHECK: racetrack.section "pool"
// CHECK: racetrack.fill [a15], 36 with -128
// CHECK-NEXT: racetrack.load v0, [a15], 1 x 36
// CHECK-NEXT: racetrack.max v1, v0, 3 x 12
// CHECK-NEXT: racetrack.loop 2 {
// CHECK-NEXT: racetrack.step a1, 1
// CHECK-NEXT: racetrack.fill [a15], 36 with -128
// CHECK-NEXT: racetrack.set a3, 0
// CHECK-NEXT: racetrack.set a4, 0
// CHECK-NEXT: racetrack.read [a4 + 12], m0[a1] domain 0[a3], 12
// CHECK-NEXT: racetrack.read [a4 + 24], m0[a1] domain 4[a3], 12
// CHECK-NEXT: racetrack.load v0, [a15], 1 x 36
// CHECK-NEXT: racetrack.max v1, v0, 3 x 12 accumulate
// CHECK-NEXT: }
// CHECK-NEXT: racetrack.step a1, -2
builtin.module attributes {racetrack.chip = {name = "small", banks = 1 : i64, arrays_per_bank = 4 : i64, lanes = 12 : i64, domains = 8 : i64, ports = 2 : i64, word_bits = 32 : i64, weight_bits = 8 : i64, accumulator_bits = 32 : i64, buffer_macro_units = 256 : i64, vector_registers = 4 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, parameter_registers = 1 : i64, table_registers = 1 : i64, sequence_registers = 1 : i64, instruction_memory = 1024 : i64, line_buffer_bytes = 64 : i64, link_bytes = 8 : i64, port_policy = "static", port_update = "lazy", longest_shift = 32767 : i64, issue_cycles = 1 : i64, shift_cycles = 1 : i64, read_cycles = 1 : i64, write_cycles = 2 : i64, mac_cycles = 346 : i64, vector_startup_cycles = 2 : i64, transfer_latency_cycles = 10 : i64, call_latency_cycles = 4 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" core 0 at 0 : !tile.feature_map<2x2x12xi8, halo 1x1x0x0 of -128>
  %y = tile.feature_map "y_q" of "pool" role "output" core 0 at 2 : !tile.feature_map<1x1x12xi8>
  tile.layer "pool" kind "max_pool" macs 0 p_v 1 p_h 1
  tile.sweep "pool" core 0 rows <0 : 1> columns <0 : 1> {
    %0 = tile.window %x <kernel 3x3 pad 1x1x0x0> : !tile.feature_map<2x2x12xi8, halo 1x1x0x0 of -128> -> vector<108xi8>
    %1 = tile.max %0 segments 9 : vector<108xi8> -> vector<12xi8>
    tile.store %1, %y channels <0 : 12> : vector<12xi8>, !tile.feature_map<1x1x12xi8>
  }
}
