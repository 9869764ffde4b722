"""An RRAM machine while it runs: registers' hazards and the shared memory."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from cimc.backends.rram.dialect import FeatureMapOp
from cimc.backends.rram.machine import RramMachine
from cimc.backends.rram.simulator.engine import advance
from cimc.backends.rram.simulator.layout import (
    B_START,
    BATCH_COLUMNS,
    CROSSBAR,
    G_HISTORIES,
    H_HOST,
    H_WRITE,
    HISTORY_COLUMNS,
    LINKS,
    READ_RACE,
    REUSE_RACE,
    STALLS,
    V_WRITER,
    VECTOR_COLUMNS,
    WAY_COLUMNS,
    WRITE_RACE,
)
from cimc.backends.rram.simulator.memory import settle
from cimc.backends.rram.simulator.rram_program import RramProgram
from cimc.isa.mesh import place_of
from cimc.simulation.layout import EPOCH_BITS, SHADOW_HOST
from cimc.simulation.state import State, untouched
from cimc.weights import Array

__all__ = ["RramState"]

#: Instructions between two returns from compiled code, so that Ctrl-C gets through.
_BUDGET = 20_000_000
#: Histories of bytes that there is room for at first.
_HISTORIES = 1 << 12


class RramState(State):
    """One run of a program on a batch of ``images``."""

    races: ClassVar = frozenset((READ_RACE, WRITE_RACE, REUSE_RACE))

    def __init__(
        self,
        machine: RramMachine,
        program: RramProgram,
        *,
        images: int = 1,
        trace_events: int = 0,
    ) -> None:
        super().__init__(
            program,
            registers=machine.vector_registers,
            register_bytes=machine.vector_register_bytes,
            units=CROSSBAR + program.crossbars,
            trace_events=trace_events,
        )
        self.program = program
        self._machine = machine
        self._timing = np.array(
            [
                machine.issue_cycles,
                machine.memory_latency_cycles,
                machine.call_latency_cycles,
                machine.mesh_columns,
                machine.hop_cycles,
                machine.bank_bytes,
            ],
            np.int64,
        )
        self._numbers = np.array(program.core_numbers, np.int64)
        self._places = _places(machine)
        self._links = np.zeros(self._places.size * LINKS, np.int64)
        shape = (len(program.core_numbers), machine.vector_registers, VECTOR_COLUMNS)
        self.vectors = np.zeros(shape, np.int64)
        self.vectors[:, :, V_WRITER] = -1
        self.ways = np.zeros((*self.addresses.shape, WAY_COLUMNS), np.int64)
        self.memory = untouched((program.memory_bytes,), np.uint8)
        self.marks = untouched((program.memory_bytes,), np.int32)
        self.histories = np.zeros((_HISTORIES, HISTORY_COLUMNS), np.int64)
        self.histories[H_HOST, H_WRITE] = SHADOW_HOST
        self.scalars[G_HISTORIES] = H_HOST + 1
        self.copies = np.zeros(program.copy_bytes, np.uint8)
        self.copy_writers = np.zeros(program.copy_bytes, np.int32)
        for fill in program.fills:
            run = np.full(fill.length, fill.value & 0xFF, np.uint8)
            for index in range(fill.count):
                self.host_write(fill.address + index * fill.stride, run)
        self.batch = np.zeros((len(program.core_numbers), BATCH_COLUMNS), np.int64)
        self.batch[:, B_START] = program.starts
        self.ends = np.zeros(images, np.int64)
        self._inputs = np.zeros(machine.vector_register_bytes, np.int16)
        self._currents = np.zeros((2, machine.columns))
        self.stalls = np.zeros((len(program.core_numbers), len(STALLS)), np.int64)

    def host_write(self, address: int, values: Array) -> None:
        """Put bytes into shared memory before the run."""
        self.memory[address : address + values.size] = values
        self.marks[address : address + values.size] = H_HOST

    @property
    def images(self) -> int:
        """See base class."""
        return self.ends.size

    @property
    def latency(self) -> int:
        """See base class."""
        return int(self.ends[0])

    def whole(self, op: FeatureMapOp, image: int) -> Array:
        """The feature map of an image, from its first byte on.

        Of a map in a ring that is the copy beside memory.
        """
        values = self.copies if op.in_ring else self.memory
        return values[self._start(op, image) :]

    def shadow(self, op: FeatureMapOp, image: int, offset: int) -> int:
        """Who wrote a byte of a feature map."""
        at = self._start(op, image) + offset
        if op.in_ring:
            return int(self.copy_writers[at]) << EPOCH_BITS
        return int(self.histories[self.marks[at], H_WRITE])

    def _start(self, op: FeatureMapOp, image: int) -> int:
        """Where the map of an image begins, in memory or in the copies."""
        start = op.address + op.shift(image)
        if op.in_ring:
            start += self.program.copies[op.ring_base].start - op.ring_base
        return start

    def begin(self, phase: int, start: int = 0) -> None:
        """Program the crossbars of a phase, which comes after all accesses before it.

        A program of one phase is set up before.
        """
        if len(self.program.phases) > 1:
            rows = self.program.programming[phase].rows
            start = self.cycles + rows * self._machine.programming_row_cycles
        super().begin(phase, start)
        if phase:
            settled = np.zeros(self.histories.shape, np.int64)
            count = settle(self.marks, self.histories, settled)
            self.histories, self.scalars[G_HISTORIES] = settled, count

    def grow(self) -> None:
        """See base class."""
        super().grow()
        used, most = int(self.scalars[G_HISTORIES]), self.bytes.shape[2]
        if used + most > len(self.histories):
            histories = np.zeros((2 * used + most, HISTORY_COLUMNS), np.int64)
            histories[:used] = self.histories[:used]
            self.histories = histories

    def advance(self) -> int:
        """See base class."""
        program = self.program
        return advance(
            _BUDGET,
            self._timing,
            self._numbers,
            self._places,
            self._links,
            self.heap,
            program.code,
            program.reals,
            program.core_of,
            *program.constants,
            self.scalars,
            self.trap,
            self.cores,
            self.addresses,
            self.ways,
            self.loops,
            self.vectors,
            self.units,
            self.edges,
            self.clocks,
            self.queue,
            self.valid,
            *self.register_views,
            self.memory,
            self.marks,
            self.histories,
            self.copies,
            self.copy_writers,
            self.stalls,
            self.counts,
            self.layers,
            self.trace,
            self.busy,
            self.batch,
            self.ends,
            self._inputs,
            program.cells,
            program.analogue,
            self._currents,
        )


def _places(machine: RramMachine) -> Array:
    """Where each core is on the mesh, counted row by row; all are one on a bus."""
    columns = machine.mesh_columns
    if not columns:
        return np.zeros(1, np.int64)
    places = [place_of(core, columns) for core in range(machine.cores)]
    return np.array([row * columns + column for row, column in places], np.int64)
