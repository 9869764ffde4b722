"""What changes while a program runs, as arrays for an engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import prod
from mmap import mmap
from typing import ClassVar

import numpy as np

from cimc.isa.program import MAX_LOOP_DEPTH
from cimc.simulation import layout
from cimc.simulation.loaded_program import LoadedProgram
from cimc.weights import Array

__all__ = ["State", "untouched"]

_ADDRESS_REGISTERS = 16
_NEVER = np.iinfo(np.int64).max


def untouched(shape: tuple[int, ...], dtype: type) -> Array:
    """Zeros that take memory page by page when they are first written.

    Those of numpy come in huge pages, which would be most of a run's memory and time
    to begin where little is used here and there.
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    zeros: Array = np.ndarray(shape, dtype, mmap(-1, max(size, 1)))
    return zeros


class State(ABC):
    """One run of a program, on one image or a batch; a machine adds its memory.

    ``registers`` vector registers of ``register_bytes`` each belong to every core,
    whose parallel units are ``units`` in number. ``races`` are the traps for accesses
    that nothing orders.
    """

    races: ClassVar[frozenset[int]]

    def __init__(
        self,
        program: LoadedProgram,
        *,
        registers: int,
        register_bytes: int,
        units: int,
        trace_events: int = 0,
    ) -> None:
        cores = len(program.core_numbers)
        self.loaded = program
        self.scalars = np.zeros(layout.G_COLUMNS, np.int64)
        self.trap = np.zeros(layout.TRAP_COLUMNS, np.int64)
        self.cores = np.zeros((cores, layout.CORE_COLUMNS), np.int64)
        self.cores[:, layout.C_PC] = program.starts
        # Who is not in the phase that runs has nothing to do.
        self.cores[:, layout.C_HALTED] = 1
        self.heap = np.zeros(cores, np.int64)
        self.phase_ends: list[int] = []
        self.addresses = np.zeros((cores, _ADDRESS_REGISTERS), np.int64)
        self.loops = np.zeros((cores, MAX_LOOP_DEPTH), np.int64)
        self.units = np.zeros((cores, units), np.int64)
        self.edges = np.zeros((len(program.edges), layout.EDGE_COLUMNS), np.int64)
        self.edges[:, layout.E_OWNER] = program.owners
        for edge, count in program.credits.items():
            for column in (layout.E_CREDITS, layout.E_CONSUMED, layout.E_TOTAL):
                self.edges[edge, column] = count
        for column in (layout.E_HEAD, layout.E_TAIL, layout.E_LAST_CALL):
            self.edges[:, column] = -1
        self.queue = np.zeros((0, layout.QUEUE_COLUMNS), np.int64)
        self.scalars[layout.G_FREE] = -1
        self._clocks = program.knowledge.cores.copy()
        lengths = self._clocks[:, layout.K_LENGTH]
        self._longest = int(lengths.max(initial=0))
        self._rows = np.zeros(int(lengths.sum()), np.int32)
        self._rows[self._clocks[:, layout.K_ROW]] = 1
        self.scalars[layout.G_ROWS] = self._rows.size
        State.grow(self)
        size = (cores, registers, register_bytes)
        self.valid = untouched(size, np.uint8)
        self.bytes = untouched(size, np.uint8)
        self.counts = np.zeros(len(program.lines), np.int64)
        self.layers = np.zeros((len(program.layers), 2), np.int64)
        self.layers[:, 0] = _NEVER
        self.trace = np.zeros((trace_events, layout.TRACE_COLUMNS), np.int64)
        self.busy = np.zeros(units, np.int64)

    @abstractmethod
    def advance(self) -> int:
        """Let the engine run for a while; why it stopped."""

    @property
    def clocks(self) -> tuple[Array, Array, Array, Array, Array]:
        """What cores have acquired of each other, as clocks.py takes it."""
        _, runs, links, parts = self.loaded.knowledge
        return self._clocks, runs, links, parts, self._rows

    def begin(self, phase: int, start: int = 0) -> None:
        """Let the cores of a phase begin at a time; all others have halted."""
        cores = self.loaded.phases[phase]
        some = slice(cores.start, cores.stop)
        self.cores[some, layout.C_HALTED] = 0
        self.cores[some, layout.C_TIME] = start
        self.heap[: len(cores)] = np.array(cores) + (start << layout.CORE_BITS)
        self.scalars[layout.G_HEAP] = len(cores)

    def run(self) -> int:
        """Run to the end or to a trap; FINISHED or the trap's code.

        A phase begins when the one before is over; ``phase_ends`` says when each was.
        """
        for phase in range(len(self.loaded.phases)):
            self.begin(phase)
            why = self._run_phase()
            if why != layout.FINISHED:
                return why
            self.phase_ends.append(self.cycles)
        return layout.FINISHED

    def _run_phase(self) -> int:
        while True:
            why = self.advance()
            if why == layout.GROW:
                self.grow()
            elif why != layout.PAUSED:
                return why

    @property
    def images(self) -> int:
        """How many images the run is on."""
        return 1

    @property
    def latency(self) -> int:
        """When the first image was over."""
        return self.cycles

    @property
    def cycles(self) -> int:
        """When everything was over."""
        return int(self.cores[:, layout.C_DONE].max(initial=0))

    @property
    def register_views(self) -> tuple[Array, Array, Array, Array]:
        """The vector registers as uint8, int8, int32 and float32."""
        registers = self.bytes
        return (
            registers,
            registers.view(np.int8),
            registers.view(np.int32),
            registers.view(np.float32),
        )

    def grow(self) -> None:
        """Double what there is too little of, for any instruction to find room."""
        old = len(self.queue)
        if self.scalars[layout.G_FREE] < 0:
            new = max(64, 2 * old)
            queue = np.zeros((new, layout.QUEUE_COLUMNS), np.int64)
            queue[:old] = self.queue
            queue[old:, layout.Q_NEXT] = np.arange(old + 1, new + 1)
            queue[-1, layout.Q_NEXT] = -1
            self.queue = queue
            self.scalars[layout.G_FREE] = old
        used = int(self.scalars[layout.G_ROWS])
        if used + self._longest > self._rows.size:
            rows = np.zeros(2 * used + self._longest, np.int32)
            rows[:used] = self._rows[:used]
            self._rows = rows
