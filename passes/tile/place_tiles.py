"""``place-tiles``: give every weight block a crossbar and every sweep a core."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from cimc.diagnostics import DoesNotFitError
from cimc.dialects import tile
from cimc.dialects.tile.memory import integer
from cimc.passes.tile.sweeps import weight_blocks

__all__ = ["PlaceTiles"]


@dataclass(frozen=True)
class PlaceTiles(ModulePass):
    """Place blocks on crossbars in program order, and vector work on idle cores.

    Row blocks of one column block are neighbours, so that those on one core add up
    without using the bus. Sweeps without weights take a core of their own while
    there is one, then the cores with the least work.
    """

    name = "place-tiles"

    cores: int = 1024
    crossbars: int = 1

    def __post_init__(self) -> None:
        if min(self.cores, self.crossbars) < 1:
            raise ValueError("cores and crossbars must be at least 1")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Set ``core`` and ``array`` of blocks, and ``core`` of vector sweeps."""
        operations = list(op.body.block.ops)
        blocks = [block for block in operations if isinstance(block, tile.BlockOp)]
        sweeps = [sweep for sweep in operations if isinstance(sweep, tile.SweepOp)]
        if len(blocks) > self.cores * self.crossbars:
            raise self._does_not_fit(sweeps)
        for index, block in enumerate(blocks):
            block.properties["core"] = integer(index // self.crossbars)
            block.properties["array"] = integer(index % self.crossbars)
        load = Counter(dict.fromkeys(range(self.cores), 0))
        for sweep in sweeps:
            for block in weight_blocks(sweep):
                assert block.core is not None
                load[block.core.value.data] += sweep.positions
        for sweep in sweeps:
            if not weight_blocks(sweep):
                core = min(load, key=lambda candidate: (load[candidate], candidate))
                sweep.properties["core"] = integer(core)
                load[core] += sweep.positions

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
            hints=("a chip with larger crossbars or more cores",),
        )
