"""RRAM's own part of the tables; the rest is in :mod:`cimc.simulation.layout`."""

from __future__ import annotations

from cimc.simulation.layout import OWN, OWN_SCALAR, OWN_TRAP, OWN_UNIT

LOAD, STORE, MVM, RING, WALK, NEXT = range(OWN, OWN + 6)

# Crossbar i is unit CROSSBAR + i.
LSU, CROSSBAR = range(OWN_UNIT, OWN_UNIT + 2)

# A vector register: value ready, last read over, unit that wrote it.
V_READY, V_READ, V_WRITER = range(3)
VECTOR_COLUMNS = 3

# The way of an address register: base and size (0: none) of its ring, place and size
# of the whole copies of the maps in it; columns of a row, column, step and jump.
(
    W_BASE,
    W_SIZE,
    W_COPY,
    W_COPY_SIZE,
    W_COLUMNS,
    W_COLUMN,
    W_STEP,
    W_JUMP,
) = range(8)
WAY_COLUMNS = 8

# A read of bytes since their last write: its shadow, and the read before it that was
# not ordered before it (0: none). G_READS counts the rows in use; row 0 is none.
R_SHADOW, R_BEFORE = range(2)
READ_COLUMNS = 2
G_READS = OWN_SCALAR

# Causes of stalls.
S_HAZARD, S_WAIT, S_BUS, S_LSU, S_VECTOR, S_CROSSBAR = range(6)
STALLS = ("hazard", "wait", "bus", "lsu", "vector", "crossbar")

ADDRESS, STRADDLE, UNINITIALISED_BYTE, READ_RACE, WRITE_RACE, REUSE_RACE = range(
    OWN_TRAP, OWN_TRAP + 6
)
