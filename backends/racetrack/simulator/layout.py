"""Racetrack's own part of the tables; the rest is in :mod:`cimc.simulation.layout`."""

from __future__ import annotations

from cimc.simulation.layout import OWN, OWN_TRAP, OWN_UNIT

(
    SHIFT,
    SHIFT_MAP,
    READ,
    WRITE_WORD,
    TRANSFER,
    LOAD,
    FILL,
    SLIDE,
    PROGRAM,
    MAC,
    CLEAR,
    LOAD_SUMS,
    ADD_SUMS,
    STORE_SUMS,
    NOTHING,
) = range(OWN, OWN + 15)

SHIFTER, PORT, CELLS, LINK = range(OWN_UNIT, OWN_UNIT + 4)
UNITS = OWN_UNIT + 4

# What the engine needs of the machine, one column each.
(
    M_DOMAINS,
    M_PORTS,
    M_LOWEST,
    M_HIGHEST,
    M_ACCUMULATOR,
    M_WRITE,
    M_TRANSFER,
    M_CALL,
) = range(8)

# A map array: first byte of its words, bytes of a word, bank, macro units, offset.
P_START, P_WIDTH, P_BANK, P_UNITS, P_OFFSET = range(5)
MAP_COLUMNS = 5

# A weight array of a bank: place of its block and of its mask (-1: none), columns of
# the block, offset.
W_BLOCK, W_MASK, W_COLUMNS, W_OFFSET = range(4)
WEIGHT_COLUMNS = 4

(
    NO_ARRAY,
    NO_WEIGHTS,
    OTHER_BANK,
    WORD_SIZE,
    LINE_ADDRESS,
    UNWRITTEN_WORD,
    UNWRITTEN_LINE,
    UNSTORED_WEIGHT,
    RACE,
    MISALIGNED,
    MISALIGNED_WEIGHTS,
    OVERSHIFT_MAP,
    OVERSHIFT_WEIGHTS,
    REGISTER_ADDRESS,
    MAP_NOT_AT_HOME,
    WEIGHTS_NOT_AT_HOME,
    ACCUMULATOR,
) = range(OWN_TRAP, OWN_TRAP + 17)
