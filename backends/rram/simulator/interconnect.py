"""What joins cores and memory: one bus, or a mesh, compiled.

On a mesh every core has a place, row by row, with its bank of the shared memory. A
transfer goes along the row first, then along the column (XY routing). Its head takes
``hop`` cycles from place to place; each link, and the port of the memory that it leaves
or enters, is taken for as long as all its beats last.
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
    """Take what ``beats`` cycles of a link carry from place to place, from ``now`` on.

    When the transfer begins, when its sender is free again, and when all has arrived.
    A mesh of 0 ``columns`` is a bus, which all share.
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
    at = source
    while at != sink:
        if at % columns != sink % columns:
            east = at % columns < sink % columns
            direction, following = (EAST, at + 1) if east else (WEST, at - 1)
        else:
            south = at < sink
            direction = SOUTH if south else NORTH
            following = at + columns if south else at - columns
        link = at * LINKS + direction
        time = max(time + hop, links[link])
        links[link] = time + beats
        scalars[G_LINK_BUSY] += beats
        at = following
    if source != sink:
        port = sink * LINKS + PORT
        time = max(time, links[port])
        links[port] = time + beats
    return began, began + beats, time + np.int64(beats)
