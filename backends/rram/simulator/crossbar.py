"""Values of the crossbar: exact integer products, compiled."""

from __future__ import annotations

import numpy as np

from cimc.simulation.jit import compiled
from cimc.weights import Array

__all__ = ["execute_mvm"]


@compiled("void(int8[::1], int64, int64, int64, uint8[::1], boolean, int32[::1])")
def execute_mvm(
    weights: Array,
    offset: int,
    rows: int,
    columns: int,
    source: Array,
    unsigned: bool,
    result: Array,
) -> None:
    """result[:columns] = Wᵀ·source[:rows]; W lies row by row at ``offset``.

    The sums stay within int32: 65535 · 255 · 128 < 2³¹.
    """
    sums = result[:columns]
    sums[:] = 0
    for row in range(rows):
        value = np.int32(source[row])
        if not unsigned and value > 127:
            value -= np.int32(256)
        if value != 0:
            block = weights[offset + row * columns : offset + (row + 1) * columns]
            for column in range(columns):
                sums[column] += np.int32(block[column]) * value
