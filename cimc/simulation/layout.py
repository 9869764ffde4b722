"""Columns of the tables that compiled engines work on (all int64).

A machine's own layout continues where numbers leave room for it.
"""

from __future__ import annotations

# Operations, dense. The order of the vector operations is that of vector.py. A
# machine's own operations start at OWN.
HALT, LOOP, END, SET, STEP, CALL, WAIT = range(7)
ADD, REQUANT, TABLE, MAX, SUM, FSUM, FQUANT, SCALE, BLEND, SPLAT, MOVE = range(10, 21)
MULTIPLY, SHUFFLE = range(21, 23)
OWN = 23

# Units of a core or bank that every machine has; its own start at OWN_UNIT.
ISSUE, VECTOR = range(2)
OWN_UNIT = 2

# A row of code: operation, unit, its cycles there, layer (-1: none), bytes read of
# up to two vector registers and written of one (register -1: none), operands.
(
    OP,
    UNIT,
    CYCLES,
    LAYER,
    READ0,
    READ0_START,
    READ0_STOP,
    READ1,
    READ1_START,
    READ1_STOP,
    WRITE,
    WRITE_START,
    WRITE_STOP,
    A0,
    A1,
    A2,
    A3,
    A4,
    A5,
    A6,
    A7,
    A8,
    A9,
) = range(23)
CODE_COLUMNS = 23

# Scalars: heap size, first free cycle of the bus, its busy cycles, first free queue
# entry, end of the rows of clocks, trace length, events that the trace had no room
# for; there is room for two of a machine's own from OWN_SCALAR on.
G_HEAP, G_BUS_FREE, G_BUS_BUSY, G_FREE, G_ROWS, G_TRACE, G_DROPPED = range(7)
OWN_SCALAR = 7
G_COLUMNS = 9

# A core: next issue, program counter, loop depth, grant of its last bus transfer,
# completion of its last store, completion of everything, whether it halted.
C_TIME, C_PC, C_DEPTH, C_GRANT, C_STORED, C_DONE, C_HALTED = range(7)
CORE_COLUMNS = 7

# A sequence register: dense owner (-1: not in the program), expected, value that its
# waits have consumed, total of its credits and all calls, first and last queue entry
# (-1: none), whether its owner is blocked on it, instruction of the last call (-1:
# none) and when that becomes visible, credits.
(
    E_OWNER,
    E_EXPECTED,
    E_CONSUMED,
    E_TOTAL,
    E_HEAD,
    E_TAIL,
    E_BLOCKED,
    E_LAST_CALL,
    E_LAST_TIME,
    E_CREDITS,
) = range(10)
EDGE_COLUMNS = 10

# A call on its way: value of the register from then on, when, next queue entry; its
# link (-1: nobody waits there), the caller's row of clocks and its own epoch.
Q_VALUE, Q_TIME, Q_NEXT, Q_LINK, Q_ROW, Q_EPOCH = range(6)
QUEUE_COLUMNS = 6

# The clock of a core: its own epoch, its row and the length of that, the core that
# keeps the free rows of that kind, the first of these (-1: none), runs [first, stop).
K_EPOCH, K_ROW, K_LENGTH, K_KEEPER, K_FREE, K_FIRST, K_STOP = range(7)
CLOCK_COLUMNS = 7

# A run of cores [start, stop) that a clock knows: core + shift is its place in the row.
RUN_START, RUN_STOP, RUN_SHIFT = range(3)
RUN_COLUMNS = 3

# A pair of caller and called core: the caller, its place in the other's rows, and the
# parts [first, stop) that rows of the two have in common.
LINK_FROM, LINK_PLACE, LINK_FIRST, LINK_STOP = range(4)
LINK_COLUMNS = 4

# A part: places in the caller's and in the called core's row, length.
PART_FROM, PART_TO, PART_LENGTH = range(3)
PART_COLUMNS = 3

# A trace event.
T_CORE, T_UNIT, T_PC, T_START, T_STOP = range(5)
TRACE_COLUMNS = 5

# Why an engine returns. A trap leaves core, pc and two operands behind; a machine's
# own traps start at OWN_TRAP.
FINISHED, PAUSED, GROW = 0, 1, 2

# What a core does when its turn comes: go on, or what events.turn says.
GOES_ON, YIELDS = 0, 3
UNINITIALISED_REGISTER, OVERFLOW, DEADLOCK, UNMATCHED = 10, 11, 12, 13
OWN_TRAP = 20
TRAP_CORE, TRAP_PC, TRAP_A, TRAP_B = range(4)
TRAP_COLUMNS = 4

# A shadow of something in memory (its last writer or reader): none, the host, or
# (pc + 2) << EPOCH_BITS | epoch of the core that runs pc.
SHADOW_NONE, SHADOW_HOST, EPOCH_BITS = 0, 1, 32
EPOCH_MASK = (1 << EPOCH_BITS) - 1

# A heap key is time << CORE_BITS | core: ties go to the lower core. There are so many
# at most, those of all phases together.
CORE_BITS = 20
UNITS = 1 << CORE_BITS
