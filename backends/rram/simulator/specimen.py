"""The crossbars of one chip with non-ideal cells: what they hold when programmed.

Everything is drawn from the seed and the place of a crossbar, so that a cell is stuck
whatever is programmed there, and equal seeds give equal chips.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cimc.backends.rram.chip import Chip
from cimc.backends.rram.nonideality import Nonidealities
from cimc.backends.rram.repair import compensated, remapped
from cimc.backends.rram.simulator.layout import (
    ANALOGUE_COLUMNS,
    N_ANALOGUE,
    N_CELL_BITS,
    N_CODES,
    N_DAC_BITS,
    N_FINITE,
    N_NOISE,
    N_SLICES,
    N_STEP,
)
from cimc.backends.rram.slices import Slices
from cimc.target import Specimen
from cimc.weights import Array

__all__ = ["Crossbars"]

#: What a random number is for, so that one does not change the others.
_STUCK, _PROGRAMMED, _READ = range(3)


@dataclass(frozen=True)
class Crossbars:
    """The crossbars of a specimen of a chip, by the cores of a program."""

    chip: Chip
    specimen: Specimen

    @property
    def nonidealities(self) -> Nonidealities:
        """What its devices do other than they should."""
        found = self.specimen.nonidealities
        assert isinstance(found, Nonidealities), f"{found.name} is not RRAM's"
        return found

    @property
    def slices(self) -> Slices:
        """How weights lie in cells."""
        return Slices.of(self.chip)

    def stuck(self, core: int, crossbar: int) -> Array:
        """The levels of all cells that are stuck, −1 of the others.

        int8 of shape (slices, 2, rows, columns), all of the physical crossbar.
        """
        structure, cells = self.chip.structure, self.nonidealities.cells
        low, high = cells.stuck_low.value, cells.stuck_high.value
        shape = (self.slices.count, 2, structure.rows, structure.columns)
        found = np.full(shape, -1, np.int8)
        if low + high > 0:
            drawn = self._random(_STUCK, core, crossbar).random(shape)
            found[drawn < low + high] = self.slices.highest
            found[drawn < low] = 0
        return found

    def program(self, block: Array, phase: int, core: int, crossbar: int) -> Array:
        """What the cells give after ``block`` (rows, columns) has been programmed.

        float32: real weights like the block's, or with a finite converter levels of
        shape (slices, 2, rows, columns).
        """
        core += self.specimen.first
        stuck = self.stuck(core, crossbar)
        rows: Array = np.array(range(block.shape[0]))
        columns: Array = np.array(range(block.shape[1]))
        if self.specimen.repair in ("remap", "both"):
            rows, columns = remapped(block, stuck, self.slices)
        stuck = stuck[:, :, rows][:, :, :, columns]
        levels = self.slices.levels(block)
        if self.specimen.repair in ("compensate", "both"):
            levels = compensated(block, levels, stuck, self.slices)
        random = self._random(_PROGRAMMED, phase, core, crossbar)
        given = self._drifted(self._written(levels, random), random)
        given = np.where(stuck >= 0, stuck, given)
        if self.nonidealities.converter.kind == "finite":
            return given.astype(np.float32)
        return self.slices.weights(given).astype(np.float32)

    def analogue(self) -> Array:
        """What the engine needs to know of cells and converters."""
        structure, converter = self.chip.structure, self.nonidealities.converter
        found = np.zeros(ANALOGUE_COLUMNS)
        found[N_ANALOGUE] = 1
        found[N_FINITE] = converter.kind == "finite"
        found[N_SLICES] = self.slices.count
        found[N_CELL_BITS] = structure.cell_bits
        found[N_DAC_BITS] = structure.dac_bits
        found[N_NOISE] = self.nonidealities.cells.read_noise.value * self.slices.highest
        driven = (1 << structure.dac_bits) - 1
        largest = structure.rows * self.slices.highest * driven
        codes = 1 << structure.adc_bits
        found[N_STEP] = max(1.0, converter.range * largest / (codes - 1))
        found[N_CODES] = codes
        return found

    def noise_seed(self, run: int) -> int:
        """Where the noise of reads begins in a run of the simulator."""
        sequence = np.random.SeedSequence(self.specimen.entropy(_READ, run))
        return int(sequence.generate_state(1)[0])

    def _written(self, levels: Array, random: np.random.Generator) -> Array:
        deviation = self.nonidealities.cells.programming.value * self.slices.highest
        written = levels.astype(np.float64)
        if deviation:
            written += deviation * random.standard_normal(levels.shape)
        return written

    def _drifted(self, levels: Array, random: np.random.Generator) -> Array:
        cells = self.nonidealities.cells
        exponents = np.float64(cells.drift.value)
        if cells.drift_spread.value:
            spread = cells.drift_spread.value
            exponents = exponents + spread * random.standard_normal(levels.shape)
        return levels * cells.age.value**-exponents

    def _random(self, purpose: int, *place: int) -> np.random.Generator:
        return np.random.default_rng([self.specimen.seed, purpose, *place])
