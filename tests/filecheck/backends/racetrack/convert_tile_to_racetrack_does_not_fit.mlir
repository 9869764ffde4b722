// RUN: not cimc-opt %s -p convert-tile-to-racetrack | filecheck %s

// Five sequences into a bank of four sequence registers.
// CHECK: error[E034]: bank 1: the program needs more than 4 sequence registers
builtin.module attributes {racetrack.chip = {name = "small", banks = 4 : i64, arrays_per_bank = 2 : i64, lanes = 4 : i64, domains = 8 : i64, ports = 2 : i64, word_bits = 32 : i64, weight_bits = 8 : i64, accumulator_bits = 32 : i64, buffer_macro_units = 64 : i64, vector_registers = 8 : i64, vector_register_bytes = 64 : i64, vector_lanes = 4 : i64, parameter_registers = 2 : i64, table_registers = 2 : i64, sequence_registers = 4 : i64, instruction_memory = 512 : i64, line_buffer_bytes = 64 : i64, link_bytes = 4 : i64, port_policy = "static", port_update = "lazy", longest_shift = 32767 : i64, issue_cycles = 1 : i64, shift_cycles = 1 : i64, read_cycles = 1 : i64, write_cycles = 2 : i64, mac_cycles = 346 : i64, vector_startup_cycles = 2 : i64, transfer_latency_cycles = 10 : i64, call_latency_cycles = 4 : i64}} {
  %a = tile.sequence 0 -> 1 : !tile.sequence
  %b = tile.sequence 0 -> 1 : !tile.sequence
  %c = tile.sequence 0 -> 1 : !tile.sequence
  %d = tile.sequence 2 -> 1 : !tile.sequence
  %e = tile.sequence 2 -> 1 : !tile.sequence
  tile.sweep "a" core 1 rows <0 : 1> columns <0 : 1> {
    tile.await %a
    tile.await %b
    tile.await %c
    tile.await %d
    tile.await %e
  }
}
