// RUN: not cimc-opt %s -p convert-tile-to-rram | filecheck %s

// Loops lie inside each other, so one of two periods must divide the other.
// CHECK: error[E074]: -p: pass 'convert-tile-to-rram' failed: periods of a sweep must be multiples of each other
builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" at 0 : !tile.feature_map<2x6x1xi8>
  %y = tile.feature_map "y_q" of "copy" role "output" at 64 : !tile.feature_map<2x6x1xi8>
  %s = tile.sequence 0 -> 1 : !tile.sequence
  tile.sweep "copy" core 0 rows <0 : 2> columns <0 : 6> {
    %a = tile.window %x <kernel 1x1> : !tile.feature_map<2x6x1xi8> -> vector<1xi8>
    tile.store %a, %y channels <0 : 1> : vector<1xi8>, !tile.feature_map<2x6x1xi8>
    tile.signal %s every 2
    tile.signal %s every 3
  }
}
