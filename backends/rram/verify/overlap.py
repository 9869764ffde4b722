"""Whether pieces of two streams meet in a byte, and how many rounds of a ring apart."""

from __future__ import annotations

from cimc.backends.rram.verify.layout import (
    P_FIRST,
    P_HIGH,
    P_LOW,
    P_STEP,
    P_TIMES,
    S_BASE,
    S_COUNT,
    S_LENGTH,
    S_PITCH,
    S_SIZE,
    S_STRIDE,
)
from cimc.simulation.jit import compiled
from cimc.weights import Array

__all__ = ["ANY", "may_meet", "meet", "rounds", "same_ring"]

#: More rounds than any address register can count.
ANY = 1 << 62


@compiled("UniTuple(int64, 2)(int64, int64, int64, int64, int64, int64, int64)")
def rounds(
    low: int, high: int, low2: int, high2: int, size: int, earliest: int, latest: int
) -> tuple[int, int]:
    """The first and last round in which :func:`may_meet` holds, of a ring."""
    first = (low - high2) // size + 1
    last = -((low2 - high) // size) - 1
    return max(first, earliest), min(last, latest)


@compiled("boolean(int64, int64, int64, int64, int64, int64, int64)")
def may_meet(
    low: int, high: int, low2: int, high2: int, size: int, earliest: int, latest: int
) -> bool:
    """Whether [low, high) and [low2, high2), moved on, have a byte in common.

    The rounds by which the second must be moved on, a ring of ``size`` bytes each, are
    between ``earliest`` and ``latest``. Without a ring (size 0) there is none.
    """
    if size == 0:
        return earliest <= 0 <= latest and low < high2 and low2 < high
    if earliest == latest:
        way = latest * size
        return low < high2 + way and low2 + way < high
    first, last = rounds(low, high, low2, high2, size, earliest, latest)
    return first <= last


@compiled("boolean(int64[::1], int64[::1])")
def same_ring(one: Array, other: Array) -> bool:
    """Whether two streams count addresses alike, from image to image as well."""
    return (
        one[S_SIZE] == other[S_SIZE]
        and one[S_BASE] == other[S_BASE]
        and one[S_PITCH] == other[S_PITCH]
    )


@compiled("int64(int64, int64[::1])")
def _byte(address: int, stream: Array) -> int:
    """The byte of memory at an address of a stream."""
    if stream[S_SIZE] == 0:
        return address
    return stream[S_BASE] + address % stream[S_SIZE]


@compiled(
    "int64(int64[::1], int64[::1], int64[::1], int64[::1], int64, int64, int64[::1])"
)
def meet(
    one: Array,
    piece: Array,
    other: Array,
    piece2: Array,
    earliest: int,
    latest: int,
    budget: Array,
) -> int:
    """A byte of memory in which two pieces meet, -1 if there is none, -2 if unknown.

    The rounds are those of :func:`may_meet`. Compares segment by segment, and gives up
    when the budget is spent.
    """
    alike = same_ring(one, other)
    size = one[S_SIZE] if alike else 0
    for i in range(piece[P_TIMES] * one[S_COUNT]):
        time, segment = i // one[S_COUNT], i % one[S_COUNT]
        low = piece[P_FIRST] + time * piece[P_STEP] + segment * one[S_STRIDE]
        if not alike:
            low = _byte(low, one)
        high = low + one[S_LENGTH]
        if alike and not may_meet(
            low, high, piece2[P_LOW], piece2[P_HIGH], size, earliest, latest
        ):
            continue
        number = piece2[P_TIMES] * other[S_COUNT]
        budget[0] -= number
        if budget[0] < 0:
            return -2
        for k in range(number):
            time, segment = k // other[S_COUNT], k % other[S_COUNT]
            low2 = piece2[P_FIRST] + time * piece2[P_STEP] + segment * other[S_STRIDE]
            if not alike:
                low2 = _byte(low2, other)
            if may_meet(
                low, high, low2, low2 + other[S_LENGTH], size, earliest, latest
            ):
                # The later start is in both, seen modulo the ring.
                if not alike:
                    return max(low, low2)
                start = low
                if size == 0:
                    start = max(low, low2)
                elif (low - low2) % size >= other[S_LENGTH]:
                    start = low2
                return _byte(start, one)
    return -1
