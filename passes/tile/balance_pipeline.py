"""``balance-pipeline``: copy the blocks of slow layers, so that all keep pace."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, VectorType
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from cimc.dialects import tile
from cimc.dialects.tile.body import length_of
from cimc.dialects.tile.memory import integer
from cimc.passes.tile.dependences import Reader, readers_of, targets_of
from cimc.passes.tile.pace import Link, Stage, copies_for_latency
from cimc.passes.tile.sweeps import split, weight_blocks

__all__ = ["BalancePipeline"]


@dataclass(frozen=True)
class BalancePipeline(ModulePass):
    """Compute parts of a layer's columns at once, each with its own copy of the blocks.

    Layers run at the same time, so the slowest one sets the pace. A layer gets at
    most ``limit`` copies, as CP-SAT finds best for the time of one image (see
    :mod:`cimc.passes.tile.pace`) on ``cores`` cores with ``crossbars`` each; its
    sweeps are cut into as many, over near-equal ranges of columns. A product takes
    ``product`` cycles, and the vector unit one for ``lanes`` lanes and ``overhead``
    more for each of its vectors.
    """

    name = "balance-pipeline"

    cores: int = 1024
    crossbars: int = 1
    product: int = 1000
    lanes: int = 32
    overhead: int = 50
    limit: int = 16

    def __post_init__(self) -> None:
        sizes = (self.cores, self.crossbars, self.product, self.lanes, self.limit)
        if min(sizes) < 1 or self.overhead < 0:
            raise ValueError("sizes and cycles must be at least 1")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Cut sweeps by columns; set ``copies`` of layers that have several."""
        operations = list(op.body.block.ops)
        sweeps = [sweep for sweep in operations if isinstance(sweep, tile.SweepOp)]
        if any(sweep.core is not None for sweep in sweeps):
            raise PassFailedException("sweeps have cores already: they come after")
        groups: dict[SSAValue, list[tile.SweepOp]] = defaultdict(list)
        for sweep, target in targets_of(sweeps).items():
            groups[target].append(sweep)
        stages = self._stages(groups, readers_of(sweeps))
        copies = copies_for_latency(stages, self.cores)
        chosen = dict(zip(groups, copies, strict=True))
        for layer in operations:
            if isinstance(layer, tile.LayerOp):
                number = max(
                    (
                        chosen[target]
                        for target, members in groups.items()
                        if members[0].layer == layer.layer
                    ),
                    default=1,
                )
                if number > 1:
                    layer.properties["copies"] = integer(number)
        for target, members in groups.items():
            for sweep in members:
                if chosen[target] > 1:
                    split(sweep, "columns", chosen[target])

    def _stages(
        self,
        groups: dict[SSAValue, list[tile.SweepOp]],
        readers: dict[SSAValue, list[Reader]],
    ) -> list[Stage]:
        numbers = {target: index for index, target in enumerate(groups)}
        member_of = {
            sweep: target for target, members in groups.items() for sweep in members
        }
        links: dict[int, list[Link]] = defaultdict(list)
        for source, found in readers.items():
            for reader in found:
                if source in numbers:
                    target = member_of[reader.sweep]
                    links[numbers[target]].append(_link(numbers[source], reader))
        return [
            self._stage(target, members, tuple(dict.fromkeys(links[index])))
            for index, (target, members) in enumerate(groups.items())
        ]

    def _stage(
        self, target: SSAValue, members: list[tile.SweepOp], links: tuple[Link, ...]
    ) -> Stage:
        assert isinstance(target.type, tile.FeatureMapType)
        height, width, _ = target.type.shape
        blocks = sum(len(weight_blocks(sweep)) for sweep in members)
        whole = all(
            (sweep.rows.size, sweep.columns.size) == (height, width)
            for sweep in members
        )
        return Stage(
            height,
            width,
            max(self._cycles(sweep) for sweep in members),
            -(-blocks // self.crossbars) if blocks else len(members),
            self.limit if whole else 1,
            links,
        )

    def _cycles(self, sweep: tile.SweepOp) -> int:
        """Cycles of one position."""
        if weight_blocks(sweep):
            return self.product
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
