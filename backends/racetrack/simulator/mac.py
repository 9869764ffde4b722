"""Products beside the tracks and their sums, compiled."""

from __future__ import annotations

import numpy as np

from cimc.backends.racetrack.simulator.displaced import weight_row
from cimc.backends.racetrack.simulator.layout import (
    ACCUMULATOR,
    M_ACCUMULATOR,
    M_DOMAINS,
    M_ERRS,
    M_PORTS,
    M_WEIGHT_BITS,
    MISALIGNED_WEIGHTS,
    NO_WEIGHTS,
    REGISTER_ADDRESS,
    T_DISPLACED,
    UNSTORED_WEIGHT,
    W_BLOCK,
    W_COLUMNS,
    W_MASK,
    W_OFFSET,
)
from cimc.backends.racetrack.simulator.position_errors import ERRORS, Errors, misread
from cimc.backends.racetrack.simulator.tracks import aligned
from cimc.simulation.jit import compiled
from cimc.simulation.layout import (
    TRAP_A,
    TRAP_B,
    UNINITIALISED_REGISTER,
)
from cimc.weights import Array

__all__ = ["multiply_accumulate", "take_sums"]


@compiled("int64(int64, int64)")
def _wrapped(total: int, limit: int) -> int:
    """What is left of a sum in an accumulator that holds −limit to limit − 1."""
    return ((total + limit) & (2 * limit - 1)) - limit


@compiled(
    "int64(int64[:, :, ::1], int8[::1], uint8[::1], int64[:, ::1], uint8[:, :, ::1], "
    "uint8[:, :, ::1], int64, int64, int64, int64, int64, int64, int64, boolean, "
    f"boolean, int64[::1], int64, {ERRORS}, int64[::1])"
)
def multiply_accumulate(
    arrays: Array,
    weights: Array,
    masks: Array,
    accumulators: Array,
    registers: Array,
    valid: Array,
    core: int,
    array: int,
    domain: int,
    count: int,
    register: int,
    index: int,
    lanes: int,
    unsigned: bool,
    lanewise: bool,
    machine: Array,
    number: int,
    errors: Errors,
    trap: Array,
) -> int:
    """MAC at ``count`` ports in turn; 0 or the code of a trap.

    ``number`` is that of the array among all that may err.
    """
    trap[TRAP_A] = array
    if array < 0 or array >= arrays.shape[1]:
        return NO_WEIGHTS
    segment = machine[M_DOMAINS] // machine[M_PORTS]
    block = arrays[core, array]
    used = count * lanes if lanewise else count
    if index < 0 or index + used > registers.shape[2]:
        trap[TRAP_B] = index if index < 0 else registers.shape[2]
        return REGISTER_ADDRESS
    for at in range(index, index + used):
        if valid[core, register, at] == 0:
            trap[TRAP_A], trap[TRAP_B] = register, at
            return UNINITIALISED_REGISTER
    limit = np.int64(1) << (machine[M_ACCUMULATOR] - 1)
    for port in range(count):
        place = domain + port * segment
        trap[TRAP_B] = place
        if not aligned(place, block[W_OFFSET], machine):
            return MISALIGNED_WEIGHTS
        if (
            block[W_BLOCK] < 0
            or lanes > block[W_COLUMNS]
            or masks[block[W_MASK] + place] == 0
        ):
            return UNSTORED_WEIGHT
        first = block[W_BLOCK] + place * block[W_COLUMNS]
        row = weights[first : first + lanes]
        if machine[M_ERRS] != 0:
            wrong = misread(lanes * machine[M_WEIGHT_BITS], errors)
            if wrong >= 0 or errors[0][number, T_DISPLACED] > 0:
                row = errors[7][:lanes]
                weight_row(
                    block, weights, number, place, lanes, machine, wrong, errors, row
                )
        at = index + port * lanes if lanewise else index + port
        for lane in range(lanes):
            value = np.int64(registers[core, register, at + (lane if lanewise else 0)])
            if not unsigned and value > 127:
                value -= 256
            total = accumulators[core, lane] + value * row[lane]
            if total < -limit or total >= limit:
                if machine[M_ERRS] == 0:
                    trap[TRAP_A] = lane
                    return ACCUMULATOR
                total = _wrapped(int(total), int(limit))
            accumulators[core, lane] = total
    return 0


@compiled("int64(int64[::1], int32[::1], int64, boolean, int64[::1], int64[::1])")
def take_sums(
    accumulators: Array,
    sums: Array,
    lanes: int,
    add: bool,
    machine: Array,
    trap: Array,
) -> int:
    """Put int32 sums into accumulators, or add them; 0 or the code of a trap."""
    limit = np.int64(1) << (machine[M_ACCUMULATOR] - 1)
    for lane in range(lanes):
        total = np.int64(sums[lane])
        if add:
            total += accumulators[lane]
        if total < -limit or total >= limit:
            if machine[M_ERRS] == 0:
                trap[TRAP_A] = lane
                return ACCUMULATOR
            total = _wrapped(int(total), int(limit))
        accumulators[lane] = total
    return 0
