"""A racetrack machine while it runs: tracks, accumulators and line buffers."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from cimc.backends.racetrack.machine import RacetrackMachine
from cimc.backends.racetrack.nonideality import RacetrackNonidealities
from cimc.backends.racetrack.simulator import layout
from cimc.backends.racetrack.simulator.displaced import read_bytes
from cimc.backends.racetrack.simulator.engine import advance
from cimc.backends.racetrack.simulator.position_errors import seed_errors
from cimc.backends.racetrack.simulator.racetrack_program import RacetrackProgram
from cimc.backends.racetrack.simulator.specimen import errors_of
from cimc.simulation.layout import FINISHED, SHADOW_HOST, TRAP_A, TRAP_B
from cimc.simulation.state import State
from cimc.weights import Array

__all__ = ["RacetrackState"]

#: Instructions between two returns from compiled code, so that Ctrl-C gets through.
_BUDGET = 20_000_000


class RacetrackState(State):
    """One run of a program on one image, of an ideal chip or of one that errs.

    ``seed`` is that of the errors.
    """

    races: ClassVar = frozenset((layout.RACE,))

    def __init__(
        self,
        machine: RacetrackMachine,
        program: RacetrackProgram,
        *,
        trace_events: int = 0,
        nonidealities: RacetrackNonidealities | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(
            program,
            registers=machine.vector_registers,
            register_bytes=machine.vector_register_bytes,
            units=layout.UNITS,
            trace_events=trace_events,
        )
        self.program, self.machine = program, machine
        banks = len(program.core_numbers)
        self._machine = np.array(
            [
                machine.domains,
                machine.ports,
                machine.lowest_offset,
                machine.highest_offset,
                machine.accumulator_bits,
                machine.write_cycles,
                machine.transfer_latency_cycles,
                machine.call_latency_cycles,
                machine.weight_bits,
                nonidealities is not None,
            ],
            np.int64,
        )
        self._banks = np.array(program.core_numbers, np.int64)
        self.maps = self._map_arrays()
        self.users = np.zeros(len(self.maps), np.int64)
        self.writers = np.zeros(len(self.maps) * machine.domains, np.int64)
        widths = self.maps[:, layout.P_WIDTH]
        self.words = np.zeros(int(widths.sum()) * machine.domains, np.uint8)
        shape = (banks, machine.arrays_per_bank, layout.WEIGHT_COLUMNS)
        self.arrays = np.zeros(shape, np.int64)
        self.arrays[:, :, layout.W_BLOCK] = -1
        for bank, stored in enumerate(program.stored):
            for number, block in stored.items():
                row = (block.block, block.mask, block.columns, 0)
                self.arrays[bank, number] = row
        tracks = [8 * widths, np.full(shape[:2], machine.lanes * machine.weight_bits)]
        self.errors = errors_of(
            nonidealities, machine, np.concatenate([part.ravel() for part in tracks])
        )
        self._seed = seed if nonidealities is not None else None
        self.accumulators = np.zeros((banks, machine.lanes), np.int64)
        self.line = np.zeros((banks, machine.line_buffer_bytes), np.uint8)
        self.line_written = np.zeros_like(self.line)
        self.stalls = np.zeros((banks, 2), np.int64)
        self.map_steps = np.zeros(len(program.lines), np.int64)

    def _map_arrays(self) -> Array:
        """One row per map array, in order of their numbers."""
        rows: list[tuple[int, ...]] = []
        start = 0
        for op in self.program.arrays:
            units = self.machine.map_macro_units(op.width)
            for _ in range(op.count):
                rows.append((start, op.width, op.bank, units, 0))
                start += op.width * self.machine.domains
        return np.array(rows, np.int64).reshape(-1, layout.MAP_COLUMNS)

    def place(self, array: int, column: int) -> int:
        """Index among all words of the word for ``column`` of an array."""
        machine = self.machine
        domain = column % machine.ports * machine.segment + column // machine.ports
        return array * machine.domains + domain

    def word(self, place: int) -> Array:
        """The bytes of a word that ports deliver to the host; a view on aligned tracks.

        Nothing is misread.
        """
        domains = self.machine.domains
        array, domain = divmod(place, domains)
        width = int(self.maps[array, layout.P_WIDTH])
        start = int(self.maps[array, layout.P_START]) + domain * width
        word = self.words[start : start + width]
        if self.errors[0][array, layout.T_DISPLACED]:
            word, row = word.copy(), self.maps[array]
            read_bytes(row, self.words, array, domain, 0, domains, self.errors, word)
        return word

    def host_write(self, place: int, values: Array) -> None:
        """Put a word on its tracks before the run."""
        self.word(place)[:] = values
        self.writers[place] = SHADOW_HOST

    def run(self) -> int:
        """Run to the end or to a trap; arrays must end where they began."""
        if self._seed is not None:
            seed_errors(self._seed, self.errors[4])
        why = super().run()
        if why != FINISHED:
            return why
        for code, offsets in (
            (layout.MAP_NOT_AT_HOME, self.maps[None, :, layout.P_OFFSET]),
            (layout.WEIGHTS_NOT_AT_HOME, self.arrays[:, :, layout.W_OFFSET]),
        ):
            away = np.argwhere(offsets)
            if len(away):
                self.trap[TRAP_A], self.trap[TRAP_B] = away[0]
                return code
        return FINISHED

    def advance(self) -> int:
        """See base class."""
        program = self.program
        return advance(
            _BUDGET,
            self._machine,
            self.heap,
            program.code,
            program.reals,
            program.core_of,
            self._banks,
            program.weights,
            program.masks,
            *program.vector_constants,
            self.scalars,
            self.trap,
            self.cores,
            self.addresses,
            self.loops,
            self.edges,
            self.clocks,
            self.queue,
            self.valid,
            *self.register_views,
            self.maps,
            self.users,
            self.writers,
            self.words,
            self.arrays,
            self.errors,
            self.accumulators,
            self.line,
            self.line_written,
            self.stalls,
            self.map_steps,
            self.counts,
            self.layers,
            self.trace,
            self.busy,
        )
