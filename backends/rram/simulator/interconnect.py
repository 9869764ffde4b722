"""What joins cores and memory: one bus, or a mesh, compiled.

On a mesh, node n is core n with its bank of the shared memory. Nodes are numbered along
a line that goes to and fro through the rows, so that neighbours in number are
neighbours on the chip. A transfer goes along the row first, then along the column (XY
routing). Its head takes ``hop`` cycles from node to node; each link, and the port of
the memory that it leaves or enters, is taken for as long as all its beats last.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cimc.backends.rram.simulator.layout import (
    EAST,
    G_LINK_BUSY,
    LINKS,
    NORTH,
    PORT,
    SOUTH,
    WEST,
)
from cimc.simulation.jit import compiled
from cimc.weights import Array

__all__ = ["carry"]


@compiled("int64(int64, int64)")
def node_at(place: int, columns: int) -> int:
    """The node at row place // columns and column place % columns, and back."""
    row, column = place // columns, place % columns
    return row * columns + (columns - 1 - column if row % 2 else column)


@compiled(
    "UniTuple(int64, 3)(int64, int64, int64, int64, int64, int64, int64[::1], "
    "int64[::1])"
)
def carry(
    now: int,
    source: int,
    sink: int,
    beats: int,
    columns: int,
    hop: int,
    links: Array,
    scalars: Array,
) -> Any:
    """Take what ``beats`` cycles of a link carry from node to node, from ``now`` on.

    When the transfer begins, when its sender is free again, and when all has arrived.
    A mesh of 0 ``columns`` is a bus, which all nodes share.
    """
    if columns == 0:
        began = max(now, links[0])
        links[0] = began + beats
        scalars[G_LINK_BUSY] += beats
        return began, began + beats, began + beats
    port = source * LINKS + PORT
    began = max(now, links[port])
    links[port] = began + beats
    time = began
    at, end = node_at(source, columns), node_at(sink, columns)
    while at != end:
        row, column = at // columns, at % columns
        if column != end % columns:
            east = column < end % columns
            direction, following = (EAST, at + 1) if east else (WEST, at - 1)
        else:
            south = row < end // columns
            direction = SOUTH if south else NORTH
            following = at + columns if south else at - columns
        link = node_at(at, columns) * LINKS + direction
        time = max(time + hop, links[link])
        links[link] = time + beats
        scalars[G_LINK_BUSY] += beats
        at = following
    if source != sink:
        port = sink * LINKS + PORT
        time = max(time, links[port])
        links[port] = time + beats
    return began, began + beats, time + np.int64(beats)
