"""RRAM's own part of the tables; the rest is in :mod:`cimc.simulation.layout`."""

from __future__ import annotations

from cimc.simulation.layout import OWN, OWN_SCALAR, OWN_TRAP, OWN_UNIT

LOAD, STORE, MVM, RING, WALK, NEXT, SLOT = range(OWN, OWN + 7)

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

# How a core stands in a batch: where its main begins, and the image that it works on.
B_START, B_IMAGE = range(2)
BATCH_COLUMNS = 2

# A history that bytes of memory share: the shadow of their last write; that of their
# last read since (SHADOW_NONE: none), and the history with the read before it that was
# not ordered before it (0: none). G_HISTORIES counts those in use. Bytes that nothing
# has written have the first one, those of the host the second.
H_WRITE, H_READ, H_BEFORE = range(3)
HISTORY_COLUMNS = 3
H_NONE, H_HOST = range(2)
G_HISTORIES = OWN_SCALAR

# Cycles that all links have been taken for; links of a mesh's node, and its memory's
# port. A bus is one link.
G_LINK_BUSY = OWN_SCALAR + 1
EAST, WEST, SOUTH, NORTH, PORT = range(5)
LINKS = 5

# Causes of stalls.
S_HAZARD, S_WAIT, S_BUS, S_LSU, S_VECTOR, S_CROSSBAR = range(6)
STALLS = ("hazard", "wait", "bus", "lsu", "vector", "crossbar")

ADDRESS, STRADDLE, UNINITIALISED_BYTE, READ_RACE, WRITE_RACE, REUSE_RACE = range(
    OWN_TRAP, OWN_TRAP + 6
)

# Of a chip with non-ideal cells (N_ANALOGUE: 1, else 0): whether converters are finite,
# slices of a weight, bits of a cell and of a digit of the input, the standard deviation
# of a level from read to read, and the step and the number of a converter's codes.
(
    N_ANALOGUE,
    N_FINITE,
    N_SLICES,
    N_CELL_BITS,
    N_DAC_BITS,
    N_NOISE,
    N_STEP,
    N_CODES,
) = range(8)
ANALOGUE_COLUMNS = 8
