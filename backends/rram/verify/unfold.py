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
    P_SIZE,
    P_STEP,
    P_TIMES,
    PIECE_COLUMNS,
    RING,
    SET,
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
    """Events core by core and pieces row by row, each with where they start."""

    events: Array
    event_starts: Array
    pieces: Array
    piece_starts: Array


def unfold(skeleton: Skeleton) -> Unfolded | None:
    """Count, then list events and pieces; None if the program runs too long."""
    code, starts = skeleton.code, np.array(skeleton.starts, np.int64)
    event_starts = np.zeros(len(starts), np.int64)
    piece_starts = np.zeros(len(code) + 1, np.int64)
    events = np.empty((0, EVENT_COLUMNS), np.int64)
    pieces = np.empty((0, PIECE_COLUMNS), np.int64)
    if not _run(code, starts, STEPS, event_starts, events, piece_starts, pieces):
        return None
    event_starts, piece_starts = np.cumsum(event_starts), np.cumsum(piece_starts)
    events = np.empty((event_starts[-1], EVENT_COLUMNS), np.int64)
    pieces = np.empty((piece_starts[-1], PIECE_COLUMNS), np.int64)
    _run(code, starts, STEPS, event_starts, events, piece_starts, pieces)
    return Unfolded(events, event_starts, pieces, piece_starts)


@compiled("void(int64[::1], int64, int64, int64, int64, int64[::1])")
def _extend(
    piece: Array, epoch: int, address: int, base: int, size: int, counted: Array
) -> None:
    """Let a piece hold one more execution, or begin anew, and then count it."""
    times = piece[P_TIMES]
    if (
        times > 0
        and piece[P_EPOCH] == epoch
        and piece[P_SIZE] == size
        and piece[P_BASE] == base
        and (times == 1 or address == piece[P_FIRST] + times * piece[P_STEP])
    ):
        if times == 1:
            piece[P_STEP] = address - piece[P_FIRST]
        piece[P_TIMES] += 1
        return
    counted[0] += 1
    piece[P_EPOCH], piece[P_FIRST], piece[P_STEP] = epoch, address, 0
    piece[P_TIMES], piece[P_BASE], piece[P_SIZE] = 1, base, size


@compiled(
    "boolean(int64[:, ::1], int64[::1], int64, int64[::1], int64[:, ::1], "
    "int64[::1], int64[:, ::1])"
)
def _run(
    code: Array,
    starts: Array,
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
    open_pieces = np.zeros((code.shape[0], PIECE_COLUMNS), np.int64)
    counts = np.zeros((code.shape[0], 1), np.int64)
    loops = np.zeros(code.shape[0] + 1, np.int64)
    values = np.zeros(16, np.int64)
    rings = np.zeros((16, 2), np.int64)
    walks = np.zeros((16, CODE_COLUMNS), np.int64)
    for core in range(starts.size - 1):
        values[:], rings[:], walks[:] = 0, 0, 0
        epoch, depth, row = np.int64(0), 0, starts[core]
        while row < starts[core + 1]:
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
            elif op == CALL or op == WAIT:
                if listing:
                    event = events[event_starts[core] + epoch]
                    event[E_REGISTER], event[E_ROW] = a, row
                    event[E_BY] = code[row, A1] if op == CALL else -code[row, A1]
                epoch += 1
            elif op == LOAD or op == STORE:
                address = values[a] + code[row, A1]
                piece = open_pieces[row]
                _extend(piece, epoch, address, rings[a, 0], rings[a, 1], counts[row])
                if listing:
                    pieces[piece_starts[row] + counts[row, 0] - 1] = piece
            elif op == SET:
                values[a], rings[a, 0], rings[a, 1] = code[row, A1], 0, 0
            elif op == RING:
                values[a] = code[row, A3]
                rings[a, 0], rings[a, 1] = code[row, A1], code[row, A2]
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
    if not listing:
        piece_starts[1:] = counts[:, 0]
    return True
