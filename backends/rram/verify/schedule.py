"""Events in an order in which they can happen, and what cores know of each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cimc.backends.rram.verify.knowledge import SOURCES, along_paths, exactly
from cimc.weights import Array

__all__ = ["Knowledge", "Schedule"]


@dataclass(frozen=True)
class Schedule:
    """CALLs and WAITs of all cores: what each WAIT needs, and an order of them all."""

    event_starts: Array
    core_of: Array
    need: Array
    order: Array

    @property
    def lengths(self) -> Array:
        """Events of each core."""
        return np.diff(self.event_starts)

    def neighbours(self) -> tuple[Array, Array]:
        """Cores that acquire calls of each core: where they start, and all of them."""
        cores, waits = len(self.lengths), np.flatnonzero(self.need >= 0)
        edges = self.core_of[self.need[waits]] * cores + self.core_of[waits]
        edges = np.unique(edges)
        return np.searchsorted(edges // cores, np.arange(cores + 1)), edges % cores


#: How often maps along paths are made from each other.
ROUNDS = 64


class Knowledge:
    """What cores know of each other, for the pairs of cores that matter.

    ``table`` holds for each pair an epoch per epoch (see knowledge.py).
    """

    def __init__(self, schedule: Schedule, sources: Array, sinks: Array) -> None:
        self._schedule = schedule
        self._cores = len(schedule.lengths)
        self._keys = np.unique(sources * self._cores + sinks)
        self._sinks = self._keys % self._cores
        sizes = schedule.lengths[self._sinks] + 1
        self._places = np.cumsum(sizes) - sizes
        self.table = np.zeros(int(sizes.sum()), np.int32)
        starts = np.searchsorted(self._keys // self._cores, np.arange(self._cores + 1))
        along_paths(
            schedule.event_starts,
            schedule.core_of,
            schedule.need,
            *schedule.neighbours(),
            starts,
            self._sinks,
            self._places,
            ROUNDS,
            self.table,
        )

    def places(self, sources: Array, sinks: Array) -> Array:
        """Where in the table the pairs begin."""
        keys = sources * self._cores + sinks
        return self._places[np.searchsorted(self._keys, keys)]

    def complete(self, sources: Array) -> None:
        """Find out all that is known of up to ``SOURCES`` cores."""
        assert len(sources) <= SOURCES
        schedule = self._schedule
        clocks = np.empty((len(schedule.order), len(sources)), np.int32)
        exactly(
            schedule.event_starts,
            schedule.core_of,
            schedule.need,
            schedule.order,
            sources,
            clocks,
        )
        for index, source in enumerate(sources):
            for pair in np.flatnonzero(self._keys // self._cores == source):
                sink, place = self._sinks[pair], self._places[pair] + 1
                start, stop = schedule.event_starts[sink : sink + 2]
                self.table[place : place + stop - start] = clocks[start:stop, index]
