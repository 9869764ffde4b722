"""Living with stuck cells: which rows and columns hold what, and what the rest holds.

Both need the chip's map of stuck cells, and neither changes a program: a crossbar's
drivers and multiplexers name its rows and columns, spare ones included, and cells are
written one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ortools.graph.python.linear_sum_assignment import SimpleLinearSumAssignment

from cimc.backends.rram.slices import Slices
from cimc.weights import Array

__all__ = ["compensated", "remapped"]

#: Times that rows and columns are chosen in turns.
_ROUNDS = 2


def remapped(block: Array, stuck: Array, slices: Slices) -> tuple[Array, Array]:
    """Physical rows and columns for those of a weight block (rows, columns).

    ``stuck`` (slices, 2, all rows, all columns) has the levels of stuck cells, −1 of
    others. Rows and columns are chosen in turns, each time by a linear assignment with
    the least sum of squared errors of weights, without a look at what other levels
    beside stuck cells could mend.
    """
    rows: Array = np.array(range(block.shape[0]))
    columns: Array = np.array(range(block.shape[1]))
    levels = slices.levels(block)
    if not (stuck >= 0).any():
        return rows, columns
    for _ in range(_ROUNDS):
        columns = _assigned(levels, stuck[:, :, rows], slices)
        rows = _assigned(
            levels.swapaxes(2, 3), stuck[:, :, :, columns].swapaxes(2, 3), slices
        )
    return rows, columns


def _assigned(levels: Array, stuck: Array, slices: Slices) -> Array:
    """The physical column for each logical one; rows stand where they are."""
    wanted, there = levels.shape[3], stuck.shape[3]
    costs = np.zeros((wanted, there), np.int64)
    index, sign, row, column = np.nonzero(stuck >= 0)
    held = stuck[index, sign, row, column].astype(np.int64)
    places = slices.places[index] * (1 - 2 * sign)
    errors = places[:, None] * (held[:, None] - levels[index, sign, row])
    # Errors of the cells of one weight add up, or cancel.
    weight = row * there + column
    found, of_weight = np.unique(weight, return_inverse=True)
    sums = np.zeros((len(found), wanted), np.int64)
    np.add.at(sums, of_weight, errors)
    np.add.at(costs.T, found % there, sums**2)
    return _least(costs)


def _least(costs: Array) -> Array:
    """The column for each row of a matrix of costs that makes their sum the least."""
    solver: Any = SimpleLinearSumAssignment()
    rows, columns = costs.shape
    # Columns that no row needs go to rows that cost nothing.
    square = np.zeros((columns, columns), np.int64)
    square[:rows] = costs
    left, right = np.indices(square.shape)
    solver.add_arcs_with_cost(left.ravel(), right.ravel(), square.ravel())
    assert solver.solve() == solver.OPTIMAL
    return np.array([solver.right_mate(row) for row in range(rows)])


def compensated(block: Array, levels: Array, stuck: Array, slices: Slices) -> Array:
    """Levels for cells that can be written, so that weights come out closest.

    ``stuck`` lies under ``levels`` (slices, 2, rows, columns). Only weights with a
    stuck cell change: from the highest slice on, each pair of cells takes what is left
    of the weight as nearly as it can.
    """
    found = levels.copy()
    at = (stuck >= 0).any(axis=(0, 1))
    held = stuck[:, :, at].astype(np.int64)
    low, high = np.where(held < 0, 0, held), np.where(held < 0, slices.highest, held)
    rest = block[at].astype(np.int64)
    for index in reversed(range(slices.count)):
        place = int(slices.places[index])
        # What the slices below can add.
        least = slices.weights(np.stack([low[:, 0], high[:, 1]], 1), below=index)
        most = slices.weights(np.stack([high[:, 0], low[:, 1]], 1), below=index)
        pair = _nearest(rest, low[index], high[index], place, (least, most))
        found[index][:, at] = pair
        rest = rest - place * (pair[0] - pair[1])
    return found


def _nearest(
    rest: Array, low: Array, high: Array, place: int, below: tuple[Array, Array]
) -> Array:
    """Levels (2, n) of a slice, from ``low`` to ``high``, for the rest of n weights.

    They leave what the slices ``below`` can add, or come as close to it as they can; of
    several the one that leaves the least.
    """
    best = low.copy()
    cost = np.full(rest.size, np.iinfo(np.int64).max)
    for positive, negative in np.ndindex(*high.max(axis=1, initial=0) + 1):
        left = rest - place * (positive - negative)
        missed = np.maximum(np.maximum(below[0] - left, left - below[1]), 0)
        found = (missed << 16) + np.abs(left)
        fits = (low[0] <= positive) & (positive <= high[0])
        fits &= (low[1] <= negative) & (negative <= high[1])
        better = fits & (found < cost)
        cost[better] = found[better]
        best[0, better], best[1, better] = positive, negative
    return best
