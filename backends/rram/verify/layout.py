"""Columns of the tables that the verifier's compiled parts work on (all int64)."""

from __future__ import annotations

# Instructions that matter to addresses and to order.
LOOP, END, SET, STEP, RING, WALK, NEXT, SLOT, LOAD, STORE, CALL, WAIT = range(12)

# A row of code: operation, then what it needs. A LOOP has its count, an END the row
# that it jumps to; CALL and WAIT have their sequence register and by how much, others
# their address register and their fields in the order of the manual.
OP, A0, A1, A2, A3, A4 = range(6)
CODE_COLUMNS = 6

# An event (CALL or WAIT as executed): its sequence register, by how much it raises
# (CALL) or, negative, lowers (WAIT) what is left over of it, and its row of code.
E_REGISTER, E_BY, E_ROW = range(3)
EVENT_COLUMNS = 3

# A piece: consecutive executions of one LOAD or STORE between two events of its core,
# at addresses P_FIRST, P_FIRST + P_STEP, … (P_TIMES of them), all in one ring (size 0:
# none). P_EPOCH counts the events of the core before it, P_PITCH is how much further
# on the same addresses are in the next image. All segments lie in [P_LOW, P_HIGH),
# counted as the address register counts.
P_EPOCH, P_FIRST, P_STEP, P_TIMES, P_BASE, P_SIZE, P_PITCH, P_LOW, P_HIGH = range(9)
PIECE_COLUMNS = 9

# A stream: the pieces of one LOAD or STORE. Dense core, row of code, whether it stores,
# first piece and one past the last, its ring, length of a segment, how many, how far
# apart; the bytes of memory that it stays in during a batch, and the greatest number
# that divides all distances between its segments; its pitch, and the last epoch in
# which its core may still be at the first image.
(
    S_CORE,
    S_ROW,
    S_STORES,
    S_FIRST,
    S_STOP,
    S_BASE,
    S_SIZE,
    S_LENGTH,
    S_COUNT,
    S_STRIDE,
    S_LOW,
    S_HIGH,
    S_GRID,
    S_PITCH,
    S_LAST,
) = range(15)
STREAM_COLUMNS = 15

# What became of a pair of streams, and where it was found: the piece of the first, of
# the second, and the byte of memory in question.
PROVEN, UNORDERED, WRONG_ORDER, EXHAUSTED, FAR_APART = range(5)
F_OUTCOME, F_PIECE, F_OTHER, F_BYTE = range(4)
FINDING_COLUMNS = 4
