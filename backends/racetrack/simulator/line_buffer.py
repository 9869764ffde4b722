"""The line buffer of a bank: bytes that are read only after they were written."""

from __future__ import annotations

from cimc.backends.racetrack.simulator.layout import LINE_ADDRESS, UNWRITTEN_LINE
from cimc.simulation.jit import compiled
from cimc.simulation.layout import TRAP_A, TRAP_B
from cimc.weights import Array

__all__ = ["fill", "load", "slide"]


@compiled(
    "int64(uint8[::1], uint8[::1], int64, int64, int64, int64, uint8[::1], int64[::1])"
)
def load(
    line: Array,
    written: Array,
    start: int,
    count: int,
    length: int,
    stride: int,
    target: Array,
    trap: Array,
) -> int:
    """Copy segments into ``target``; 0 or the code of a trap."""
    for segment in range(count):
        first = start + segment * stride
        trap[TRAP_A], trap[TRAP_B] = first, first + length
        if first < 0 or first + length > line.size:
            return LINE_ADDRESS
        for at in range(length):
            if written[first + at] == 0:
                trap[TRAP_A] = first + at
                return UNWRITTEN_LINE
            target[segment * length + at] = line[first + at]
    return 0


@compiled("int64(uint8[::1], uint8[::1], int64, int64, int64, int64[::1])")
def fill(
    line: Array, written: Array, start: int, length: int, value: int, trap: Array
) -> int:
    """Set bytes; 0 or the code of a trap."""
    trap[TRAP_A], trap[TRAP_B] = start, start + length
    if start < 0 or start + length > line.size:
        return LINE_ADDRESS
    line[start : start + length] = value & 0xFF
    written[start : start + length] = 1
    return 0


@compiled("int64(uint8[::1], uint8[::1], int64, int64, int64, int64[::1])")
def slide(
    line: Array, written: Array, start: int, length: int, by: int, trap: Array
) -> int:
    """Move bytes down, those above stay as well; 0 or the code of a trap."""
    trap[TRAP_A], trap[TRAP_B] = start, start + length + by
    if start + length + by > line.size:
        return LINE_ADDRESS
    for at in range(start, start + length):
        line[at] = line[at + by]
        written[at] = written[at + by]
    return 0
