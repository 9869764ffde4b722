"""Products of a crossbar whose cells and converters are not ideal, compiled.

``cells`` holds, for each programmed crossbar, either one real weight per weight (the
converter is ideal, so slices and digits add up before anything is rounded) or, slice by
slice, the levels of the positive cells and those of the negative ones.
"""

from __future__ import annotations

import numpy as np

from cimc.backends.rram.simulator.layout import (
    N_CELL_BITS,
    N_CODES,
    N_DAC_BITS,
    N_FINITE,
    N_NOISE,
    N_SLICES,
    N_STEP,
)
from cimc.simulation.jit import compiled
from cimc.weights import Array

__all__ = ["execute_analogue_mvm", "seed_noise"]

_INPUT_BITS = 8
_LEAST, _MOST = -(1 << 31), (1 << 31) - 1


@compiled("void(int64)")
def seed_noise(seed: int) -> None:
    """Let the noise of the reads that follow depend on ``seed`` alone."""
    np.random.seed(seed)


@compiled("float64(int64, int64)")
def _digits_squared(value: int, bits: int) -> float:
    """Σ (digit · 2^(bits · place))² of a value: how reads of its digits add noise."""
    found, rest, place = 0.0, abs(value), 1.0
    while rest > 0:
        found += ((rest & ((1 << bits) - 1)) * place) ** 2
        rest >>= bits
        place *= 1 << bits
    return found


@compiled(
    "void(float32[::1], int64, int64, int64, int16[::1], boolean, float64[::1], "
    "float64[:, ::1])"
)
def _convert_lines(
    cells: Array,
    offset: int,
    rows: int,
    columns: int,
    inputs: Array,
    unsigned: bool,
    analogue: Array,
    currents: Array,
) -> None:
    """Add up what converters make of each bit line, digit by digit, in currents[0]."""
    total, line = currents[0], currents[1]
    bits = int(analogue[N_DAC_BITS])
    step, codes = analogue[N_STEP], analogue[N_CODES]
    # Activations of both signs give currents of both signs.
    lowest = 0.0 if unsigned else -np.floor(codes / 2)
    highest = lowest + codes - 1
    for digit in range(-(-_INPUT_BITS // bits)):
        for index in range(2 * int(analogue[N_SLICES])):
            line[:columns] = 0
            squares = 0.0
            start = offset + index * rows * columns
            for row in range(rows):
                value = inputs[row]
                driven = (abs(value) >> (digit * bits)) & ((1 << bits) - 1)
                if driven == 0:
                    continue
                squares += driven * driven
                signed = driven if value > 0 else -driven
                for column in range(columns):
                    line[column] += (
                        np.float64(cells[start + row * columns + column]) * signed
                    )
            deviation = analogue[N_NOISE] * np.sqrt(squares)
            place = 2.0 ** (digit * bits + (index // 2) * analogue[N_CELL_BITS])
            if index % 2 != 0:
                place = -place
            for column in range(columns):
                current = line[column]
                if deviation > 0:
                    current += deviation * np.random.standard_normal()
                code = min(max(np.rint(current / step), lowest), highest)
                total[column] += place * step * code


@compiled(
    "void(float32[::1], int64, int64, int64, uint8[::1], boolean, int16[::1], "
    "float64[::1], float64[:, ::1], int32[::1])"
)
def execute_analogue_mvm(
    cells: Array,
    offset: int,
    rows: int,
    columns: int,
    source: Array,
    unsigned: bool,
    inputs: Array,
    analogue: Array,
    currents: Array,
    result: Array,
) -> None:
    """result[:columns] = Wᵀ·source[:rows] as the cells at ``offset`` give it, rounded.

    ``currents`` are two rows of at least ``columns`` for sums; ``inputs`` as in
    :func:`~cimc.backends.rram.simulator.crossbar.execute_mvm`.
    """
    for row in range(rows):
        value = np.int16(source[row])
        inputs[row] = value if unsigned else np.int16(np.int8(value))
    total = currents[0]
    total[:columns] = 0
    if analogue[N_FINITE] != 0:
        _convert_lines(
            cells, offset, rows, columns, inputs, unsigned, analogue, currents
        )
    else:
        energy = 0.0
        for row in range(rows):
            value = inputs[row]
            if value != 0:
                energy += _digits_squared(value, int(analogue[N_DAC_BITS]))
                start = offset + row * columns
                for column in range(columns):
                    total[column] += np.float64(cells[start + column]) * value
        if analogue[N_NOISE] > 0:
            places = 0.0
            for index in range(int(analogue[N_SLICES])):
                places += 2 * 4.0 ** (index * analogue[N_CELL_BITS])
            deviation = analogue[N_NOISE] * np.sqrt(places * energy)
            for column in range(columns):
                total[column] += deviation * np.random.standard_normal()
    for column in range(columns):
        result[column] = np.int32(min(max(np.rint(total[column]), _LEAST), _MOST))
