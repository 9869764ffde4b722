"""Pairs of streams, access by access: is everything in the order that it must have?"""

from __future__ import annotations

import numpy as np

from cimc.backends.rram.verify.layout import (
    EXHAUSTED,
    F_BYTE,
    F_OTHER,
    F_OUTCOME,
    F_PIECE,
    FAR_APART,
    P_EPOCH,
    P_HIGH,
    P_LOW,
    PROVEN,
    S_CORE,
    S_FIRST,
    S_LAST,
    S_PITCH,
    S_SIZE,
    S_STOP,
    S_STORES,
    UNORDERED,
    WRONG_ORDER,
)
from cimc.backends.rram.verify.overlap import ANY, may_meet, meet, rounds, same_ring
from cimc.simulation.jit import compiled
from cimc.weights import Array

__all__ = ["check_pairs"]


@compiled("int64(int64[:, ::1], int64, int64, int64, int64)")
def _first_beyond(beyond: Array, side: int, first: int, stop: int, address: int) -> int:
    """The first row from ``first`` to ``stop`` that is beyond an address, else stop."""
    while first < stop:
        middle = (first + stop) // 2
        if beyond[middle, side] > address:
            stop = middle
        else:
            first = middle + 1
    return first


@compiled(
    "boolean(int64[::1], int64[::1], int64[:, ::1], int64[:, ::1], int64, int64, "
    "int64, int64, int64, int64[::1], int64[::1])"
)
def _search(
    store: Array,
    other: Array,
    pieces: Array,
    beyond: Array,
    first: int,
    stop: int,
    index: int,
    earliest: int,
    latest: int,
    budget: Array,
    finding: Array,
) -> bool:
    """Whether piece ``index`` meets one of the pieces from ``first`` to ``stop``.

    Those of ``store`` are between ``earliest`` and ``latest`` rounds behind (see
    overlap.py). Which it is, is left in ``finding``; it may also be that nobody knows.
    """
    alike, piece = same_ring(store, other), pieces[index]
    size, low, high = store[S_SIZE], piece[P_LOW], piece[P_HIGH]
    start, end = beyond[first, 1], beyond[stop - 1, 0]
    if alike and size > 0:
        earliest, latest = rounds(low, high, start, end, size, earliest, latest)
    else:
        earliest, latest = 0, 0
    # Later pieces of a walk meet in earlier rounds.
    for turn in range(latest, earliest - 1, -1):
        way, at, end = turn * size, first, stop
        if alike:
            at = _first_beyond(beyond, 0, first, stop, low - way)
            end = _first_beyond(beyond, 1, at, stop, high - way - 1)
        for candidate in range(at, end):
            budget[0] -= 1
            args = (other, piece, store, pieces[candidate], turn, turn)
            byte = meet(*args, budget)
            if byte != -1:
                finding[F_OUTCOME] = EXHAUSTED if byte < 0 else PROVEN
                finding[F_PIECE], finding[F_OTHER] = candidate, index
                finding[F_BYTE] = byte
                return True
    return False


@compiled(
    "int64(int64[::1], int64[::1], int64[:, ::1], int64[:, ::1], int32[::1], "
    "int32[::1], int64[::1], boolean[::1], int64[::1])"
)
def _check(
    store: Array,
    other: Array,
    pieces: Array,
    beyond: Array,
    before: Array,
    after: Array,
    budget: Array,
    unseen: Array,
    finding: Array,
) -> int:
    """What is wrong between the stream ``store`` and an ``other`` one.

    ``before`` is what the core of ``other`` knows of that of ``store``, ``after`` the
    reverse (see knowledge.py). What is neither before nor after an access must not
    touch its bytes. What is before must not be of a later round of the ring, what is
    after of no earlier one. LOADs of which a STORE of the same round is after are
    marked in ``unseen``: another STORE must have been before.
    """
    alike, loads = same_ring(store, other), other[S_STORES] == 0
    size, begin, end = store[S_SIZE], store[S_FIRST], store[S_STOP]
    # Pieces of the store from ``past`` to ``future`` are unordered with this one.
    past, future, epoch = begin, begin, np.int64(0)
    for index in range(other[S_FIRST], other[S_STOP]):
        low, high = pieces[index, P_LOW], pieces[index, P_HIGH]
        now = pieces[index, P_EPOCH]
        while epoch < after.size and after[epoch] <= now:
            epoch += 1
        while past < end and pieces[past, P_EPOCH] < before[now]:
            past += 1
        future = max(future, past)
        while future < end and pieces[future, P_EPOCH] < epoch:
            future += 1
        if past < future:
            start, stop = beyond[past, 1], beyond[future - 1, 0]
            if not alike or may_meet(low, high, start, stop, size, -ANY, ANY):
                args = (store, other, pieces, beyond, past, future, index, -ANY, ANY)
                if _search(*args, budget, finding):
                    return UNORDERED
        if not alike:
            continue
        if begin < past and size > 0:
            start, stop = beyond[begin, 1], beyond[past - 1, 0]
            if may_meet(low, high, start, stop, size, -ANY, -1):
                args = (store, other, pieces, beyond, begin, past, index, -ANY, -1)
                if _search(*args, budget, finding):
                    return WRONG_ORDER
        if future < end:
            start, stop = beyond[future, 1], beyond[end - 1, 0]
            if size > 0 and may_meet(low, high, start, stop, size, 1, ANY):
                args = (store, other, pieces, beyond, future, end, index, 1, ANY)
                if _search(*args, budget, finding):
                    return WRONG_ORDER
            if loads and may_meet(low, high, start, stop, size, 0, 0):
                args = (store, other, pieces, beyond, future, end, index, 0, 0)
                if _search(*args, budget, finding):
                    if finding[F_OUTCOME] == EXHAUSTED:
                        return EXHAUSTED
                    unseen[index] = True
    return PROVEN


