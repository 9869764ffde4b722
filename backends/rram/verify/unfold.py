"""The skeleton unfolded: events of each core, and affine pieces of each access."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cimc.backends.rram.verify.layout import (
    A0,
    A1,
    A2,
    A3,
    A4,
    CALL,
    CODE_COLUMNS,
    E_BY,
    E_REGISTER,
    E_ROW,
    END,
    EVENT_COLUMNS,
    LOAD,
    LOOP,
    NEXT,
    OP,
    P_BASE,
    P_EPOCH,
    P_FIRST,
    P_PITCH,
    P_SIZE,
    P_STEP,
    P_TIMES,
    PIECE_COLUMNS,
    RING,
    SET,
    SLOT,
    STEP,
    STORE,
    WAIT,
    WALK,
)
from cimc.backends.rram.verify.skeleton import Skeleton
from cimc.simulation.jit import compiled
from cimc.weights import Array

__all__ = ["STEPS", "Unfolded", "unfold"]

#: Instructions of the skeleton that a program may execute.
STEPS = 1 << 31


class Unfolded(NamedTuple):
    """Events core by core and pieces row by row, each with where they start.

    They are those of the first ``images`` of a batch.
    """

    images: int

    events: Array
    event_starts: Array
    pieces: Array
    piece_starts: Array


def unfold(skeleton: Skeleton, images: int) -> Unfolded | None:
    """Count, then list events and pieces; None if the program runs too long."""
    code, starts = skeleton.code, np.array(skeleton.starts, np.int64)
    event_starts = np.zeros(len(starts), np.int64)
    piece_starts = np.zeros(len(code) + 1, np.int64)
    events = np.empty((0, EVENT_COLUMNS), np.int64)
    pieces = np.empty((0, PIECE_COLUMNS), np.int64)
    args = (code, starts, images, STEPS)
    if not _run(*args, event_starts, events, piece_starts, pieces):
        return None
    event_starts, piece_starts = np.cumsum(event_starts), np.cumsum(piece_starts)
    events = np.empty((event_starts[-1], EVENT_COLUMNS), np.int64)
    pieces = np.empty((piece_starts[-1], PIECE_COLUMNS), np.int64)
    _run(*args, event_starts, events, piece_starts, pieces)
    return Unfolded(images, events, event_starts, pieces, piece_starts)


@compiled("boolean(int64[:, ::1], int64, int64, int64, int64, int64, int64)")
def _extends(
    last: Array, row: int, epoch: int, address: int, base: int, size: int, pitch: int
) -> bool:
    """Add an execution to the last piece of a row, if it goes on as that does."""
    times = last[row, P_TIMES]
    if (
        times == 0
        or last[row, P_EPOCH] != epoch
        or last[row, P_SIZE] != size
        or last[row, P_BASE] != base
        or last[row, P_PITCH] != pitch
    ):
        return False
    if times == 1:
        last[row, P_STEP] = address - last[row, P_FIRST]
    elif address != last[row, P_FIRST] + times * last[row, P_STEP]:
        return False
    last[row, P_TIMES] = times + 1
    return True


@compiled(
    "boolean(int64[:, ::1], int64[::1], int64, int64, int64[::1], int64[:, ::1], "
    "int64[::1], int64[:, ::1])",
    allocates=True,
)
def _run(
    code: Array,
    starts: Array,
    images: int,
    steps: int,
    event_starts: Array,
    events: Array,
    piece_starts: Array,
    pieces: Array,
) -> bool:
    """Execute all skeletons, each by itself; False after ``steps`` instructions.

    If there is no room for events and pieces, they are counted, each of core c and
    row r behind event_starts[c] and piece_starts[r]; else they are listed from there.
    """
    listing = events.shape[0] + pieces.shape[0] > 0
    last = np.zeros((code.shape[0], PIECE_COLUMNS), np.int64)
    counts = np.zeros(code.shape[0], np.int64)
    loops = np.zeros(code.shape[0] + 1, np.int64)
    values = np.zeros(16, np.int64)
    rings = np.zeros((16, 2), np.int64)
    walks = np.zeros((16, CODE_COLUMNS), np.int64)
    pitches = np.zeros(16, np.int64)
    for core in range(starts.size - 1):
        epoch, depth, row, image = 0, 0, starts[core + 1], -1
        while True:
            if row == starts[core + 1]:
                image += 1
                if image == images or starts[core] == row:
                    break
                row = starts[core]
                values[:], rings[:], walks[:], pitches[:] = 0, 0, 0, 0
            steps -= 1
            if steps < 0:
                return False
            op, a = code[row, OP], code[row, A0]
            if op == LOOP:
                loops[depth] = a
                depth += 1
            elif op == END:
                loops[depth - 1] -= 1
                if loops[depth - 1] > 0:
                    row = a
                    continue
                depth -= 1
            elif op in (CALL, WAIT):
                if listing:
                    event = event_starts[core] + epoch
                    events[event, E_REGISTER], events[event, E_ROW] = a, row
                    by = code[row, A1]
                    events[event, E_BY] = by if op == CALL else -by
                epoch += 1
            elif op in (LOAD, STORE):
                address = values[a] + code[row, A1]
                base, size = rings[a, 0], rings[a, 1]
                pitch = int(pitches[a])
                if not _extends(last, row, epoch, address, base, size, pitch):
                    if listing and counts[row] > 0:
                        pieces[piece_starts[row] + counts[row] - 1] = last[row]
                    counts[row] += 1
                    last[row, P_EPOCH], last[row, P_FIRST] = epoch, address
                    last[row, P_STEP], last[row, P_TIMES] = 0, 1
                    last[row, P_BASE], last[row, P_SIZE] = base, size
                    last[row, P_PITCH] = pitch
            elif op == SET:
                values[a], rings[a, 0], rings[a, 1] = code[row, A1], 0, 0
                pitches[a] = 0
            elif op == RING:
                values[a] = code[row, A3]
                rings[a, 0], rings[a, 1] = code[row, A1], code[row, A2]
                pitches[a] = 0
            elif op == SLOT:
                values[a] += image * code[row, A1]
                pitches[a] += code[row, A1]
            elif op == STEP:
                values[a] += code[row, A1]
            elif op == WALK:
                walks[a] = code[row]
            elif op == NEXT:
                values[a] += walks[a, A3]
                walks[a, A2] += 1
                if walks[a, A2] == walks[a, A1]:
                    walks[a, A2] = 0
                    values[a] += walks[a, A4]
            row += 1
        if not listing:
            event_starts[core + 1] = epoch
    for row in range(code.shape[0]):
        if listing and counts[row] > 0:
            pieces[piece_starts[row] + counts[row] - 1] = last[row]
        elif not listing:
            piece_starts[row + 1] = counts[row]
    return True
