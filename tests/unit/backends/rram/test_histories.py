"""Histories that bytes of memory share: runs of them, and what a phase leaves."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cimc.backends.rram.simulator.layout import (
    H_HOST,
    H_NONE,
    H_READ,
    H_WRITE,
    HISTORY_COLUMNS,
)
from cimc.backends.rram.simulator.memory import alike, settle
from cimc.simulation.layout import EPOCH_BITS, SHADOW_HOST, SHADOW_NONE

runs = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 150)), min_size=1)


@given(runs, st.data())
@settings(max_examples=200)
def test_alike(runs, data):
    marks = np.concatenate([np.full(n, mark, np.int32) for mark, n in runs])
    start = data.draw(st.integers(0, marks.size - 1))
    stop = data.draw(st.integers(start + 1, marks.size))
    others = np.flatnonzero(marks[start:stop] != marks[start])
    expected = start + others[0] if others.size else stop
    assert alike(marks, start, stop) == expected


def shadow(pc, epoch):
    return (pc + 2) << EPOCH_BITS | epoch


@given(st.lists(st.integers(0, 7), max_size=100))
def test_settle(bytes_):
    """Writes stay, of no epoch that anyone must acquire; reads are forgotten."""
    histories = np.zeros((8, HISTORY_COLUMNS), np.int64)
    histories[H_HOST] = SHADOW_HOST, SHADOW_NONE, 0
    histories[2] = SHADOW_HOST, shadow(3, 1), 0
    histories[3] = shadow(5, 9), SHADOW_NONE, 0
    histories[4] = shadow(5, 9), shadow(6, 2), 0
    histories[5] = shadow(5, 9), shadow(7, 4), 4
    histories[6] = shadow(8, 1), shadow(7, 4), 0
    before, marks = histories.copy(), np.array(bytes_, np.int32)
    settled = np.zeros_like(histories)
    count = settle(marks, histories, settled)
    used = {mark for mark in bytes_ if mark > H_HOST}
    assert count == 2 + len(used)
    assert not settled[count:].any()
    assert not settled[:count, H_READ:].any()
    assert settled[H_NONE, H_WRITE] == SHADOW_NONE
    assert settled[H_HOST, H_WRITE] == SHADOW_HOST
    for old, new in zip(bytes_, marks, strict=True):
        write = before[old, H_WRITE]
        last = write if write < 2 else write >> EPOCH_BITS << EPOCH_BITS
        assert settled[new, H_WRITE] == last
        assert new == old or old > H_HOST
