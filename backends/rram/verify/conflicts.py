"""Pairs of streams, access by access: is everything in the order that it must have?"""

from __future__ import annotations

import numpy as np

from cimc.backends.rram.verify.layout import (
    BLOCK,
    EXHAUSTED,
    F_BYTE,
    F_OTHER,
    F_OUTCOME,
    F_PIECE,
    P_EPOCH,
    P_HIGH,
    P_LOW,
    P_STEP,
    P_TIMES,
    PROVEN,
    S_CORE,
    S_FIRST,
    S_LENGTH,
    S_SIZE,
    S_STOP,
    S_STORES,
    UNORDERED,
    WRONG_ORDER,
)
from cimc.backends.rram.verify.overlap import ANY, may_meet, meet, same_ring
from cimc.simulation.jit import compiled
from cimc.weights import Array

__all__ = ["check_pairs", "mark_seen"]


@compiled(
    "int64(int64[::1], int64[::1], int64[:, ::1], int64[:, ::1], int64, int64, int64, "
    "int64, int64, int64[::1], int64[::1])"
)
def _search(
    store: Array,
    other: Array,
    pieces: Array,
    blocks: Array,
    first: int,
    stop: int,
    index: int,
    earliest: int,
    latest: int,
    budget: Array,
    finding: Array,
) -> int:
    """The first piece of ``store`` from ``first`` to ``stop`` that piece ``index`` meets.

    -1 if there is none; the byte is in ``finding``. The store is between ``earliest``
    and ``latest`` rounds behind the other (see overlap.py).
    """
    alike, piece = same_ring(store, other), pieces[index]
    size, low, high = store[S_SIZE], piece[P_LOW], piece[P_HIGH]
    at = first
    while at < stop:
        if alike and at % BLOCK == 0 and at + BLOCK <= stop:
            block = blocks[at // BLOCK]
            if not may_meet(low, high, block[0], block[1], size, earliest, latest):
                at += BLOCK
                continue
        candidate = pieces[at]
        if not alike or may_meet(
            low, high, candidate[P_LOW], candidate[P_HIGH], size, earliest, latest
        ):
            byte = meet(other, piece, store, candidate, earliest, latest, budget)
            if byte != -1:
                finding[F_OUTCOME] = EXHAUSTED if byte < 0 else PROVEN
                finding[F_PIECE], finding[F_OTHER] = at, index
                finding[F_BYTE] = byte
                return at
        at += 1
    return -1


@compiled(
    "void(int64[::1], int64[::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], "
    "int32[::1], int32[::1], int64[::1], boolean[::1], int64[::1])"
)
def _check(
    store: Array,
    other: Array,
    pieces: Array,
    blocks: Array,
    beyond: Array,
    before: Array,
    after: Array,
    budget: Array,
    unseen: Array,
    finding: Array,
) -> None:
    """Find what is wrong between the stream ``store`` and an ``other`` one.

    ``before`` is what the core of ``other`` knows of that of ``store``, ``after`` the
    reverse (see knowledge.py). What is neither before nor after an access must not
    touch its bytes. What is before must not be of a later round of the ring, what is
    after of no earlier one. LOADs of which a STORE of the same round is after are
    marked in ``unseen``: another STORE must have been before.
    """
    size = store[S_SIZE]
    alike = same_ring(store, other)
    # Pieces of the store from ``past`` to ``future`` are unordered with this one.
    past, future = store[S_FIRST], store[S_FIRST]
    end, epoch = store[S_STOP], np.int64(0)
    for index in range(other[S_FIRST], other[S_STOP]):
        piece = pieces[index]
        now = piece[P_EPOCH]
        while epoch < after.size and after[epoch] <= now:
            epoch += 1
        while past < end and pieces[past, P_EPOCH] < before[now]:
            past += 1
        future = max(future, past)
        while future < end and pieces[future, P_EPOCH] < epoch:
            future += 1
        args = (store, other, pieces, blocks)
        if _search(*args, past, future, index, -ANY, ANY, budget, finding) >= 0:
            if finding[F_OUTCOME] != EXHAUSTED:
                finding[F_OUTCOME] = UNORDERED
            return
        if not alike:
            continue
        low, high = piece[P_LOW], piece[P_HIGH]
        if size > 0:
            if past > store[S_FIRST] and beyond[past - 1, 0] > low + size:
                first = store[S_FIRST]
                if _search(*args, first, past, index, -ANY, -1, budget, finding) >= 0:
                    if finding[F_OUTCOME] != EXHAUSTED:
                        finding[F_OUTCOME] = WRONG_ORDER
                    return
            if future < end and beyond[future, 1] < high - size:
                if _search(*args, future, end, index, 1, ANY, budget, finding) >= 0:
                    if finding[F_OUTCOME] != EXHAUSTED:
                        finding[F_OUTCOME] = WRONG_ORDER
                    return
        if other[S_STORES] == 0 and future < end and beyond[future, 1] < high:
            if _search(*args, future, end, index, 0, 0, budget, finding) >= 0:
                if finding[F_OUTCOME] == EXHAUSTED:
                    return
                unseen[index] = True
    finding[F_OUTCOME] = PROVEN


@compiled(
    "void(int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], "
    "int64[:, ::1], int64[::1], int32[::1], int64[::1], boolean[::1], int64[:, ::1])"
)
def check_pairs(
    streams: Array,
    pieces: Array,
    blocks: Array,
    beyond: Array,
    pairs: Array,
    places: Array,
    event_starts: Array,
    known: Array,
    budget: Array,
    unseen: Array,
    findings: Array,
) -> None:
    """Check all pairs of streams; what a pair's cores know begins at its ``places``."""
    for pair in range(pairs.shape[0]):
        store, other = streams[pairs[pair, 0]], streams[pairs[pair, 1]]
        before, after = places[pair]
        one, two = store[S_CORE], other[S_CORE]
        _check(
            store,
            other,
            pieces,
            blocks,
            beyond,
            known[before : before + event_starts[two + 1] - event_starts[two] + 1],
            known[after : after + event_starts[one + 1] - event_starts[one] + 1],
            budget,
            unseen,
            findings[pair],
        )


@compiled(
    "void(int64[::1], int64[::1], int64[:, ::1], int64[:, ::1], int32[::1], "
    "boolean[::1])"
)
def mark_seen(
    store: Array,
    other: Array,
    pieces: Array,
    beyond: Array,
    before: Array,
    unseen: Array,
) -> None:
    """Take the mark of LOADs that find all they read written by ``store`` before."""
    if not same_ring(store, other):
        return
    past = store[S_FIRST]
    for index in range(other[S_FIRST], other[S_STOP]):
        low, high = pieces[index, P_LOW], pieces[index, P_HIGH]
        now = pieces[index, P_EPOCH]
        while past < store[S_STOP] and pieces[past, P_EPOCH] < before[now]:
            past += 1
        at = past - 1
        while unseen[index] and at >= store[S_FIRST] and beyond[at, 0] >= high:
            piece = pieces[at]
            whole = piece[P_TIMES] == 1 or abs(piece[P_STEP]) <= store[S_LENGTH]
            if whole and piece[P_LOW] <= low and high <= piece[P_HIGH]:
                unseen[index] = False
            at -= 1
