"""Arrays of tracks at the level of words: offsets, ports, and what lies under them.

Only the offset of an array is kept, not where each domain is: see domains.py for a
simulator that moves every domain.
"""

from __future__ import annotations

from cimc.backends.racetrack.simulator.displaced import (
    misread_bytes,
    read_bytes,
    write_bytes,
)
from cimc.backends.racetrack.simulator.layout import (
    M_DOMAINS,
    M_HIGHEST,
    M_LOWEST,
    M_PORTS,
    MISALIGNED,
    NO_ARRAY,
    NO_WEIGHTS,
    OTHER_BANK,
    P_BANK,
    P_OFFSET,
    P_WIDTH,
    PAST_END_MAP,
    PAST_END_WEIGHTS,
    RACE,
    T_WRITES,
    UNWRITTEN_WORD,
    W_OFFSET,
    WORD_SIZE,
)
from cimc.backends.racetrack.simulator.position_errors import ERRORS, Errors
from cimc.simulation.clocks import CLOCKS, Clocks, shadow_of, unordered
from cimc.simulation.jit import compiled
from cimc.simulation.layout import TRAP_A, TRAP_B
from cimc.weights import Array

__all__ = [
    "aligned",
    "read_word",
    "shift_map",
    "shift_weights",
    "write_word",
]


@compiled("boolean(int64, int64, int64[::1])")
def aligned(domain: int, offset: int, machine: Array) -> bool:
    """Whether a port stands over ``domain`` of an array at ``offset``."""
    segment = machine[M_DOMAINS] // machine[M_PORTS]
    distance = domain - offset
    return (
        0 <= domain < machine[M_DOMAINS]
        and distance % segment == 0
        and 0 <= distance // segment < machine[M_PORTS]
    )


@compiled(
    f"int64(int64[:, ::1], int64[::1], int64, int64, int32[::1], int64, {CLOCKS}, "
    "int64[::1])"
)
def use_map(
    maps: Array,
    users: Array,
    array: int,
    pc: int,
    core_of: Array,
    core: int,
    clocks: Clocks,
    trap: Array,
) -> int:
    """Take a map array, which has one user at a time; 0 or the code of a trap.

    The last access of another bank must have happened before this one by a chain of
    CALL and WAIT, even if the timing of this run was benign.
    """
    trap[TRAP_A] = array
    if array < 0 or array >= maps.shape[0]:
        return NO_ARRAY
    trap[TRAP_B] = unordered(users[array], core_of, core, clocks)
    if trap[TRAP_B] >= 0:
        return RACE
    users[array] = shadow_of(pc, core, clocks)
    return 0


@compiled(
    "int64(int64[:, ::1], int64[::1], int64, int64, int64, int32[::1], int64, "
    f"{CLOCKS}, int64[::1], int64[::1])"
)
def shift_map(
    maps: Array,
    users: Array,
    array: int,
    by: int,
    pc: int,
    core_of: Array,
    core: int,
    clocks: Clocks,
    machine: Array,
    trap: Array,
) -> int:
    """Shift a map array; 0 or the code of a trap."""
    why = use_map(maps, users, array, pc, core_of, core, clocks, trap)
    if why != 0:
        return why
    offset = maps[array, P_OFFSET] + by
    trap[TRAP_B] = offset
    if offset < machine[M_LOWEST] or offset > machine[M_HIGHEST]:
        return PAST_END_MAP
    maps[array, P_OFFSET] = offset
    return 0


@compiled("int64(int64[:, :, ::1], int64, int64, int64, int64[::1], int64[::1])")
def shift_weights(
    arrays: Array, core: int, array: int, by: int, machine: Array, trap: Array
) -> int:
    """Shift a weight array of a bank; 0 or the code of a trap."""
    trap[TRAP_A] = array
    if array < 0 or array >= arrays.shape[1]:
        return NO_WEIGHTS
    offset = arrays[core, array, W_OFFSET] + by
    trap[TRAP_B] = offset
    if offset < machine[M_LOWEST] or offset > machine[M_HIGHEST]:
        return PAST_END_WEIGHTS
    arrays[core, array, W_OFFSET] = offset
    return 0


@compiled(
    "int64(int64[:, ::1], int64[::1], int64[::1], uint8[::1], int64, int64, int64, "
    f"int64, int32[::1], int64, {CLOCKS}, int64[::1], {ERRORS}, uint8[::1], "
    "int64[::1])"
)
def read_word(
    maps: Array,
    users: Array,
    writers: Array,
    words: Array,
    array: int,
    domain: int,
    first: int,
    pc: int,
    core_of: Array,
    core: int,
    clocks: Clocks,
    machine: Array,
    errors: Errors,
    target: Array,
    trap: Array,
) -> int:
    """Copy bytes of a word from ``first`` on to ``target``; 0 or the code of a trap."""
    why = use_map(maps, users, array, pc, core_of, core, clocks, trap)
    if why != 0:
        return why
    trap[TRAP_B] = domain
    if not aligned(domain, maps[array, P_OFFSET], machine):
        return MISALIGNED
    if first + target.size > maps[array, P_WIDTH]:
        return WORD_SIZE
    if writers[array * machine[M_DOMAINS] + domain] == 0:
        return UNWRITTEN_WORD
    domains = machine[M_DOMAINS]
    read_bytes(maps[array], words, array, domain, first, domains, errors, target)
    misread_bytes(errors, target)
    return 0


@compiled(
    "int64(int64[:, ::1], int64[::1], int64[::1], uint8[::1], int64, int64, int64, "
    f"int64, int32[::1], int64, {CLOCKS}, int64[::1], {ERRORS}, uint8[::1], "
    "int64[::1])"
)
def write_word(
    maps: Array,
    users: Array,
    writers: Array,
    words: Array,
    array: int,
    domain: int,
    bank: int,
    pc: int,
    core_of: Array,
    core: int,
    clocks: Clocks,
    machine: Array,
    errors: Errors,
    source: Array,
    trap: Array,
) -> int:
    """Copy ``source`` to a word; 0 or the code of a trap.

    ``bank`` is where the array must lie, −1 if anywhere.
    """
    why = use_map(maps, users, array, pc, core_of, core, clocks, trap)
    if why != 0:
        return why
    trap[TRAP_B] = domain
    if bank >= 0 and maps[array, P_BANK] != bank:
        return OTHER_BANK
    if not aligned(domain, maps[array, P_OFFSET], machine):
        return MISALIGNED
    if source.size != maps[array, P_WIDTH]:
        return WORD_SIZE
    domains = machine[M_DOMAINS]
    write_bytes(maps[array], words, array, domain, domains, errors, source)
    errors[0][array, T_WRITES] += 1
    writers[array * domains + domain] = shadow_of(pc, core, clocks)
    return 0
