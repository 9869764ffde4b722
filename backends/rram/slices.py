"""How weights lie in the cells of a crossbar: a differential pair, slice by slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cimc.backends.rram.chip import Chip
from cimc.weights import Array

__all__ = ["Slices"]


@dataclass(frozen=True)
class Slices:
    """``count`` cells of ``bits`` for each sign of a weight."""

    count: int
    bits: int

    @classmethod
    def of(cls, chip: Chip) -> Slices:
        """Those of a chip."""
        structure = chip.structure
        return cls(structure.cells_per_weight // 2, structure.cell_bits)

    @property
    def highest(self) -> int:
        """The highest level of a cell; the lowest is 0."""
        return (1 << self.bits) - 1

    @property
    def places(self) -> Array:
        """What a level of each slice counts in a weight."""
        return 2 ** (self.bits * np.arange(self.count))

    def levels(self, weights: Array) -> Array:
        """Levels (slices, 2, …) of int8 weights (…): positive cells, then negative."""
        wide = weights.astype(np.int64)
        magnitudes = np.stack([np.maximum(wide, 0), np.maximum(-wide, 0)])
        shifts = self.bits * np.arange(self.count)
        shifts = shifts.reshape(-1, *(1,) * magnitudes.ndim)
        return (magnitudes[np.newaxis] >> shifts) & self.highest

    def weights(self, levels: Array, below: int | None = None) -> Array:
        """What levels (slices, 2, …) stand for, or only slices ``below`` one."""
        pairs = levels[:below, 0] - levels[:below, 1]
        return np.tensordot(self.places[:below], pairs, axes=1)
