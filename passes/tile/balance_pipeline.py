"""``balance-pipeline``: copy the blocks of slow layers, so that all keep pace."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, VectorType
from xdsl.ir import Attribute, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from cimc.context import record_gap
from cimc.dialects import tile
from cimc.dialects.tile.body import length_of
from cimc.dialects.tile.memory import integer
from cimc.passes.tile.bus_time import BusTime, signals
from cimc.passes.tile.core_packing import packing
from cimc.passes.tile.dependences import Reader, readers_of, targets_of
from cimc.passes.tile.pace import (
    Pace,
    pace_for_energy,
    pace_for_latency,
    pace_for_throughput,
)
from cimc.passes.tile.phases import phases_of
from cimc.passes.tile.stages import LayerStage, Link
from cimc.passes.tile.sweeps import split, weight_blocks

__all__ = ["BalancePipeline"]

_Key = tuple[SSAValue, Attribute]
"""A layer and the feature map for which it works."""


@dataclass(frozen=True)
class BalancePipeline(ModulePass):
    """Compute parts of a layer's columns at once, each with its own copy of the blocks.

    Layers run at the same time, so the slowest one sets the pace. A layer gets at most
    ``limit`` copies on ``cores`` cores with ``crossbars`` each, as is best for the
    ``objective`` (see :mod:`cimc.passes.tile.pace`); its sweeps are cut into as many,
    over near-equal ranges of columns. Phases are balanced one by one.

    A product takes ``mvm`` cycles, and the vector unit one for ``lanes`` lanes and
    ``overhead`` more for each of its vectors. All cores share a bus, if there is one,
    that moves ``bytes_per_cycle`` of one segment. What all cores share leaks like
    ``shared_leakage`` cores.
    """

    name = "balance-pipeline"

    objective: str = "latency"
    cores: int = 1024
    crossbars: int = 1
    mvm: int = 1000
    lanes: int = 32
    overhead: int = 50
    bytes_per_cycle: int = 0
    shared_leakage: int = 0
    limit: int = 16

    def __post_init__(self) -> None:
        sizes = (self.cores, self.crossbars, self.mvm, self.lanes, self.limit)
        others = (self.overhead, self.bytes_per_cycle, self.shared_leakage)
        if min(sizes) < 1 or min(others) < 0:
            raise ValueError(
                "cores, crossbars, mvm, lanes and limit must be at least 1, "
                "overhead, bytes_per_cycle and shared_leakage at least 0"
            )

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Cut sweeps by columns; set ``copies`` of layers that have several."""
        operations = list(op.body.block.ops)
        phases = phases_of(op)
        sweeps = [sweep for members in phases for sweep in members]
        if any(sweep.core is not None for sweep in sweeps):
            raise PassFailedException("sweeps have cores already: they come after")
        targets = targets_of(sweeps)
        most: Counter[Attribute] = Counter()
        gaps = [self._balance(members, targets, most) for members in phases if members]
        if gaps:
            record_gap(ctx, self.name, max(gaps))
        for layer in operations:
            if isinstance(layer, tile.LayerOp) and most[layer.layer] > 1:
                layer.properties["copies"] = integer(most[layer.layer])

    def _balance(
        self,
        sweeps: list[tile.SweepOp],
        targets: dict[tile.SweepOp, SSAValue],
        most: Counter[Attribute],
    ) -> float:
        """Cut the sweeps of a phase; ``most`` gets the most copies of each layer.

        Returns the optimality gap.
        """
        groups: dict[_Key, list[tile.SweepOp]] = defaultdict(list)
        for sweep in sweeps:
            groups[targets[sweep], sweep.layer].append(sweep)
        pace = self._pace(self._stages(groups, sweeps))
        for (_, layer), number in zip(groups, pace.copies, strict=True):
            most[layer] = max(most[layer], number)
        for members, number in zip(groups.values(), pace.copies, strict=True):
            for sweep in members:
                if number > 1:
                    split(sweep, "columns", number)
        return pace.gap

    def _pace(self, stages: list[LayerStage]) -> Pace:
        match self.objective:
            case "latency":
                return pace_for_latency(stages, self.cores)
            case "throughput":
                return pace_for_throughput(stages, self.cores)
            case "energy":
                return pace_for_energy(stages, self.cores, self.shared_leakage)
            case _:
                raise PassFailedException(
                    "objective must be latency, throughput or energy, "
                    f"not {self.objective!r}"
                )

    def _stages(
        self, groups: dict[_Key, list[tile.SweepOp]], sweeps: list[tile.SweepOp]
    ) -> list[LayerStage]:
        writers: dict[SSAValue, list[int]] = defaultdict(list)
        for index, (target, _) in enumerate(groups):
            writers[target].append(index)
        stages = list(groups.values())
        number_of = {
            sweep: index for index, members in enumerate(stages) for sweep in members
        }
        links: dict[int, list[Link]] = defaultdict(list)
        signalled: Counter[int] = Counter()
        for source, found in readers_of(sweeps).items():
            for reader in found:
                sink = number_of[reader.sweep]
                for writer in writers[source]:
                    links[sink].append(_link(writer, reader))
                    if self.bytes_per_cycle:
                        number = signals(stages[writer], reader.sweep)
                        signalled[writer] += number
                        signalled[sink] += number
        return [
            self._stage(
                target, members, tuple(dict.fromkeys(links[index])), signalled[index]
            )
            for index, ((target, _), members) in enumerate(groups.items())
        ]

    def _stage(
        self,
        target: SSAValue,
        members: list[tile.SweepOp],
        links: tuple[Link, ...],
        signalled: int,
    ) -> LayerStage:
        assert isinstance(target.type, tile.FeatureMapType)
        height, width, _ = target.type.shape
        strips = [blocks for sweep in members if (blocks := weight_blocks(sweep))]
        whole = all(
            (sweep.rows.size, sweep.columns.size) == (height, width)
            for sweep in members
        )
        rate = self.bytes_per_cycle
        bus = BusTime(rate, self.crossbars) if rate else None
        return LayerStage(
            height,
            width,
            max(self._cycles(sweep) for sweep in members),
            len(packing(strips, self.crossbars)) if strips else len(members),
            self.limit if whole else 1,
            links,
            sum(map(bus.of_positions, members)) if bus else 0,
            signalled + sum(map(bus.of_rows, members)) if bus else 0,
        )

    def _cycles(self, sweep: tile.SweepOp) -> int:
        """Cycles of one position."""
        if weight_blocks(sweep):
            return self.mvm
        lanes = sum(
            length_of(value)
            for op in sweep.body.block.ops
            for value in op.operands
            if isinstance(value.type, VectorType)
        )
        return self.overhead + -(-lanes // self.lanes)


def _link(source: int, reader: Reader) -> Link:
    """How the rows of a sweep depend on those of a map."""
    top = reader.map.type.halo[0]
    height = reader.map.type.shape[0]
    rows = reader.sweep.rows.size
    before_last = sum(
        reader.first + row * reader.step < top + height for row in range(rows)
    )
    first = min(max(reader.first - top, 1), height)
    return Link(source, first, max(1, rows - before_last))
