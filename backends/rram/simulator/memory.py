"""Shared memory with its shadows: who wrote each byte, and who has read it since.

Vector clocks decide whether an access of another core happened before one of this core,
that is, whether this has acquired the epoch of the access through CALL and WAIT.
Accesses that they do not order are a race, however benign the timing of this run was.

The reads of a byte are a list from the last one back. A read that happened before a
later one needs no place in it: what comes after the later comes after both. Lists share
their ends, and bytes with equal histories their lists.
"""

from __future__ import annotations

import numpy as np

from cimc.backends.rram.simulator.layout import (
    ADDRESS,
    G_READS,
    R_BEFORE,
    R_SHADOW,
    READ_RACE,
    REUSE_RACE,
    STRADDLE,
    UNINITIALISED_BYTE,
    W_BASE,
    W_COPY,
    W_COPY_SIZE,
    W_SIZE,
    WRITE_RACE,
)
from cimc.simulation.clocks import CLOCKS, Clocks, shadow_of, unordered
from cimc.simulation.jit import compiled
from cimc.simulation.layout import (
    EPOCH_BITS,
    SHADOW_HOST,
    SHADOW_NONE,
    TRAP_A,
    TRAP_B,
)
from cimc.weights import Array

__all__ = ["load", "store"]


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


@compiled("int64(int64[::1], int32[::1], int64, int64)")
def alike(writers: Array, readers: Array, start: int, stop: int) -> int:
    """One past the last byte from ``start`` on with the shadows of the first."""
    writer, reader = writers[start], readers[start]
    at = start + 1
    while at < stop and writers[at] == writer and readers[at] == reader:
        at += 1
    return at


@compiled(
    "int64(uint8[::1], int64[::1], int32[::1], int64[:, ::1], int64[::1], int32[::1], "
    f"int64, {CLOCKS}, int64, int64[::1], int64, int64, int64, int64, uint8[::1], "
    "int64[::1])"
)
def load(
    memory: Array,
    writers: Array,
    readers: Array,
    reads: Array,
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

    The caller has made sure that ``reads`` has room for a row per byte.
    """
    last = address + (count - 1) * stride
    first, stop = min(address, last), max(address, last) + length
    if way[W_SIZE] == 0 and (first < 0 or stop > memory.size):
        trap[TRAP_A], trap[TRAP_B] = first, stop
        return ADDRESS
    shadow = shadow_of(pc, core, clocks)
    seen = np.int64(SHADOW_HOST)
    row = np.int64(0)
    for segment in range(count):
        start = place(address + segment * stride, way, length, trap)
        if start < 0:
            return STRADDLE
        at, stop = start, start + length
        while at < stop:
            following = alike(writers, readers, at, stop)
            now = writers[at]
            if now != seen:
                trap[TRAP_A] = at
                if now == SHADOW_NONE:
                    return UNINITIALISED_BYTE
                trap[TRAP_B] = unordered(now, core_of, core, clocks)
                if trap[TRAP_B] >= 0:
                    return READ_RACE
                seen = now
            before = np.int64(readers[at])
            while before > 0:
                if unordered(reads[before, R_SHADOW], core_of, core, clocks) >= 0:
                    break
                before = reads[before, R_BEFORE]
            if row == 0 or reads[row, R_BEFORE] != before:
                row = scalars[G_READS]
                scalars[G_READS] += 1
                reads[row, R_SHADOW], reads[row, R_BEFORE] = shadow, before
            readers[at:following] = row
            at = following
        target[segment * length : (segment + 1) * length] = memory[start:stop]
    return 0


@compiled(
    "int64(uint8[::1], int64[::1], int32[::1], int64[:, ::1], uint8[::1], int32[::1], "
    f"int32[::1], int64, {CLOCKS}, int64, int64[::1], int64, uint8[::1], int64[::1])"
)
def store(
    memory: Array,
    writers: Array,
    readers: Array,
    reads: Array,
    copies: Array,
    copy_writers: Array,
    core_of: Array,
    core: int,
    clocks: Clocks,
    address: int,
    way: Array,
    pc: int,
    source: Array,
    trap: Array,
) -> int:
    """Copy ``source`` to memory; 0 or the code of a trap."""
    start = place(address, way, source.size, trap)
    if way[W_SIZE] > 0 and start < 0:
        return STRADDLE
    stop = start + source.size
    trap[TRAP_A], trap[TRAP_B] = start, stop
    if start < 0 or stop > memory.size:
        return ADDRESS
    at = start
    while at < stop:
        trap[TRAP_A] = at
        trap[TRAP_B] = unordered(writers[at], core_of, core, clocks)
        if trap[TRAP_B] >= 0:
            return WRITE_RACE
        read = np.int64(readers[at])
        while read > 0:
            trap[TRAP_B] = unordered(reads[read, R_SHADOW], core_of, core, clocks)
            if trap[TRAP_B] >= 0:
                return REUSE_RACE
            read = reads[read, R_BEFORE]
        at = alike(writers, readers, at, stop)
    shadow = shadow_of(pc, core, clocks)
    memory[start:stop] = source
    writers[start:stop] = shadow
    readers[start:stop] = 0
    first, last = max(address, 0), min(address + source.size, way[W_COPY_SIZE])
    if first < last:
        there = way[W_COPY]
        copies[there + first : there + last] = source[first - address : last - address]
        copy_writers[there + first : there + last] = shadow >> EPOCH_BITS
    return 0
