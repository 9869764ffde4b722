"""A pipeline of layers, as far as its pace is concerned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["LayerStage", "Link", "beats_of", "cores_of"]


@dataclass(frozen=True)
class Link:
    """What a stage reads: ``source`` is the number of an earlier one.

    The first row needs ``first`` rows of the source; ``last`` rows need its last one.
    """

    source: int
    first: int
    last: int


@dataclass(frozen=True)
class LayerStage:
    """A layer in a pipeline: ``rows`` of ``columns``, each position in ``cycles``.

    A copy takes ``cores``; there are at most ``limit`` copies. The bus is busy for
    ``beats`` cycles with what all copies move together, and for ``copy_beats`` more
    for each copy.
    """

    rows: int
    columns: int
    cycles: int
    cores: int
    limit: int
    links: tuple[Link, ...] = field(default=())
    beats: int = 0
    copy_beats: int = 0

    def choices(self) -> dict[int, int]:
        """Copies → cycles of one row, for all numbers of copies that gain something."""
        found: dict[int, int] = {}
        for copies in range(1, min(self.limit, self.columns) + 1):
            cycles = -(-self.columns // copies) * self.cycles
            if cycles not in found.values():
                found[copies] = cycles
        return found

    def span(self, copies: int) -> int:
        """Cycles of all rows, with so many copies."""
        return self.rows * -(-self.columns // copies) * self.cycles


def cores_of(stages: Sequence[LayerStage], copies: Sequence[int]) -> int:
    """The cores that so many copies of each stage take."""
    return sum(
        number * stage.cores for number, stage in zip(copies, stages, strict=True)
    )


def beats_of(stages: Sequence[LayerStage], copies: Sequence[int]) -> int:
    """Cycles in which the bus is busy with so many copies of each stage."""
    return sum(
        stage.beats + number * stage.copy_beats
        for number, stage in zip(copies, stages, strict=True)
    )
