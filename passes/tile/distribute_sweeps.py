"""``distribute-sweeps``: one sweep per core, linked by partial sums."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from cimc.dialects import tile
from cimc.dialects.tile.memory import integer
from cimc.passes.tile.chains import cut_into_chain, products_of
from cimc.passes.tile.sweeps import weight_blocks

__all__ = ["DistributeSweeps"]


@dataclass(frozen=True)
class DistributeSweeps(ModulePass):
    """Cut a sweep whose blocks lie on several cores into one sweep per core.

    Each core adds its products to the partial sums that the core before it left in
    shared memory; the last one finishes and stores the OFM. The cores of such a
    chain are a horizontal group of Pelke et al. (VLSI-SoC 2023).

    What one core does at the same positions and at the same place of its chains, for
    several column blocks, becomes one sweep, which loads a window once for all, as long
    as its windows and products take at most ``registers``.
    """

    name = "distribute-sweeps"

    registers: int = 8

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Replace sweeps by chains of sweeps, each with its core."""
        merged: dict[tuple[Attribute, ...], tuple[tile.SweepOp, ...]] = {}
        for sweep in list(op.body.block.ops):
            if isinstance(sweep, tile.ReprogramOp):
                merged.clear()
            if (
                isinstance(sweep, tile.SweepOp)
                and sweep.core is None
                and weight_blocks(sweep)
            ):
                chain = tuple(_distribute(sweep))
                cores = [part.core for part in chain if part.core is not None]
                key = (sweep.layer, sweep.rows, sweep.columns, *cores)
                earlier = merged.get(key, ())
                # All of a chain or nothing, since its sweeps have an order.
                if earlier and all(map(self._may_merge, earlier, chain)):
                    for before, part in zip(earlier, chain, strict=True):
                        _merge(before, part)
                merged[key] = chain

    def _may_merge(self, earlier: tile.SweepOp, sweep: tile.SweepOp) -> bool:
        operations = [*earlier.operations, *sweep.operations]
        windows = {
            _window_key(op) for op in operations if isinstance(op, tile.WindowOp)
        }
        products = [op for op in operations if isinstance(op, tile.MvmOp)]
        return len(windows) + len(products) <= self.registers


def _merge(earlier: tile.SweepOp, sweep: tile.SweepOp) -> None:
    """Move the operations of a sweep into a later one, but for equal windows."""
    known = {
        _window_key(op): op
        for op in earlier.operations
        if isinstance(op, tile.WindowOp)
    }
    for op in sweep.operations:
        if isinstance(op, tile.WindowOp) and (same := known.get(_window_key(op))):
            op.result.replace_all_uses_with(same.result)
            op.detach()
            op.erase()
    first = sweep.body.block.first_op
    assert first is not None
    for op in earlier.operations:
        op.detach()
        sweep.body.block.insert_op_before(op, first)
    earlier.detach()
    earlier.erase()


def _window_key(op: tile.WindowOp) -> tuple[object, ...]:
    return op.source, *sorted(op.properties.items())


def _core_of(mvm: tile.MvmOp) -> int:
    assert isinstance(mvm.block.owner, tile.WeightBlockOp)
    core = mvm.block.owner.core
    if core is None:
        raise PassFailedException("blocks have no core: place-blocks comes before")
    return core.value.data


def _distribute(sweep: tile.SweepOp) -> list[tile.SweepOp]:
    """Put the chain of a sweep in its place."""
    by_core = [
        (core, list(mvms)) for core, mvms in groupby(products_of(sweep), _core_of)
    ]
    chain = cut_into_chain(sweep, [mvms for _, mvms in by_core], shared=True)
    for part, (core, _) in zip(chain, by_core, strict=True):
        part.properties["core"] = integer(core)
    return chain
