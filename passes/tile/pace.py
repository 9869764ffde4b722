"""How many copies of each layer keep a pipeline of layers at the best pace.

Layers run at the same time, row by row. A layer that has c copies computes c parts of
each row at once; its first row waits for some rows of the layers that it reads, and
its last rows for the last of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cimc.passes.tile.latency_model import LatencyModel
from cimc.passes.tile.stages import LayerStage, beats_of, cores_of

__all__ = ["Pace", "pace_for_energy", "pace_for_latency", "pace_for_throughput"]

#: Latency that may be given away for fewer cores: one part in so many.
_TRADE = 500


@dataclass(frozen=True)
class Pace:
    """The ``copies`` of each stage, and how they were found.

    One image takes ``cycles`` in the model of the objective. No choice takes fewer
    than (1 - ``gap``) times that.
    """

    copies: tuple[int, ...]
    cycles: int
    gap: float = 0.0


def pace_for_throughput(stages: Sequence[LayerStage], cores: int) -> Pace:
    """The fewest copies with which images can follow each other the fastest.

    Together they take at most ``cores``. Images follow each other in the time of the
    slowest stage, or in that of the bus. One copy of each if the cores do not suffice
    for more. This is exact.
    """

    def pace(copies: tuple[int, ...]) -> Pace:
        spans = (s.span(c) for s, c in zip(stages, copies, strict=True))
        return Pace(copies, max([beats_of(stages, copies), *spans]))

    best = pace(tuple(1 for _ in stages))
    # From the slowest on: a faster one must not take more copies for nothing.
    spans = {stage.span(c) for stage in stages for c in stage.choices()}
    for span in sorted(spans, reverse=True):
        copies = tuple(_fewest(stage, span) for stage in stages)
        if not all(copies) or cores_of(stages, copies) > cores:
            break
        best = min(best, pace(copies), key=lambda found: found.cycles)
    return best


def _fewest(stage: LayerStage, span: int) -> int:
    """The fewest copies with which a stage takes at most ``span``; 0 if none do."""
    return next((c for c in stage.choices() if stage.span(c) <= span), 0)


def pace_for_latency(stages: Sequence[LayerStage], cores: int) -> Pace:
    """The copies of each stage with which one image takes the least time.

    Together they take at most ``cores``. The time of the bus counts. Of copies that are
    as good but for a small part, the fewest are taken. One of each if the cores do not
    suffice for that.
    """
    balanced = pace_for_throughput(stages, cores)
    if cores_of(stages, balanced.copies) > cores:
        return balanced
    first = LatencyModel(stages, cores)
    first.model.minimize(first.latency)
    solver = first.solve(balanced.copies)
    if solver is None:
        return Pace(balanced.copies, balanced.cycles, 1.0)
    copies = first.copies(solver)
    latency = int(solver.value(first.latency))
    gap = 1 - max(solver.best_objective_bound, 0.0) / max(latency, 1)
    second = LatencyModel(stages, cores)
    second.model.add(second.latency <= latency + latency // _TRADE)
    second.model.minimize(second.cores)
    solver = second.solve(copies)
    if solver is not None:
        copies = second.copies(solver)
    return Pace(copies, latency, gap)


def pace_for_energy(stages: Sequence[LayerStage], cores: int, shared: int = 0) -> Pace:
    """The copies with which leakage takes the least energy for one image.

    What an image computes takes the same energy with any number of copies. Leakage is
    that of the cores in use, and of what all share, which leaks like ``shared`` cores.
    Numbers of cores are tried that are each half as large as the one before, down to
    one copy of each stage, and the best latency for each: that is a heuristic.
    """
    single = cores_of(stages, [1] * len(stages))
    paces = [pace_for_latency(stages, cores)]
    while cores > single:
        cores = max(cores // 2, single)
        paces.append(pace_for_latency(stages, cores))
    return min(
        paces,
        key=lambda pace: (shared + cores_of(stages, pace.copies)) * pace.cycles,
    )
