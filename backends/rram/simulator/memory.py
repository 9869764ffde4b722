"""Shared memory with its shadows: who wrote and who last read each byte, and when.

Vector clocks decide whether an access of core ``w`` happened before one of this core:
``clock[w]`` is the last epoch of ``w`` that it has acquired through CALL and WAIT.
Accesses that they do not order are a race, however benign the timing of this run was.
"""

from __future__ import annotations

import numpy as np

from cimc.backends.rram.simulator.layout import (
    ADDRESS,
    READ_RACE,
    REUSE_RACE,
    UNINITIALISED_BYTE,
    WRITE_RACE,
)
from cimc.simulation.control import unordered
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


@compiled(
    "int64(uint8[::1], int64[::1], int64[::1], int32[::1], int64, int32[::1], int64, "
    "int64, int64, int64, int64, uint8[::1], int64[::1])"
)
def load(
    memory: Array,
    writers: Array,
    readers: Array,
    core_of: Array,
    core: int,
    clock: Array,
    address: int,
    pc: int,
    count: int,
    length: int,
    stride: int,
    target: Array,
    trap: Array,
) -> int:
    """Copy ``count`` segments into ``target``; 0 or the code of a trap."""
    last = address + (count - 1) * stride
    if min(address, last) < 0 or max(address, last) + length > memory.size:
        trap[TRAP_A] = min(address, last)
        trap[TRAP_B] = max(address, last) + length
        return ADDRESS
    stamp = (pc + 2) << EPOCH_BITS | clock[core]
    seen = np.int64(SHADOW_HOST)
    for segment in range(count):
        start = address + segment * stride
        for at in range(start, start + length):
            now = writers[at]
            readers[at] = stamp
            if now != seen:
                trap[TRAP_A] = at
                if now == SHADOW_NONE:
                    return UNINITIALISED_BYTE
                trap[TRAP_B] = unordered(now, core_of, core, clock)
                if trap[TRAP_B] >= 0:
                    return READ_RACE
                seen = now
        target[segment * length : (segment + 1) * length] = memory[
            start : start + length
        ]
    return 0


@compiled(
    "int64(uint8[::1], int64[::1], int64[::1], int32[::1], int64, int32[::1], int64, "
    "int64, uint8[::1], int64[::1])"
)
def store(
    memory: Array,
    writers: Array,
    readers: Array,
    core_of: Array,
    core: int,
    clock: Array,
    address: int,
    pc: int,
    source: Array,
    trap: Array,
) -> int:
    """Copy ``source`` to memory; 0 or the code of a trap."""
    stop = address + source.size
    trap[TRAP_A], trap[TRAP_B] = address, stop
    if address < 0 or stop > memory.size:
        return ADDRESS
    written = read = np.int64(SHADOW_NONE)
    for at in range(address, stop):
        if writers[at] != written:
            written = writers[at]
            trap[TRAP_A] = at
            trap[TRAP_B] = unordered(written, core_of, core, clock)
            if trap[TRAP_B] >= 0:
                return WRITE_RACE
        if readers[at] != read:
            read = readers[at]
            trap[TRAP_A] = at
            trap[TRAP_B] = unordered(read, core_of, core, clock)
            if trap[TRAP_B] >= 0:
                return REUSE_RACE
    memory[address:stop] = source
    writers[address:stop] = (pc + 2) << EPOCH_BITS | clock[core]
    return 0
