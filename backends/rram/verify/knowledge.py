"""How far one core is known to have come when another one has come so far.

Epoch e of a core begins behind its first e events. For cores a and b, ``known`` holds
for each epoch of b the epoch of a such that all that a does before it has happened: one
past the last CALL of a which a WAIT of b has acquired, directly or over other cores.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cimc.simulation.jit import compiled
from cimc.weights import Array

__all__ = ["SOURCES", "Pairs", "along_paths", "exactly"]

#: Cores about which :func:`exactly` asks at a time.
SOURCES = 16


class Pairs(NamedTuple):
    """Ordered pairs of cores, those of each source in turn.

    Pair p asks what ``sinks[p]`` knows of its source; the sources' first pairs are in
    ``starts``, and its epochs begin at ``places[p]`` of a table.
    """

    starts: Array
    sinks: Array
    places: Array


@compiled(
    "void(int64[::1], int64[::1], int64[::1], int64[::1], int64[::1], int64[::1], "
    "int64[::1], int64[::1], int64, int32[::1])",
    allocates=True,
)
def along_paths(
    event_starts: Array,
    core_of: Array,
    need: Array,
    next_starts: Array,
    next_cores: Array,
    pair_starts: Array,
    sinks: Array,
    places: Array,
    rounds: int,
    known: Array,
) -> None:
    """Fill ``known`` from maps of single edges, composed along short paths.

    ``next_cores`` are the cores that acquire calls of each. From every source, the
    search keeps to cores that the source is paired with, nearest first; a core's map
    is made from those of the cores before it. What is not found is not known: the
    result may be less than the truth, and never more.
    """
    cores = event_starts.size - 1
    place_of = np.full(cores, -1, np.int64)
    seen = np.zeros(cores, np.bool_)
    queue = np.empty(cores, np.int64)
    for source in range(cores):
        pairs = range(pair_starts[source], pair_starts[source + 1])
        for pair in pairs:
            place_of[sinks[pair]] = places[pair]
        queue[0], head, tail = source, 0, 1
        while head < tail:
            core = queue[head]
            head += 1
            for index in range(next_starts[core], next_starts[core + 1]):
                following = next_cores[index]
                if place_of[following] >= 0 and not seen[following]:
                    seen[following] = True
                    queue[tail] = following
                    tail += 1
        for _ in range(rounds):
            changed = False
            for at in range(1, tail):
                core = queue[at]
                start, place = event_starts[core], place_of[core]
                epoch = np.int32(0)
                for event in range(start, event_starts[core + 1]):
                    if need[event] >= 0:
                        caller = core_of[need[event]]
                        call = need[event] - event_starts[caller]
                        if caller == source:
                            epoch = max(epoch, np.int32(call + 1))
                        elif seen[caller]:
                            epoch = max(epoch, known[place_of[caller] + call])
                    if epoch > known[place + event - start + 1]:
                        changed = True
                        known[place + event - start + 1] = epoch
            if not changed:
                break
        for pair in pairs:
            place_of[sinks[pair]] = -1
            seen[sinks[pair]] = False


@compiled(
    "void(int64[::1], int64[::1], int64[::1], int64[::1], int64[::1], int32[:, ::1])",
    allocates=True,
)
def exactly(
    event_starts: Array,
    core_of: Array,
    need: Array,
    order: Array,
    sources: Array,
    clocks: Array,
) -> None:
    """What each core knows of some sources behind each event: its vector clock.

    ``order`` is one in which the events can happen. Which it is makes no difference.
    """
    for event in order:
        core = core_of[event]
        clock = clocks[event]
        if event > event_starts[core]:
            clock[:] = clocks[event - 1]
        else:
            clock[:] = 0
        if need[event] >= 0:
            caller = core_of[need[event]]
            for i in range(sources.size):
                acquired = clocks[need[event], i]
                if sources[i] == caller:
                    acquired = np.int32(need[event] - event_starts[caller] + 1)
                clock[i] = max(clock[i], acquired)
