"""Shared memory with its shadows: who wrote each byte, and who has read it since.

Vector clocks decide whether an access of another core happened before one of this core,
that is, whether this has acquired the epoch of the access through CALL and WAIT.
Accesses that they do not order are a race, however benign the timing of this run was.

Each byte has the number of a *history* in ``marks``. The reads of a history are a list
from the last one back. A read that happened before a later one needs no place in it:
what comes after the later comes after both. Lists share their ends, and bytes that
were written and read together their history.
"""

from __future__ import annotations

import numpy as np

from cimc.backends.rram.simulator.layout import (
    ADDRESS,
    G_HISTORIES,
    H_BEFORE,
    H_HOST,
    H_READ,
    H_WRITE,
    READ_RACE,
    REUSE_RACE,
    STRADDLE,
    UNINITIALISED_BYTE,
    W_BASE,
    W_SIZE,
    W_UNWRAPPED,
    W_UNWRAPPED_SIZE,
    WRITE_RACE,
)
from cimc.simulation.clocks import CLOCKS, Clocks, shadow_of, unordered
from cimc.simulation.jit import compiled
from cimc.simulation.layout import (
    EPOCH_BITS,
    EPOCH_MASK,
    SHADOW_HOST,
    SHADOW_NONE,
    TRAP_A,
    TRAP_B,
)
from cimc.weights import Array

__all__ = ["load", "settle", "store"]

#: Bytes whose marks are compared at a time.
_BLOCK = 64


@compiled("int64(int64, int64[::1], int64, int64[::1])")
def place(address: int, way: Array, length: int, trap: Array) -> int:
    """Where in memory a segment lies, or -1 if it crosses the end of its ring."""
    if way[W_SIZE] == 0:
        return address
    base, size = way[W_BASE], way[W_SIZE]
    start = base + address % size
    if start + length > base + size:
        trap[TRAP_A], trap[TRAP_B] = start, start + length
        return -1
    return start


@compiled("int64(int32[::1], int64, int64)")
def alike(marks: Array, start: int, stop: int) -> int:
    """One past the last byte from ``start`` on with the history of the first."""
    mark = marks[start]
    at = start + 1
    # Blocks without a way out in their midst become vector instructions.
    while at < stop:
        end = min(at + _BLOCK, stop)
        differ = np.int32(0)
        for i in range(at, end):
            differ = np.int32(differ | (marks[np.uintp(i)] ^ mark))
        if differ != 0:
            break
        at = end
    while at < stop and marks[at] == mark:
        at += 1
    return at


@compiled("int64(int64[:, ::1], int64[::1], int64, int64, int64)")
def remember(
    histories: Array, scalars: Array, write: int, read: int, before: int
) -> int:
    """The number of a new history; the caller has made sure that there is room."""
    number = scalars[G_HISTORIES]
    scalars[G_HISTORIES] += 1
    history = histories[number]
    history[H_WRITE], history[H_READ], history[H_BEFORE] = write, read, before
    return number


@compiled(f"int64(int64[:, ::1], int64, int32[::1], int64, {CLOCKS})")
def last_unordered(
    histories: Array, number: int, core_of: Array, core: int, clocks: Clocks
) -> int:
    """The history with the last read that ``core`` has not acquired, or 0.

    It is in the list of reads that begins with the history ``number``.
    """
    while number > 0:
        if unordered(histories[number, H_READ], core_of, core, clocks) >= 0:
            break
        number = histories[number, H_BEFORE]
    return number