@compiled(
    "boolean(int64[::1], int64[::1], int64[:, ::1], int32[::1], int32[::1], int64)"
)
def _ordered_from(
    store: Array,
    other: Array,
    beyond: Array,
    before: Array,
    after: Array,
    images: int,
) -> bool:
    """Whether accesses that lie ``images`` or more images apart are in order.

    So many are unfolded. Each core must know at their end that the other one is through
    with the first, and values must be larger from so many images to the next.
    """
    pitch, size = store[S_PITCH], store[S_SIZE]
    low = min(beyond[store[S_FIRST], 1], beyond[other[S_FIRST], 1])
    high = max(beyond[store[S_STOP] - 1, 0], beyond[other[S_STOP] - 1, 0])
    return (
        before[-1] > store[S_LAST]
        and after[-1] > other[S_LAST]
        and (size == 0 or high - low <= (2 * images - 1) * pitch)
    )


@compiled("boolean(int64[::1], int64[::1], int64[:, ::1], int64[::1])", allocates=True)
def _may_ever_meet(store: Array, other: Array, pieces: Array, budget: Array) -> bool:
    """Whether two streams may meet in any two images of a batch.

    From image to image and from round to round of a ring, addresses move by multiples
    of ``grid``, so they meet at the same place of it or not at all.
    """
    grid = np.gcd(store[S_SIZE], store[S_PITCH])
    one, two = store.copy(), other.copy()
    one[S_SIZE] = two[S_SIZE] = grid
    index = store[S_FIRST]
    while index < store[S_STOP] and pieces[index, P_EPOCH] <= store[S_LAST]:
        piece = pieces[index]
        low, high, at = piece[P_LOW], piece[P_HIGH], other[S_FIRST]
        while at < other[S_STOP] and pieces[at, P_EPOCH] <= other[S_LAST]:
            low2, high2 = pieces[at, P_LOW], pieces[at, P_HIGH]
            budget[0] -= 1
            if may_meet(low, high, low2, high2, grid, -ANY, ANY) and (
                budget[0] < 0
                or meet(one, piece, two, pieces[at], -ANY, ANY, budget) != -1
            ):
                return True
            at += 1
        index += 1
    return False


@compiled(
    "void(int64, boolean, int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], "
    "int64[:, ::1], int64[::1], int32[::1], int64[::1], boolean[::1], int64[:, ::1])"
)
def check_pairs(
    images: int,
    more: bool,
    streams: Array,
    pieces: Array,
    beyond: Array,
    pairs: Array,
    places: Array,
    event_starts: Array,
    known: Array,
    budget: Array,
    unseen: Array,
    findings: Array,
) -> None:
    """Check all pairs of streams; what a pair's cores know begins at its ``places``.

    ``images`` of a batch are unfolded, and perhaps ``more`` follow.
    """
    for pair in range(pairs.shape[0]):
        store, other = streams[pairs[pair, 0]], streams[pairs[pair, 1]]
        before, after = places[pair]
        one, two = store[S_CORE], other[S_CORE]
        finding = findings[pair]
        ahead = known[before : before + event_starts[two + 1] - event_starts[two] + 1]
        behind = known[after : after + event_starts[one + 1] - event_starts[one] + 1]
        alike = same_ring(store, other)
        if images > 1 and alike and not _may_ever_meet(store, other, pieces, budget):
            finding[F_OUTCOME] = PROVEN
            continue
        args = (store, other, pieces, beyond, ahead, behind)
        outcome = _check(*args, budget, unseen, finding)
        far = (store, other, beyond, ahead, behind, images)
        if outcome == PROVEN and more and not (alike and _ordered_from(*far)):
            outcome = FAR_APART
        if finding[F_OUTCOME] != EXHAUSTED:
            finding[F_OUTCOME] = outcome
