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

# What the engine needs of the machine, one column each. Where arrays err, sums wrap.
(
    M_DOMAINS,
    M_PORTS,
    M_LOWEST,
    M_HIGHEST,
    M_ACCUMULATOR,
    M_WRITE,
    M_TRANSFER,
    M_CALL,
    M_WEIGHT_BITS,
    M_ERRS,
) = range(10)

# A map array: first byte of its words, bytes of a word, bank, macro units, offset.
P_START, P_WIDTH, P_BANK, P_UNITS, P_OFFSET = range(5)
MAP_COLUMNS = 5

# A weight array of a bank: place of its block and of its mask (-1: none), columns of
# the block, offset.
W_BLOCK, W_MASK, W_COLUMNS, W_OFFSET = range(4)
WEIGHT_COLUMNS = 4

# The tracks of an array (maps, then weights bank by bank): first track, how many, how
# many of them are displaced, and its wear in steps and in written words.
T_FIRST, T_COUNT, T_DISPLACED, T_STEPS, T_WRITES = range(5)
TRACK_COLUMNS = 5

# What may err, in the order of the hazards left until it does: a step of a track, a
# whole shift of a track, a bit at a port.
STEP, PIN, BIT = range(3)

# Chances that do not depend on the step: share of over-shifts among errors of a step,
# hazards of a pinned track and of a misread bit.
SHARE_OVER, HAZARD_PIN, HAZARD_BIT = range(3)

# The position code (detects 0: none).
CODE_DETECTS, CODE_CORRECTS, CODE_RETRIES, CODE_CHECK, CODE_STEP = range(5)

# What happened: errors, and what the position code did, in tracks and in their steps.
(
    N_OVER,
    N_UNDER,
    N_PINNED,
    N_MISREAD,
    N_CHECKED,
    N_DETECTED,
    N_CORRECTED,
    N_MISSED,
    N_CORRECTING_STEPS,
) = range(9)
ERROR_COUNTS = 9

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
    PAST_END_MAP,
    PAST_END_WEIGHTS,
    REGISTER_ADDRESS,
    MAP_NOT_AT_HOME,
    WEIGHTS_NOT_AT_HOME,
    ACCUMULATOR,
) = range(OWN_TRAP, OWN_TRAP + 17)