@compiled(
    "int64(uint8[::1], int32[::1], int64[:, ::1], int64[::1], int32[::1], "
    f"int64, {CLOCKS}, int64, int64[::1], int64, int64, int64, int64, uint8[::1], "
    "int64[::1])"
)
def load(
    memory: Array,
    marks: Array,
    histories: Array,
    scalars: Array,
    core_of: Array,
    core: int,
    clocks: Clocks,
    address: int,
    way: Array,
    pc: int,
    count: int,
    length: int,
    stride: int,
    target: Array,
    trap: Array,
) -> int:
    """Copy ``count`` segments into ``target``; 0 or the code of a trap.

    The caller has made sure that there is room for a history per byte.
    """
    last = address + (count - 1) * stride
    first, stop = min(address, last), max(address, last) + length
    if way[W_SIZE] == 0 and (first < 0 or stop > memory.size):
        trap[TRAP_A], trap[TRAP_B] = first, stop
        return ADDRESS
    shadow = shadow_of(pc, core, clocks)
    seen = np.int64(SHADOW_HOST)
    new = histories[0]
    number = np.int64(0)
    for segment in range(count):
        start = place(address + segment * stride, way, length, trap)
        if start < 0:
            return STRADDLE
        at, stop = start, start + length
        while at < stop:
            following = alike(marks, at, stop)
            old = histories[marks[at]]
            write = old[H_WRITE]
            if write != seen:
                trap[TRAP_A] = at
                if write == SHADOW_NONE:
                    return UNINITIALISED_BYTE
                trap[TRAP_B] = unordered(write, core_of, core, clocks)
                if trap[TRAP_B] >= 0:
                    return READ_RACE
                seen = write
            before = last_unordered(histories, marks[at], core_of, core, clocks)
            if number == 0 or new[H_BEFORE] != before or new[H_WRITE] != write:
                number = remember(histories, scalars, write, shadow, before)
                new = histories[number]
            marks[at:following] = number
            at = following
        for i in range(length):
            target[segment * length + i] = memory[start + i]
    return 0


@compiled(
    "int64(uint8[::1], int32[::1], int64[:, ::1], int64[::1], uint8[::1], int32[::1], "
    f"int32[::1], int64, {CLOCKS}, int64, int64[::1], int64, uint8[::1], int64[::1])"
)
def store(
    memory: Array,
    marks: Array,
    histories: Array,
    scalars: Array,
    unwrapped: Array,
    unwrapped_writers: Array,
    core_of: Array,
    core: int,
    clocks: Clocks,
    address: int,
    way: Array,
    pc: int,
    source: Array,
    trap: Array,
) -> int:
    """Copy ``source`` to memory; 0 or the code of a trap.

    The caller has made sure that there is room for a history.
    """
    start = place(address, way, source.size, trap)
    if way[W_SIZE] > 0 and start < 0:
        return STRADDLE
    stop = start + source.size
    trap[TRAP_A], trap[TRAP_B] = start, stop
    if start < 0 or stop > memory.size:
        return ADDRESS
    at = start
    while at < stop:
        write = histories[marks[at], H_WRITE]
        trap[TRAP_A] = at
        trap[TRAP_B] = unordered(write, core_of, core, clocks)
        if trap[TRAP_B] >= 0:
            return WRITE_RACE
        number = last_unordered(histories, marks[at], core_of, core, clocks)
        if number > 0:
            trap[TRAP_B] = (histories[number, H_READ] >> EPOCH_BITS) - 2
            return REUSE_RACE
        at = alike(marks, at, stop)
    shadow = shadow_of(pc, core, clocks)
    for i in range(source.size):
        memory[start + i] = source[i]
    # Stores of one instruction often lie one after another.
    number = np.int64(marks[max(start - 1, 0)])
    if histories[number, H_WRITE] != shadow or histories[number, H_READ] != 0:
        number = remember(histories, scalars, shadow, SHADOW_NONE, 0)
    marks[start:stop] = number
    first, last = max(address, 0), min(address + source.size, way[W_UNWRAPPED_SIZE])
    if first < last:
        there = way[W_UNWRAPPED]
        for i in range(first, last):
            unwrapped[there + i] = source[i - address]
        unwrapped_writers[there + first : there + last] = shadow >> EPOCH_BITS
    return 0


@compiled("int64(int32[::1], int64[:, ::1], int64[:, ::1])")
def settle(marks: Array, histories: Array, settled: Array) -> int:
    """Fill ``settled`` with the histories in use, once their accesses are all over.

    Their writes are left, which happened before whatever follows. Returns how many.
    """
    count = 1 + H_HOST
    settled[H_HOST, H_WRITE] = SHADOW_HOST
    for at in range(marks.size):
        if marks[at] > H_HOST:
            old = histories[marks[at]]
            if old[H_BEFORE] >= 0:
                old[H_BEFORE] = -count
                write = old[H_WRITE]
                if write != SHADOW_HOST:
                    write &= ~EPOCH_MASK
                settled[count, H_WRITE] = write
                count += 1
            marks[at] = -old[H_BEFORE]
    return count
