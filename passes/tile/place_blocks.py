"""``place-blocks``: give every weight block a crossbar and other sweeps a core."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapify, heapreplace
from typing import TypeVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute
from xdsl.passes import ModulePass

from cimc.diagnostics import DoesNotFitError
from cimc.dialects import tile
from cimc.dialects.tile.memory import integer
from cimc.passes.tile.core_packing import packing
from cimc.passes.tile.phases import phases_of
from cimc.passes.tile.sweeps import runs, weight_blocks

__all__ = ["PlaceBlocks"]

T = TypeVar("T")


@dataclass(frozen=True)
class PlaceBlocks(ModulePass):
    """Place blocks on crossbars layer by layer, and vector work on idle cores.

    A core serves one copy of one layer, so that layers run at the same time, with as
    many of its row blocks and column blocks as make the fewest cores, and of those
    the fewest bytes on the bus (see :mod:`cimc.passes.tile.core_packing`). If there are
    too few cores for that, blocks follow each other without a gap, and cores take turns
    between layers. Sweeps without weights take a core of their own while there is
    one, then the cores with the least work.

    Every phase begins with all cores free.
    """

    name = "place-blocks"

    cores: int = 1024
    crossbars: int = 1

    def __post_init__(self) -> None:
        if min(self.cores, self.crossbars) < 1:
            raise ValueError("cores and crossbars must be at least 1")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Set ``core`` and ``array`` of blocks, and ``core`` of vector sweeps."""
        for sweeps in phases_of(op):
            self._place(sweeps)

    def _place(self, sweeps: list[tile.SweepOp]) -> None:
        groups: dict[tuple[Attribute, ...], list[list[tile.WeightBlockOp]]] = {}
        for sweep in sweeps:
            if blocks := weight_blocks(sweep):
                key = sweep.layer, sweep.rows, sweep.columns
                groups.setdefault(key, []).append(blocks)
        if sum(map(len, _flat(groups.values()))) > self.cores * self.crossbars:
            raise self._does_not_fit(sweeps)
        packings = [packing(strips, self.crossbars) for strips in groups.values()]
        by_core = _flat(packings)
        if len(by_core) > self.cores:
            blocks = _flat(_flat(groups.values()))
            by_core = runs(blocks, self.crossbars)
        for core, members in enumerate(by_core):
            for array, block in enumerate(members):
                block.properties["core"] = integer(core)
                block.properties["array"] = integer(array)
        self._place_vectors(sweeps)

    def _place_vectors(self, sweeps: list[tile.SweepOp]) -> None:
        load = Counter(dict.fromkeys(range(self.cores), 0))
        for sweep in sweeps:
            for block in weight_blocks(sweep):
                assert block.core is not None
                load[block.core.value.data] += sweep.positions
        idle = [(load[core], core) for core in range(self.cores)]
        heapify(idle)
        for sweep in sweeps:
            if not weight_blocks(sweep):
                work, core = idle[0]
                sweep.properties["core"] = integer(core)
                heapreplace(idle, (work + sweep.positions, core))

    def _does_not_fit(self, sweeps: list[tile.SweepOp]) -> DoesNotFitError:
        demand: Counter[str] = Counter()
        for sweep in sweeps:
            demand[sweep.layer.data] += len(weight_blocks(sweep))
        available = self.cores * self.crossbars
        filled, breaking = 0, ""
        for layer, count in demand.items():
            filled += count
            if filled > available:
                breaking = layer
                break
        return DoesNotFitError(
            "E031",
            f"the network needs {demand.total()} crossbars, the chip has {available}",
            where=f"node '{breaking}'",
            notes=(
                f"the layers before '{breaking}' take {filled - demand[breaking]}, "
                f"this one {demand[breaking]}",
            ),
            hints=(
                "a chip with larger crossbars or more cores",
                "cut-phases before this pass, to program the crossbars several times",
            ),
        )


def _flat(lists: Iterable[Iterable[T]]) -> list[T]:
    return [member for members in lists for member in members]
