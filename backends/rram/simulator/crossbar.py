"""Values of the crossbar: exact integer products, compiled."""

from __future__ import annotations

import numpy as np

from cimc.simulation.jit import compiled
from cimc.weights import Array

__all__ = ["execute_mvm"]


@compiled(
    "void(int8[::1], int64, int64, int64, uint8[::1], boolean, int16[::1], int32[::1])"
)
def execute_mvm(
    weights: Array,
    offset: int,
    rows: int,
    columns: int,
    source: Array,
    unsigned: bool,
    inputs: Array,
    result: Array,
) -> None:
    """result[:columns] = Wᵀ·source[:rows]; W lies row by row at ``offset``.

    ``inputs`` is where the crossbar latches its inputs: the result may take the place
    of the source. The sums stay within int32: 65535 · 255 · 128 < 2³¹.
    """
    for row in range(rows):
        value = np.int16(source[row])
        inputs[row] = value if unsigned else np.int16(np.int8(value))
    result[:columns] = 0
    for row in range(rows):
        value = np.int32(inputs[row])
        if value != 0:
            block = weights[offset + row * columns : offset + (row + 1) * columns]
            for column in range(columns):
                result[column] += np.int32(block[column]) * value
