// RUN: cimc-opt %s -p convert-tile-to-rram | filecheck %s

// Channels 0 and 1 of 4, under windows of 2 x 3. In each row of 4 positions the core loads
// what the first window shares with the one before as if that had been there. Then it
// moves, for every position, the vector down by one column, and loads the last columns.
builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, mesh_columns = 0 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, beat_cycles = 1 : i64, hop_cycles = 0 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" at 0 : !tile.feature_map<3x6x4xi8>
  %y = tile.feature_map "y_q" of "conv" role "output" at 128 : !tile.feature_map<2x4x4xi8>
  tile.layer "conv" kind "conv" macs 384 p_v 1 p_h 1
  %w = tile.weight_block <"w", "00"> rows <0 : 12> columns <0 : 4> core 0 array 0 : !tile.weight_block<12x4xi8>
  tile.sweep "conv" core 0 rows <0 : 2> columns <0 : 4> {
    %a = tile.window %x <kernel 2x3> channels <0 : 2> slides : !tile.feature_map<3x6x4xi8> -> vector<12xi8>
    %p = tile.mvm %w, %a : !tile.weight_block<12x4xi8>, vector<12xi8> -> vector<4xi32>
    %f = tile.requantise %p bias <"b", "00"> multiplier <"m", "00"> channels <0 : 4> zero 0 clamp <-128 : 127> : vector<4xi32> -> vector<4xi8>
    tile.store %f, %y channels <0 : 4> : vector<4xi8>, !tile.feature_map<2x4x4xi8>
  }
}

// CHECK: rram.set a0, 0
// CHECK-NEXT: rram.walk a0, columns 4 from 0 step 4 jump 8
// CHECK-NEXT: rram.set a1, 0
// CHECK-NEXT: rram.loop 2 {
// CHECK-NEXT: rram.load v0 + 2, [a0], 3 x 2 stride 4
// CHECK-NEXT: rram.load v0 + 8, [a0 + 24], 2 x 2 stride 4
// CHECK-NEXT: rram.move v0, v0 + 2, 10
// CHECK-NEXT: rram.load v0 + 4, [a0 + 8], 1 x 2
// CHECK-NEXT: rram.load v0 + 10, [a0 + 32], 1 x 2
// CHECK-NEXT: rram.next a0
// CHECK-NEXT: rram.mvm v1, xb0, v0
// CHECK-NEXT: rram.loop 3 {
// CHECK-NEXT: rram.move v0, v0 + 2, 10
// CHECK-NEXT: rram.load v0 + 4, [a0 + 8], 1 x 2
// CHECK-NEXT: rram.load v0 + 10, [a0 + 32], 1 x 2
// CHECK-NEXT: rram.next a0
// CHECK-NEXT: rram.requant v2, v1, q0, 4 zero 0 clamp -128 to 127
// CHECK-NEXT: rram.mvm v1, xb0, v0
// CHECK-NEXT: rram.store [a1 + 128], v2, 4
// CHECK-NEXT: rram.step a1, 4
// CHECK-NEXT: }
// CHECK-NEXT: rram.requant v2, v1, q0, 4 zero 0 clamp -128 to 127
// CHECK-NEXT: rram.store [a1 + 128], v2, 4
// CHECK-NEXT: rram.step a1, 4
// CHECK-NEXT: }
