// RUN: not cimc-opt %s -p convert-tile-to-rram --split-input-file | filecheck %s

// Three sequences into a core of two sequence registers.
// CHECK: error[E034]: core 1: the program needs more than 2 sequence registers
// CHECK-NEXT: try: a chip with more sequence_registers, or more cores
builtin.module attributes {rram.chip = {name = "rram-small", cores = 128 : i64, crossbars_per_core = 2 : i64, rows = 16 : i64, columns = 16 : i64, vector_registers = 16 : i64, vector_register_bytes = 64 : i64, vector_lanes = 8 : i64, sequence_registers = 2 : i64, parameter_registers = 8 : i64, table_registers = 4 : i64, instruction_memory = 1024 : i64, shared_memory_bytes = 1048576 : i64, bus_bytes = 8 : i64, issue_cycles = 1 : i64, mvm_cycles = 100 : i64, vector_startup_cycles = 2 : i64, memory_latency_cycles = 20 : i64, call_latency_cycles = 4 : i64, programming_row_cycles = 10000 : i64}} {
  %x = tile.feature_map "x_q" of "" role "input" at 0 : !tile.feature_map<1x1x1xi8>
  %r = tile.sequence 0 -> 1 : !tile.sequence
  %s = tile.sequence 0 -> 1 : !tile.sequence
  %t = tile.sequence 2 -> 1 : !tile.sequence
  tile.sweep "a" core 1 rows <0 : 1> columns <0 : 1> {
    tile.await %r
    tile.await %s
    tile.await %t
  }
}

// -----

// CHECK: error[E022]: the module has no attribute rram.chip
// CHECK-NEXT: try: compile with --chip, or keep the attribute in the IR file
builtin.module {
  %x = tile.feature_map "x_q" of "" role "input" at 0 : !tile.feature_map<1x1x1xi8>
}
