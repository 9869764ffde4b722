"""What lies under the ports of tracks that may be displaced, compiled.

A track that is displaced by d delivers its bit of the d-th domain further on, and takes
what is written there; beyond its ends it delivers 0 and takes nothing.
"""

from __future__ import annotations

import numpy as np

from cimc.backends.racetrack.simulator.layout import (
    M_DOMAINS,
    M_WEIGHT_BITS,
    P_START,
    P_WIDTH,
    T_DISPLACED,
    T_FIRST,
    W_BLOCK,
    W_COLUMNS,
)
from cimc.backends.racetrack.simulator.position_errors import ERRORS, Errors, misread
from cimc.simulation.jit import compiled
from cimc.weights import Array

__all__ = ["misread_bytes", "read_bytes", "weight_row", "write_bytes"]


@compiled(
    f"int64(int64[::1], uint8[::1], int64, int64, int64, int64, {ERRORS}, uint8[::1])"
)
def read_bytes(
    row: Array,
    words: Array,
    array: int,
    domain: int,
    first: int,
    domains: int,
    errors: Errors,
    target: Array,
) -> int:
    """Read bytes from ``first`` on of the word in a domain of a map array.

    ``row`` is that of the array.
    """
    width = row[P_WIDTH]
    start = row[P_START] + first
    table, displacements = errors[0], errors[1]
    for i in range(target.size):
        target[i] = words[start + domain * width + i]
    if table[array, T_DISPLACED] > 0:
        track = table[array, T_FIRST] + 8 * first
        for at in range(8 * target.size):
            by = displacements[track + at]
            if by != 0:
                i, mask = at >> 3, np.int64(1) << (at & 7)
                value = np.int64(target[i]) & ~mask
                if 0 <= domain + by < domains:
                    value |= words[start + (domain + by) * width + i] & mask
                target[i] = value
    return 0


@compiled(f"int64({ERRORS}, uint8[::1])")
def misread_bytes(errors: Errors, target: Array) -> int:
    """Flip those bits of bytes from a port that it misread."""
    at = 0
    while True:
        skipped = misread(8 * target.size - at, errors)
        if skipped < 0:
            return 0
        at += skipped
        target[at >> 3] = np.int64(target[at >> 3]) ^ (np.int64(1) << (at & 7))
        at += 1


@compiled(f"int64(int64[::1], uint8[::1], int64, int64, int64, {ERRORS}, uint8[::1])")
def write_bytes(
    row: Array,
    words: Array,
    array: int,
    domain: int,
    domains: int,
    errors: Errors,
    source: Array,
) -> int:
    """Write all bytes of the word in a domain of a map array; see ``read_bytes``."""
    start, width = row[P_START], row[P_WIDTH]
    table, displacements = errors[0], errors[1]
    if table[array, T_DISPLACED] == 0:
        for i in range(width):
            words[start + domain * width + i] = source[i]
        return 0
    for at in range(8 * width):
        place = domain + displacements[table[array, T_FIRST] + at]
        if 0 <= place < domains:
            i, mask = at >> 3, np.int64(1) << (at & 7)
            word = start + place * width + i
            words[word] = (np.int64(words[word]) & ~mask) | (source[i] & mask)
    return 0


@compiled(
    "int64(int64[::1], int8[::1], int64, int64, int64, int64[::1], int64, "
    f"{ERRORS}, int8[::1])"
)
def weight_row(
    block: Array,
    weights: Array,
    array: int,
    domain: int,
    lanes: int,
    machine: Array,
    wrong: int,
    errors: Errors,
    target: Array,
) -> int:
    """Read the weights in a domain, bit ``wrong`` of them misread (−1: none)."""
    bits = machine[M_WEIGHT_BITS]
    table, displacements = errors[0], errors[1]
    start, columns = block[W_BLOCK], block[W_COLUMNS]
    for lane in range(lanes):
        value = np.int64(0)
        for bit in range(bits):
            place = np.int64(domain)
            if table[array, T_DISPLACED] > 0:
                place += displacements[table[array, T_FIRST] + lane * bits + bit]
            if 0 <= place < machine[M_DOMAINS]:
                weight = np.int64(weights[start + place * columns + lane])
                value |= weight & (np.int64(1) << bit)
        target[lane] = value
    while wrong >= 0:
        lane = wrong // bits
        target[lane] = np.int64(target[lane]) ^ (np.int64(1) << wrong % bits)
        skipped = misread(lanes * bits - wrong - 1, errors)
        wrong = wrong + 1 + skipped if skipped >= 0 else -1
    sign = np.int64(1) << (bits - 1)
    for lane in range(lanes):
        value = np.int64(target[lane]) & ((sign << 1) - 1)
        target[lane] = (value ^ sign) - sign
    return 0
