"""Columns of the tables that the compiled engine works on (all int64)."""

from __future__ import annotations

# Operations, dense. The order of the vector operations is that of vector.py.
HALT, LOOP, END, SET, STEP, LOAD, STORE, CALL, WAIT, MVM = range(10)
ADD, REQUANT, TABLE, MAX, SUM, FSUM, FQUANT, SCALE, BLEND = range(10, 19)

# Units of a core; crossbar i is unit CROSSBAR + i.
ISSUE, LSU, VECTOR, CROSSBAR = range(4)

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
) = range(18)
CODE_COLUMNS = 18

# Scalars: heap size, first free cycle of the bus, its busy cycles, first free queue
# entry, trace length, events that the trace had no room for.
G_HEAP, G_BUS_FREE, G_BUS_BUSY, G_FREE, G_TRACE, G_DROPPED = range(6)
G_COLUMNS = 6

# A core: next issue, program counter, loop depth, grant of its last bus transfer,
# completion of its last store, completion of everything, whether it halted.
C_TIME, C_PC, C_DEPTH, C_GRANT, C_STORED, C_DONE, C_HALTED = range(7)
CORE_COLUMNS = 7

# A vector register: value ready, last read over, unit that wrote it.
V_READY, V_READ, V_WRITER = range(3)
VECTOR_COLUMNS = 3

# A sequence register: dense owner (-1: not in the program), expected, value that its
# waits have consumed, total of all calls, first and last queue entry (-1: none),
# whether its owner is blocked on it, instruction of the last call (-1: none) and when
# that becomes visible.
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
) = range(9)
EDGE_COLUMNS = 9

# A call on its way: value of the register from then on, when, next queue entry.
Q_VALUE, Q_TIME, Q_NEXT = range(3)
QUEUE_COLUMNS = 3

# Causes of stalls.
S_HAZARD, S_WAIT, S_BUS, S_LSU, S_VECTOR, S_CROSSBAR = range(6)
STALLS = ("hazard", "wait", "bus", "lsu", "vector", "crossbar")

# A trace event.
T_CORE, T_UNIT, T_PC, T_START, T_STOP = range(5)
TRACE_COLUMNS = 5

# Why the engine returns. A trap leaves core, pc and two operands behind.
FINISHED, PAUSED, GROW = 0, 1, 2
ADDRESS, UNINITIALISED_BYTE, UNINITIALISED_REGISTER = 10, 11, 12
READ_RACE, WRITE_RACE, REUSE_RACE = 13, 14, 15
OVERFLOW, DEADLOCK, UNMATCHED = 16, 17, 18
TRAP_CORE, TRAP_PC, TRAP_A, TRAP_B = range(4)
TRAP_COLUMNS = 4

# Shadows of a memory byte (last writer, last reader): none, the host, or
# (pc + 2) << EPOCH_BITS | epoch of the core that runs pc.
SHADOW_NONE, SHADOW_HOST, EPOCH_BITS = 0, 1, 32

# A heap key is time << CORE_BITS | core: ties go to the lower core.
CORE_BITS = 16
