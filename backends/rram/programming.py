"""What it takes to program the crossbars of a phase, and how long cells last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cimc.backends.rram.chip import Chip
from cimc.backends.rram.dialect import CoreOp
from cimc.backends.rram.isa import ProgramOp
from cimc.isa.program import linearise

__all__ = ["Programming", "crossbars_in_one_phase", "images_until_worn"]


@dataclass(frozen=True)
class Programming:
    """The blocks of weights that are written, by the number of their core.

    Cores are programmed in parallel.
    """

    blocks: Mapping[int, Sequence[ProgramOp]]

    @classmethod
    def of(cls, cores: Iterable[CoreOp]) -> Programming:
        """The programming of some cores."""
        return cls({core.number: _blocks(core) for core in cores})

    @property
    def cores(self) -> int:
        """Cores that have a program."""
        return len(self.blocks)

    @property
    def crossbars(self) -> int:
        """Crossbars that are written."""
        return sum(map(len, self.blocks.values()))

    @property
    def rows(self) -> int:
        """Rows that are written one by one in the busiest core."""
        return max(
            (sum(op.rows for op in ops) for ops in self.blocks.values()), default=0
        )

    @property
    def weights(self) -> int:
        """Weights that are written."""
        return sum(op.rows * op.columns for ops in self.blocks.values() for op in ops)

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


def crossbars_in_one_phase(phases: Iterable[Programming]) -> int:
    """Crossbars that hold all blocks at once, one copy of each."""
    return len(
        {
            (op.matrix, op.row, op.column)
            for phase in phases
            for ops in phase.blocks.values()
            for op in ops
        }
    )


def images_until_worn(phases: Iterable[Programming], chip: Chip) -> int:
    """Images after which the first cell has been written too often.

    The cell at the origin of a crossbar is part of every block that stands there.
    """
    writes = Counter(
        (core, op.xb)
        for phase in phases
        for core, ops in phase.blocks.items()
        for op in ops
    )
    return chip.endurance.value // max(writes.values(), default=1)


def _blocks(core: CoreOp) -> list[ProgramOp]:
    return [line.op for line in linearise(core.setup) if isinstance(line.op, ProgramOp)]
