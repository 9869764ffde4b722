"""What it takes to program the crossbars of a phase, and how long cells last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cimc.backends.rram.chip import Chip
from cimc.backends.rram.dialect import CoreOp
from cimc.backends.rram.isa import ProgramOp
from cimc.isa.program import linearise

__all__ = ["Programming", "crossbars_in_one_phase", "images_until_worn"]


@dataclass(frozen=True)
class Programming:
    """Crossbars and weights that are written; ``rows`` one by one in the busiest core.

    Cores are programmed in parallel.
    """

    cores: int
    crossbars: int
    rows: int
    weights: int

    @classmethod
    def of(cls, cores: Iterable[CoreOp]) -> Programming:
        """The programming of some cores."""
        by_core = [_blocks(core) for core in cores]
        blocks = [op for ops in by_core for op in ops]
        return cls(
            len(by_core),
            len(blocks),
            max((sum(op.rows for op in ops) for ops in by_core), default=0),
            sum(op.rows * op.columns for op in blocks),
        )

    def metrics(self, chip: Chip) -> dict[str, Any]:
        """Cycles, time, energy in pJ, and writes of single cells."""
        cells = self.weights * chip.structure.cells_per_weight
        cycles = self.rows * chip.timing.programming_row.value
        return {
            "cycles": cycles,
            "time_ns": cycles * 1e3 / chip.clock.value,
            "energy_pj": cells * chip.energy.cell_write.value,
            "cell_writes": cells,
        }


def crossbars_in_one_phase(phases: Iterable[Iterable[CoreOp]]) -> int:
    """Crossbars that hold all blocks at once, one copy of each."""
    return len(
        {
            (op.matrix, op.row, op.column)
            for cores in phases
            for core in cores
            for op in _blocks(core)
        }
    )


def images_until_worn(phases: Iterable[Iterable[CoreOp]], chip: Chip) -> int:
    """Images after which the first cell has been written too often.

    The cell at the origin of a crossbar is part of every block that stands there.
    """
    writes = Counter(
        (core.number, op.xb)
        for cores in phases
        for core in cores
        for op in _blocks(core)
    )
    return chip.endurance.value // max(writes.values(), default=1)


def _blocks(core: CoreOp) -> list[ProgramOp]:
    return [line.op for line in linearise(core.setup) if isinstance(line.op, ProgramOp)]
