"""Streams of accesses, and which pairs of them may meet in a byte of memory."""

from __future__ import annotations

import numpy as np

from cimc.backends.rram.verify.layout import (
    A2,
    A3,
    A4,
    OP,
    P_BASE,
    P_EPOCH,
    P_FIRST,
    P_HIGH,
    P_LOW,
    P_PITCH,
    P_SIZE,
    P_STEP,
    P_TIMES,
    S_BASE,
    S_CORE,
    S_COUNT,
    S_FIRST,
    S_GRID,
    S_HIGH,
    S_LAST,
    S_LENGTH,
    S_LOW,
    S_PITCH,
    S_ROW,
    S_SIZE,
    S_STOP,
    S_STORES,
    S_STRIDE,
    STORE,
    STREAM_COLUMNS,
)
from cimc.backends.rram.verify.skeleton import Skeleton
from cimc.backends.rram.verify.unfold import Unfolded
from cimc.simulation.jit import compiled
from cimc.weights import Array

__all__ = ["extents", "meetings", "streams_of"]


def streams_of(skeleton: Skeleton, unfolded: Unfolded) -> tuple[Array, int]:
    """All streams, in order of rows; and a row that uses several rings, or -1."""
    code, pieces = skeleton.code, unfolded.pieces
    counts = np.diff(unfolded.piece_starts)
    rows = np.flatnonzero(counts)
    streams = np.zeros((len(rows), STREAM_COLUMNS), np.int64)
    streams[:, S_CORE] = np.searchsorted(skeleton.starts, rows, side="right") - 1
    streams[:, S_ROW] = rows
    streams[:, S_STORES] = code[rows, OP] == STORE
    streams[:, S_FIRST] = unfolded.piece_starts[rows]
    streams[:, S_STOP] = unfolded.piece_starts[rows + 1]
    streams[:, [S_COUNT, S_LENGTH]] = code[rows][:, [A2, A3]]
    # The stride of a single segment means nothing.
    streams[:, S_STRIDE] = np.where(streams[:, S_COUNT] > 1, code[rows, A4], 0)
    first = pieces[streams[:, S_FIRST]]
    streams[:, [S_BASE, S_SIZE, S_PITCH]] = first[:, [P_BASE, P_SIZE, P_PITCH]]
    events = np.diff(unfolded.event_starts) // unfolded.images
    further = skeleton.images - unfolded.images
    return streams, int(_measure(streams, pieces, events, further))


@compiled("int64(int64[:, ::1], int64[:, ::1], int64[::1], int64)")
def _measure(streams: Array, pieces: Array, events: Array, further: int) -> int:
    """Fill in the extent of pieces and streams; a row with several rings, or -1.

    ``events`` are those of each core in an image, ``further`` are images that follow.
    """
    several = -1
    for stream in streams:
        size, base = stream[S_SIZE], stream[S_BASE]
        reach = (stream[S_COUNT] - 1) * stream[S_STRIDE]
        origin = pieces[stream[S_FIRST], P_FIRST]
        low, high = origin, origin
        grid = np.gcd(size, stream[S_STRIDE])
        for index in range(stream[S_FIRST], stream[S_STOP]):
            piece = pieces[index]
            if (
                piece[P_SIZE] != size
                or piece[P_BASE] != base
                or piece[P_PITCH] != stream[S_PITCH]
            ):
                several = stream[S_ROW]
            if piece[P_EPOCH] <= events[stream[S_CORE]]:
                stream[S_LAST] = piece[P_EPOCH]
            way = (piece[P_TIMES] - 1) * piece[P_STEP]
            piece[P_LOW] = piece[P_FIRST] + min(way, 0) + min(reach, 0)
            piece[P_HIGH] = piece[P_FIRST] + max(way, 0) + max(reach, 0)
            piece[P_HIGH] += stream[S_LENGTH]
            low, high = min(low, piece[P_LOW]), max(high, piece[P_HIGH])
            grid = np.gcd(grid, np.gcd(piece[P_STEP], piece[P_FIRST] - origin))
        stream[S_GRID] = grid
        if size > 0:
            shift = low % size - low
            if high + shift <= size:
                low, high = low + shift, high + shift
            else:
                low, high = np.int64(0), size
        else:
            high += further * stream[S_PITCH]
        stream[S_LOW], stream[S_HIGH] = base + low, base + high
    return several


@compiled("void(int64[:, ::1], int64[:, ::1], int64[:, ::1])")
def extents(streams: Array, pieces: Array, beyond: Array) -> None:
    """Row i: where all pieces of its stream up to i end, and all from i on begin."""
    for stream in streams:
        first, stop = stream[S_FIRST], stream[S_STOP]
        high, low = pieces[first, P_HIGH], pieces[stop - 1, P_LOW]
        for index in range(first, stop):
            high = max(high, pieces[index, P_HIGH])
            beyond[index, 0] = high
        for index in range(stop - 1, first - 1, -1):
            low = min(low, pieces[index, P_LOW])
            beyond[index, 1] = low


@compiled("boolean(int64[:, ::1], int64[::1], int64[::1])")
def _apart(pieces: Array, one: Array, other: Array) -> bool:
    """Whether two streams use different lanes of a grid, such as other channels."""
    if one[S_SIZE] != other[S_SIZE] or one[S_BASE] != other[S_BASE]:
        return False
    start = pieces[one[S_FIRST], P_FIRST]
    grid = np.gcd(one[S_GRID], other[S_GRID])
    distance = pieces[other[S_FIRST], P_FIRST] - start
    if grid == 0:
        return distance >= one[S_LENGTH] or -distance >= other[S_LENGTH]
    distance %= grid
    return distance >= one[S_LENGTH] and distance + other[S_LENGTH] <= grid


@compiled("int64(int64[:, ::1], int64[:, ::1], int64[::1], int64[::1], int64[:, ::1])")
def meetings(
    streams: Array, pieces: Array, order: Array, chain_of: Array, pairs: Array
) -> int:
    """Count pairs of streams that may meet, one of them storing, on different cores.

    ``order`` sorts the streams by their first byte, ``chain_of`` numbers the chain of
    each (-1: none), in which there is nothing to check. The pairs are listed as far as
    there is room, the one that stores first.
    """
    count = 0
    for i in range(order.size):
        one, chain = streams[order[i]], chain_of[order[i]]
        for k in range(i + 1, order.size):
            other = streams[order[k]]
            if other[S_LOW] >= one[S_HIGH]:
                break
            if chain >= 0 and chain == chain_of[order[k]]:
                continue
            if one[S_STORES] == 0 and other[S_STORES] == 0:
                continue
            if one[S_CORE] == other[S_CORE] or _apart(pieces, one, other):
                continue
            if count < pairs.shape[0]:
                first = i if one[S_STORES] != 0 else k
                pairs[count, 0] = order[first]
                pairs[count, 1] = order[i + k - first]
            count += 1
    return count
