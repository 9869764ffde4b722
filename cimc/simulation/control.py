"""Parts of an engine's turn that no machine changes, compiled.

``row`` is the row of code of the instruction; see layout.py.
"""

from __future__ import annotations

import numpy as np

from cimc.simulation.jit import compiled
from cimc.simulation.layout import (
    A0,
    A1,
    C_DEPTH,
    C_HALTED,
    DEADLOCK,
    E_CREDITS,
    E_EXPECTED,
    E_TOTAL,
    END,
    FINISHED,
    G_DROPPED,
    G_TRACE,
    LOOP,
    OP,
    READ0,
    READ0_START,
    READ0_STOP,
    READ1,
    READ1_START,
    READ1_STOP,
    SET,
    STEP,
    T_CORE,
    T_PC,
    T_START,
    T_STOP,
    T_UNIT,
    TRAP_A,
    TRAP_B,
    UNMATCHED,
    WRITE,
    WRITE_START,
    WRITE_STOP,
)
from cimc.weights import Array

__all__ = [
    "control",
    "finish",
    "mark_written",
    "operand_missing",
    "record",
    "touch_layer",
]


@compiled("int64(int64, int64[::1], int64[::1], int64[::1], int64[::1])")
def control(pc: int, row: Array, core: Array, loops: Array, addresses: Array) -> int:
    """Run LOOP, END, SET or STEP of a core; the instruction that follows (of any)."""
    op = row[OP]
    if op == LOOP:
        loops[core[C_DEPTH]] = row[A0]
        core[C_DEPTH] += 1
    elif op == END:
        depth = core[C_DEPTH] - 1
        loops[depth] -= 1
        if loops[depth] > 0:
            return row[A0]
        core[C_DEPTH] = depth
    elif op == SET:
        addresses[row[A0]] = row[A1]
    elif op == STEP:
        addresses[row[A0]] += row[A1]
    return pc + 1


@compiled("int64(uint8[:, ::1], int64, int64, int64)")
def first_unset(valid: Array, register: int, start: int, stop: int) -> int:
    """The first of the bytes [start, stop) that was never written, or -1."""
    if register < 0:
        return -1
    flags = valid[register, start:stop]
    written = np.uint8(1)
    for i in range(flags.size):
        written &= flags[i]
    if written == 1:
        return -1
    for i in range(flags.size):
        if flags[i] == 0:
            return start + i
    return -1


@compiled("boolean(uint8[:, ::1], int64[::1], int64[::1])")
def operand_missing(valid: Array, row: Array, trap: Array) -> bool:
    """Whether the instruction reads bytes of a register that nothing has written."""
    for first, start, stop in (
        (READ0, READ0_START, READ0_STOP),
        (READ1, READ1_START, READ1_STOP),
    ):
        missing = first_unset(valid, row[first], row[start], row[stop])
        if missing >= 0:
            trap[TRAP_A], trap[TRAP_B] = row[first], missing
            return True
    return False


@compiled("void(uint8[:, ::1], int64[::1])")
def mark_written(valid: Array, row: Array) -> None:
    """Note the bytes of a register that the instruction writes."""
    target = row[WRITE]
    if target >= 0:
        valid[target, row[WRITE_START] : row[WRITE_STOP]] = 1


@compiled("void(int64[:, ::1], int64, int64, int64)")
def touch_layer(layers: Array, layer: int, start: int, stop: int) -> None:
    """Extend the time of a layer (none if negative); no start if that is negative."""
    if layer >= 0:
        if start >= 0:
            layers[layer, 0] = min(layers[layer, 0], start)
        layers[layer, 1] = max(layers[layer, 1], stop)


@compiled("void(int64[:, ::1], int64[::1], int64, int64, int64, int64, int64)")
def record(
    trace: Array, scalars: Array, core: int, unit: int, pc: int, start: int, stop: int
) -> None:
    """Add an event to the trace, if there is one with room."""
    if trace.shape[0] == 0:
        return
    if scalars[G_TRACE] < trace.shape[0]:
        event = trace[scalars[G_TRACE]]
        event[T_CORE], event[T_UNIT], event[T_PC] = core, unit, pc
        event[T_START], event[T_STOP] = start, stop
        scalars[G_TRACE] += 1
    else:
        scalars[G_DROPPED] += 1


@compiled("int64(int64[:, ::1], int64[:, ::1], int64[::1])")
def finish(cores: Array, edges: Array, trap: Array) -> int:
    """What became of a run in which no core is ready any more."""
    for core in range(cores.shape[0]):
        if cores[core, C_HALTED] == 0:
            return DEADLOCK
    for edge in range(edges.shape[0]):
        calls = edges[edge, E_TOTAL] - edges[edge, E_CREDITS]
        if calls != edges[edge, E_EXPECTED]:
            trap[TRAP_A] = edge
            return UNMATCHED
    return FINISHED
