"""Which CALL each WAIT needs, and the one abstract run in which none is stuck."""

from __future__ import annotations

import numpy as np

from cimc.backends.rram.verify.layout import E_BY, E_REGISTER
from cimc.simulation.jit import compiled
from cimc.weights import Array

__all__ = ["match", "run"]


@compiled("int64[::1](int64[:, ::1], int64[::1], int64[::1])", allocates=True)
def match(events: Array, by_register: Array, credits: Array) -> Array:
    """For each WAIT the event that lets it go on; -1 if it needs none.

    ``by_register`` lists the calls and then the waits of each register in turn, each
    in the order of its core; they balance. ``credits`` are those of each register.
    """
    need = np.full(events.shape[0], -1, np.int64)
    at = 0
    while at < by_register.size:
        register = events[by_register[at], E_REGISTER]
        raised, call = credits[register], at
        while at < by_register.size and events[by_register[at], E_REGISTER] == register:
            if events[by_register[at], E_BY] > 0:
                at += 1
                continue
            break
        expected, last = np.int64(0), np.int64(-1)
        while at < by_register.size and events[by_register[at], E_REGISTER] == register:
            wait = by_register[at]
            expected -= events[wait, E_BY]
            while raised < expected:
                last = by_register[call]
                raised += events[last, E_BY]
                call += 1
            need[wait] = last
            at += 1
    return need


@compiled(
    "int64(int64[::1], int64[::1], int64[::1], int64[::1], int64[::1])", allocates=True
)
def run(
    event_starts: Array, core_of: Array, need: Array, order: Array, reached: Array
) -> int:
    """Let every core run until its WAITs hold it up for good; how many events happen.

    ``order`` gets the events in an order in which they can happen, ``reached`` for
    each core the event that it has come to. ``core_of`` says whose each event is.
    """
    cores = event_starts.size - 1
    reached[:] = event_starts[:-1]
    held_by = np.full(cores, -1, np.int64)
    next_held = np.full(cores, -1, np.int64)
    ready = np.arange(cores - 1, -1, -1)
    count, happened = cores, 0
    while count > 0:
        count -= 1
        core = ready[count]
        at = reached[core]
        while at < event_starts[core + 1]:
            other = core_of[max(need[at], 0)]
            # What the core itself has done is not yet noted in ``reached``.
            if need[at] >= 0 and need[at] >= (at if other == core else reached[other]):
                if other != core:
                    next_held[core], held_by[other] = held_by[other], core
                break
            order[happened] = at
            happened += 1
            at += 1
        reached[core] = at
        held, held_by[core] = held_by[core], -1
        while held >= 0:
            following = next_held[held]
            if need[reached[held]] < at:
                ready[count] = held
                count += 1
            else:
                next_held[held], held_by[core] = held_by[core], held
            held = following
    return happened
