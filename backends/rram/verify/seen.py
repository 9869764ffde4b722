"""LOADs that find what they read written before, by a STORE of the same round."""

from __future__ import annotations

from cimc.backends.rram.verify.layout import (
    P_EPOCH,
    P_FIRST,
    P_HIGH,
    P_LOW,
    P_STEP,
    P_TIMES,
    S_CORE,
    S_COUNT,
    S_FIRST,
    S_LENGTH,
    S_STOP,
)
from cimc.backends.rram.verify.overlap import same_ring
from cimc.simulation.jit import compiled
from cimc.weights import Array

__all__ = ["mark_executions", "mark_seen"]


@compiled("boolean(int64[::1], int64[::1], int64[::1], int64[::1])")
def _covers(store: Array, piece: Array, load: Array, read: Array) -> bool:
    """Whether one ``piece`` of a STORE writes every byte that is ``read``.

    It leaves no gaps, or both leave the same ones, with one segment each time.
    """
    if piece[P_LOW] > read[P_LOW] or read[P_HIGH] > piece[P_HIGH]:
        return False
    step = piece[P_STEP]
    if piece[P_TIMES] == 1 or abs(step) <= store[S_LENGTH]:
        return True
    if step < 0 or store[S_COUNT] > 1 or load[S_COUNT] > 1:
        return False
    beyond = (read[P_FIRST] - piece[P_FIRST]) % step + load[S_LENGTH]
    return beyond <= store[S_LENGTH] and (read[P_TIMES] == 1 or read[P_STEP] == step)


@compiled(
    "boolean(int64[::1], int64[::1], int64[:, ::1], int64[:, ::1], int64, int64[::1])"
)
def _by_one(
    store: Array, load: Array, pieces: Array, beyond: Array, past: int, read: Array
) -> bool:
    """Whether one piece of ``store`` before ``past`` wrote all that is ``read``."""
    at = past - 1
    while at >= store[S_FIRST] and beyond[at, 0] >= read[P_HIGH]:
        if _covers(store, pieces[at], load, read):
            return True
        at -= 1
    return False


@compiled("void(int64[::1], int64, int64[::1])")
def _one_execution(whole: Array, time: int, read: Array) -> None:
    """Let ``read``, a copy of a piece, be one execution of it as a piece of its own."""
    first, step, times = whole[P_FIRST], whole[P_STEP], whole[P_TIMES]
    last, start = first + (times - 1) * step, first + time * step
    read[P_TIMES], read[P_FIRST] = 1, start
    read[P_LOW] = start + whole[P_LOW] - min(first, last)
    read[P_HIGH] = start + whole[P_HIGH] - max(first, last)


@compiled(
    "boolean(int64[::1], int64[::1], int64[:, ::1], int64[:, ::1], int64, int64)",
    allocates=True,
)
def _written(
    store: Array, load: Array, pieces: Array, beyond: Array, past: int, index: int
) -> bool:
    """Whether pieces of ``store`` before ``past`` wrote all that a piece reads.

    One wrote all of it, or for each execution there is one.
    """
    whole = pieces[index]
    if _by_one(store, load, pieces, beyond, past, whole):
        return True
    read = whole.copy()
    for time in range(whole[P_TIMES]):
        _one_execution(whole, time, read)
        if not _by_one(store, load, pieces, beyond, past, read):
            return False
    return True


@compiled(
    "void(int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[::1], "
    "int64[::1], int32[::1], boolean[::1])"
)
def mark_seen(
    streams: Array,
    pieces: Array,
    beyond: Array,
    pairs: Array,
    places: Array,
    event_starts: Array,
    known: Array,
    unseen: Array,
) -> None:
    """Take the mark of LOADs that find all they read written by one STORE before.

    Each pair is a stream that stores and one that loads; what the core of the second
    knows of that of the first begins at its place.
    """
    for pair in range(pairs.shape[0]):
        store, other = streams[pairs[pair, 0]], streams[pairs[pair, 1]]
        if not same_ring(store, other):
            continue
        core, past = other[S_CORE], store[S_FIRST]
        events = event_starts[core + 1] - event_starts[core]
        before = known[places[pair] : places[pair] + events + 1]
        for index in range(other[S_FIRST], other[S_STOP]):
            epoch = before[pieces[index, P_EPOCH]]
            while past < store[S_STOP] and pieces[past, P_EPOCH] < epoch:
                past += 1
            if unseen[index] and _written(store, other, pieces, beyond, past, index):
                unseen[index] = False


@compiled(
    "void(int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[::1], "
    "int64[::1], int32[::1], int64, boolean[::1])",
    allocates=True,
)
def mark_executions(
    streams: Array,
    pieces: Array,
    beyond: Array,
    pairs: Array,
    places: Array,
    event_starts: Array,
    known: Array,
    index: int,
    unseen: Array,
) -> None:
    """Take the marks of executions of one piece that find what they read written.

    Different STOREs may have written for different ones. All pairs load with the stream
    of that piece; see :func:`mark_seen`.
    """
    whole, read = pieces[index], pieces[index].copy()
    for pair in range(pairs.shape[0]):
        store, other = streams[pairs[pair, 0]], streams[pairs[pair, 1]]
        if not same_ring(store, other):
            continue
        epoch, past = known[places[pair] + whole[P_EPOCH]], store[S_FIRST]
        while past < store[S_STOP] and pieces[past, P_EPOCH] < epoch:
            past += 1
        for time in range(whole[P_TIMES]):
            _one_execution(whole, time, read)
            if unseen[time] and _by_one(store, other, pieces, beyond, past, read):
                unseen[time] = False
