"""An RRAM machine while it runs: registers' hazards and the shared memory."""

from __future__ import annotations

import numpy as np

from cimc.backends.rram.machine import RramMachine
from cimc.backends.rram.simulator.engine import advance
from cimc.backends.rram.simulator.layout import (
    CROSSBAR,
    STALLS,
    V_WRITER,
    VECTOR_COLUMNS,
)
from cimc.backends.rram.simulator.rram_program import RramProgram
from cimc.simulation.layout import SHADOW_HOST
from cimc.simulation.state import State
from cimc.weights import Array

__all__ = ["RramState"]

#: Instructions between two returns from compiled code, so that Ctrl-C gets through.
_BUDGET = 20_000_000


class RramState(State):
    """One run of a program on one image."""

    def __init__(
        self, machine: RramMachine, program: RramProgram, *, trace_events: int = 0
    ) -> None:
        super().__init__(
            program,
            registers=machine.vector_registers,
            register_bytes=machine.vector_register_bytes,
            units=CROSSBAR + program.crossbars,
            trace_events=trace_events,
        )
        self.program = program
        self._timing = np.array(
            [
                machine.issue_cycles,
                machine.memory_latency_cycles,
                machine.call_latency_cycles,
            ],
            np.int64,
        )
        shape = (len(program.core_numbers), machine.vector_registers, VECTOR_COLUMNS)
        self.vectors = np.zeros(shape, np.int64)
        self.vectors[:, :, V_WRITER] = -1
        self.memory = np.zeros(program.memory_bytes, np.uint8)
        self.writers = np.zeros(program.memory_bytes, np.int64)
        self.readers = np.zeros(program.memory_bytes, np.int64)
        for fill in program.fills:
            run = np.full(fill.length, fill.value & 0xFF, np.uint8)
            for index in range(fill.count):
                self.host_write(fill.address + index * fill.stride, run)
        self.stalls = np.zeros((len(program.core_numbers), len(STALLS)), np.int64)

    def host_write(self, address: int, values: Array) -> None:
        """Put bytes into shared memory before the run."""
        self.memory[address : address + values.size] = values
        self.writers[address : address + values.size] = SHADOW_HOST

    def advance(self) -> int:
        """See base class."""
        program = self.program
        return advance(
            _BUDGET,
            self._timing,
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
            *self.register_views,
            self.memory,
            self.writers,
            self.readers,
            self.stalls,
            self.counts,
            self.layers,
            self.trace,
            self.busy,
        )
