"""Vector clocks of cores, compiled: what each has acquired of the epochs of others.

A core's clock changes only when it waits. So a CALL takes along no copy of it but the
row itself, counted in the row's first place; a core that waits while others hold its
row goes on in a new one. Rows lie one after another in ``rows`` and are used again by
cores of the same kind. What rows hold, and why that is enough, says knowledge.py.
"""

from __future__ import annotations

from typing import Any

from cimc.simulation.jit import compiled
from cimc.simulation.layout import (
    EPOCH_BITS,
    EPOCH_MASK,
    G_FREE,
    G_ROWS,
    K_EPOCH,
    K_FIRST,
    K_FREE,
    K_KEEPER,
    K_LENGTH,
    K_ROW,
    K_STOP,
    LINK_FIRST,
    LINK_FROM,
    LINK_PLACE,
    LINK_STOP,
    PART_FROM,
    PART_LENGTH,
    PART_TO,
    Q_EPOCH,
    Q_LINK,
    Q_ROW,
    RUN_SHIFT,
    RUN_START,
    RUN_STOP,
)
from cimc.weights import Array

__all__ = [
    "CLOCKS",
    "Clocks",
    "acquire",
    "crowded",
    "hand_over",
    "shadow_of",
    "unordered",
]

#: Type of all clocks: table of cores, runs, links, parts, rows.
CLOCKS = (
    "Tuple((int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], int32[::1]))"
)

Clocks = tuple[Array, Array, Array, Array, Array]


@compiled(f"int64({CLOCKS}, int64, int64)")
def acquired(clocks: Clocks, core: int, other: int) -> Any:
    """The last epoch of ``other`` that ``core`` has acquired, 0 if it knows of none."""
    table, runs, rows = clocks[0], clocks[1], clocks[4]
    first, stop = table[core, K_FIRST], table[core, K_STOP]
    while stop - first > 1:
        middle = (first + stop) >> 1
        if runs[middle, RUN_START] <= other:
            first = middle
        else:
            stop = middle
    if other < runs[first, RUN_START] or other >= runs[first, RUN_STOP]:
        return 0
    return rows[table[core, K_ROW] + other + runs[first, RUN_SHIFT]]


@compiled(f"int64(int64, int32[::1], int64, {CLOCKS})")
def unordered(shadow: int, core_of: Array, core: int, clocks: Clocks) -> int:
    """The pc of an access that ``core`` has not acquired, or -1."""
    pc = (shadow >> EPOCH_BITS) - 2
    if pc < 0:
        return -1
    other = core_of[pc]
    if other != core and acquired(clocks, core, other) < (shadow & EPOCH_MASK):
        return pc
    return -1


@compiled(f"int64(int64, int64, {CLOCKS})")
def shadow_of(pc: int, core: int, clocks: Clocks) -> int:
    """What an access leaves in memory: its instruction and the core's epoch."""
    return (pc + 2) << EPOCH_BITS | clocks[0][core, K_EPOCH]


@compiled(f"boolean(int64[::1], {CLOCKS}, int64)")
def crowded(scalars: Array, clocks: Clocks, core: int) -> bool:
    """Whether a CALL or WAIT of ``core`` may find no room."""
    length, size = clocks[0][core, K_LENGTH], clocks[4].size
    return scalars[G_FREE] < 0 or scalars[G_ROWS] + length > size


@compiled(f"void({CLOCKS}, int64, int64, int64[::1])")
def hand_over(clocks: Clocks, core: int, link: int, entry: Array) -> None:
    """Let a call take along what ``core`` knows; a new epoch of it begins."""
    table, rows = clocks[0], clocks[4]
    row = table[core, K_ROW]
    entry[Q_LINK], entry[Q_ROW], entry[Q_EPOCH] = link, row, table[core, K_EPOCH]
    rows[row] += 1
    table[core, K_EPOCH] += 1


@compiled(f"int64(int64[::1], {CLOCKS}, int64)")
def own_row(scalars: Array, clocks: Clocks, core: int) -> int:
    """The row of ``core``, a new one if calls hold the old; there must be room."""
    table, rows = clocks[0], clocks[4]
    old, length = table[core, K_ROW], table[core, K_LENGTH]
    if rows[old] == 1:
        return old
    keeper = table[core, K_KEEPER]
    row = table[keeper, K_FREE]
    if row < 0:
        row = scalars[G_ROWS]
        scalars[G_ROWS] += length
    else:
        table[keeper, K_FREE] = rows[row]
    rows[old] -= 1
    for i in range(length):
        rows[row + i] = rows[old + i]
    rows[row] = 1
    table[core, K_ROW] = row
    return row


@compiled(f"void(int64[::1], {CLOCKS}, int64, int64[::1])")
def acquire(scalars: Array, clocks: Clocks, core: int, entry: Array) -> None:
    """Let ``core`` know what the caller knew, and let go of the caller's row."""
    table, links, parts, rows = clocks[0], clocks[2], clocks[3], clocks[4]
    link, row = links[entry[Q_LINK]], entry[Q_ROW]
    own = own_row(scalars, clocks, core)
    for part in range(link[LINK_FIRST], link[LINK_STOP]):
        start, length = own + parts[part, PART_TO], parts[part, PART_LENGTH]
        known = rows[start : start + length]
        start = row + parts[part, PART_FROM]
        heard = rows[start : start + length]
        for i in range(length):
            known[i] = max(known[i], heard[i])
    place = own + link[LINK_PLACE]
    rows[place] = max(rows[place], entry[Q_EPOCH])
    rows[row] -= 1
    if rows[row] == 0:
        keeper = table[link[LINK_FROM], K_KEEPER]
        rows[row] = table[keeper, K_FREE]
        table[keeper, K_FREE] = row
