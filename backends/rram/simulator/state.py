"""Everything that changes while a program runs, as arrays for the engine."""

from __future__ import annotations

import numpy as np

from cimc.backends.rram.isa import MAX_LOOP_DEPTH
from cimc.backends.rram.simulator import layout
from cimc.backends.rram.simulator.engine import advance
from cimc.backends.rram.simulator.loaded_program import LoadedProgram
from cimc.weights import Array

__all__ = ["State"]

_ADDRESS_REGISTERS = 16
#: Instructions between two returns from compiled code, so that Ctrl-C gets through.
_BUDGET = 20_000_000
_NEVER = np.iinfo(np.int64).max


class State:
    """One run of a program on one image."""

    def __init__(self, program: LoadedProgram, *, trace_events: int = 0) -> None:
        machine, cores = program.machine, len(program.core_numbers)
        registers = machine.vector_registers
        self.program = program
        self.scalars = np.zeros(layout.G_COLUMNS, np.int64)
        self.trap = np.zeros(layout.TRAP_COLUMNS, np.int64)
        self.cores = np.zeros((cores, layout.CORE_COLUMNS), np.int64)
        self.cores[:, layout.C_PC] = program.starts
        self.heap = np.arange(cores, dtype=np.int64)
        self.scalars[layout.G_HEAP] = cores
        self.addresses = np.zeros((cores, _ADDRESS_REGISTERS), np.int64)
        self.loops = np.zeros((cores, MAX_LOOP_DEPTH), np.int64)
        self.vectors = np.zeros((cores, registers, layout.VECTOR_COLUMNS), np.int64)
        self.vectors[:, :, layout.V_WRITER] = -1
        self.units = np.zeros((cores, layout.CROSSBAR + program.crossbars), np.int64)
        self.edges = np.zeros((len(program.edges), layout.EDGE_COLUMNS), np.int64)
        dense = {number: index for index, number in enumerate(program.core_numbers)}
        self.edges[:, layout.E_OWNER] = [
            dense.get(core, -1) for core, _ in program.edges
        ]
        for column in (layout.E_HEAD, layout.E_TAIL, layout.E_LAST_CALL):
            self.edges[:, column] = -1
        self.clocks = np.eye(cores, dtype=np.int32)
        self.queue = np.zeros((0, layout.QUEUE_COLUMNS), np.int64)
        self.queue_clocks = np.zeros((0, cores), np.int32)
        self.scalars[layout.G_FREE] = -1
        self._grow()
        size = (cores, registers, machine.vector_register_bytes)
        self.valid = np.zeros(size, np.uint8)
        self.bytes = np.zeros(size, np.uint8)
        self.memory = np.zeros(program.memory_bytes, np.uint8)
        self.writers = np.zeros(program.memory_bytes, np.int64)
        self.readers = np.zeros(program.memory_bytes, np.int64)
        for fill in program.fills:
            run = np.full(fill.length, fill.value & 0xFF, np.uint8)
            for index in range(fill.count):
                self.host_write(fill.address + index * fill.stride, run)
        self.stalls = np.zeros((cores, len(layout.STALLS)), np.int64)
        self.counts = np.zeros(len(program.lines), np.int64)
        self.layers = np.zeros((len(program.layers), 2), np.int64)
        self.layers[:, 0] = _NEVER
        self.trace = np.zeros((trace_events, layout.TRACE_COLUMNS), np.int64)
        self.busy = np.zeros(layout.CROSSBAR + 1, np.int64)

    def host_write(self, address: int, values: Array) -> None:
        """Put bytes into shared memory before the run."""
        self.memory[address : address + values.size] = values
        self.writers[address : address + values.size] = layout.SHADOW_HOST

    def run(self) -> int:
        """Run to the end or to a trap; FINISHED or the trap's code."""
        program = self.program
        machine = program.machine
        timing = np.array(
            [
                machine.issue_cycles,
                machine.memory_latency_cycles,
                machine.call_latency_cycles,
            ],
            np.int64,
        )
        while True:
            why = advance(
                _BUDGET,
                timing,
                self.heap,
                program.code,
                program.reals,
                program.core_of,
                *program.constants,
                self.scalars,
                self.trap,
                self.cores,
                self.addresses,
                self.loops,
                self.vectors,
                self.units,
                self.edges,
                self.clocks,
                self.queue,
                self.queue_clocks,
                self.valid,
                self.bytes,
                self.bytes.view(np.int8),
                self.bytes.view(np.int32),
                self.bytes.view(np.float32),
                self.memory,
                self.writers,
                self.readers,
                self.stalls,
                self.counts,
                self.layers,
                self.trace,
                self.busy,
            )
            if why == layout.GROW:
                self._grow()
            elif why != layout.PAUSED:
                return why

    def _grow(self) -> None:
        """Double the room for calls on their way; all of the new half is free."""
        old = len(self.queue)
        new = max(64, 2 * old)
        queue = np.zeros((new, layout.QUEUE_COLUMNS), np.int64)
        queue[:old] = self.queue
        queue[old:, layout.Q_NEXT] = np.arange(old + 1, new + 1)
        queue[-1, layout.Q_NEXT] = self.scalars[layout.G_FREE]
        clocks = np.zeros((new, self.queue_clocks.shape[1]), np.int32)
        clocks[:old] = self.queue_clocks
        self.queue, self.queue_clocks = queue, clocks
        self.scalars[layout.G_FREE] = old
