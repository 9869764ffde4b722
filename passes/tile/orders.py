"""In which order the cores of a chain visit the vectors of an OFM.

All cores of a chain add their products to the same vectors of partial sums. They are
P cores, numbered from 0, and O positions, cut into chunks of ``every`` of them (the
last may be smaller). A core hands its sums on when it is through with a chunk.

``linear``: all cores go from the first position to the last, and core v gets each
chunk from core v - 1.

``cyclic``: core v begins with chunk ⌊v · chunks / P⌋ and wraps around; it gets each
chunk from core v + 1 modulo P. So every core is the *first* one to visit the chunks
from its own beginning to that of core v + 1, and has nobody to wait for there. Those
from the beginning of core v - 1 to its own it visits as the *last* one. Where there
are more cores than chunks, several begin alike, and only one of them is the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = ["Order", "Visit"]


@dataclass(frozen=True)
class Visit:
    """Positions [start, stop) of one core, one after another.

    Unless it is the ``first`` one, the core awaits each chunk; unless it is the
    ``last`` one, it hands each chunk on. ``every`` are the positions of a chunk.
    """

    start: int
    stop: int
    every: int
    first: bool
    last: bool

    @property
    def chunks(self) -> int:
        """How many chunks they are."""
        return (self.stop - self.start) // self.every


@dataclass(frozen=True)
class Order:
    """How ``cores`` cores visit ``positions`` positions."""

    scheme: Literal["linear", "cyclic"]
    cores: int
    positions: int
    every: int = 1

    @property
    def step(self) -> int:
        """From a core to the one that it hands its chunks to."""
        return 1 if self.scheme == "linear" else -1

    def before(self, core: int) -> int:
        """The core from which this one gets what it does not visit first."""
        return (core - self.step) % self.cores

    def start(self, core: int) -> int:
        """The position where a core begins; that of core P is the end."""
        if self.scheme == "linear":
            return 0
        chunks = -(-self.positions // self.every)
        return min(self.positions, self.every * (core * chunks // self.cores))

    def visits(self, core: int) -> Iterator[Visit]:
        """What a core visits, in order."""
        end = self.positions
        if self.scheme == "linear":
            yield from self._cut(0, end, core == 0, core == self.cores - 1)
            return
        own, following = self.start(core), self.start(core + 1)
        before = self.start(core - 1) if core else self.start(self.cores - 1)
        yield from self._cut(own, following, True, False)
        if core:
            yield from self._cut(following, end, False, False)
            yield from self._cut(0, before, False, False)
            yield from self._cut(before, own, False, True)
        else:
            yield from self._cut(following, before, False, False)
            yield from self._cut(before, end, False, True)

    def _cut(self, start: int, stop: int, first: bool, last: bool) -> Iterator[Visit]:
        """Whole chunks, then perhaps the smaller one."""
        middle = stop - (stop - start) % self.every
        if start < middle:
            yield Visit(start, middle, self.every, first, last)
        if middle < stop:
            yield Visit(middle, stop, stop - middle, first, last)

    @property
    def handovers(self) -> int:
        """How often cores hand chunks on."""
        return sum(
            visit.chunks
            for core in range(self.cores)
            for visit in self.visits(core)
            if not visit.last
        )
