"""Where a list of work is best cut into phases: exact, by dynamic programming.

The layers of a phase run at the same time, so it takes as long as its slowest core,
or as the bus that all share, and before that as long as its crossbars are programmed.
How the pipeline fills and drains is left out: it is little beside a slow layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Work", "best_cuts"]


@dataclass(frozen=True)
class Work:
    """What stays in one phase: the arrays that it takes, and times in cycles.

    ``cycles`` are those of its slowest core, ``bus`` those of its transfers, and
    ``programming`` those of the core that has the most rows to program.
    """

    arrays: int = 0
    cycles: int = 0
    bus: int = 0
    programming: int = 0


def best_cuts(works: Sequence[Work], arrays: int) -> list[int]:
    """Where the phases begin that take the least time in all, 0 first.

    A phase is a run of ``works`` with at most ``arrays`` arrays; no one needs more. Of
    cuts that are as good, those into the fewest phases.
    """
    best = [(0, 0)]
    begins = [0]
    for stop in range(1, len(works) + 1):
        found: tuple[int, int] | None = None
        begin = taken = cycles = bus = programming = 0
        for start in range(stop - 1, -1, -1):
            work = works[start]
            taken, bus = taken + work.arrays, bus + work.bus
            cycles = max(cycles, work.cycles)
            programming = max(programming, work.programming)
            time = max(cycles, bus) + programming
            if taken > arrays or (found is not None and time > found[0]):
                break
            before, phases = best[start]
            candidate = (before + time, phases + 1)
            if found is None or candidate < found:
                found, begin = candidate, start
        assert found is not None
        best.append(found)
        begins.append(begin)
    cuts: list[int] = []
    stop = len(works)
    while stop:
        stop = begins[stop]
        cuts.append(stop)
    return cuts[::-1]
