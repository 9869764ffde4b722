"""Address registers that wrap and walk, compiled."""

from __future__ import annotations

from cimc.backends.rram.simulator.layout import (
    RING,
    SLOT,
    W_BASE,
    W_COLUMN,
    W_COLUMNS,
    W_JUMP,
    W_SIZE,
    W_STEP,
    W_UNWRAPPED_SIZE,
    WALK,
    WAY_COLUMNS,
)
from cimc.simulation.jit import compiled
from cimc.simulation.layout import A0, A1, A2, OP, SET
from cimc.weights import Array

__all__ = ["byte_at", "move"]


@compiled("int64(int64, int64[::1])")
def byte_at(address: int, way: Array) -> int:
    """Where in memory an address lies, which may be one in a ring."""
    if way[W_SIZE] == 0:
        return address
    return way[W_BASE] + address % way[W_SIZE]


@compiled("void(int64[::1], int64, int64[::1], int64[:, ::1])")
def move(row: Array, image: int, addresses: Array, ways: Array) -> None:
    """Run RING, WALK, NEXT or SLOT of a core, or what SET does to a ring.

    A walk needs no end: the static rules let no NEXT find one that is over.
    """
    op, a = row[OP], row[A0]
    way = ways[a]
    if op == SET:
        way[W_SIZE] = way[W_UNWRAPPED_SIZE] = 0
    elif op == RING:
        addresses[a] = row[A1]
        for i in range(W_COLUMNS - W_BASE):
            way[W_BASE + i] = row[A2 + i]
    elif op == WALK:
        for i in range(WAY_COLUMNS - W_COLUMNS):
            way[W_COLUMNS + i] = row[A1 + i]
    elif op == SLOT:
        addresses[a] += image * row[A1]
    else:
        addresses[a] += way[W_STEP]
        way[W_COLUMN] += 1
        if way[W_COLUMN] == way[W_COLUMNS]:
            way[W_COLUMN] = 0
            addresses[a] += way[W_JUMP]
