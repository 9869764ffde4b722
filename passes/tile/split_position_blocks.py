"""``split-position-blocks``: write blocks of positions row by row."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from cimc.dialects import tile

__all__ = ["SplitPositionBlocks"]


@dataclass(frozen=True)
class SplitPositionBlocks(ModulePass):
    """Cut a sweep that writes blocks of several rows into one for each of these rows.

    For a machine on which every row of a map has to be moved by itself.
    """

    name = "split-position-blocks"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Replace every sweep whose stores have several first rows."""
        for sweep in list(op.body.block.ops):
            if isinstance(sweep, tile.SweepOp):
                self._split(sweep)

    def _split(self, sweep: tile.SweepOp) -> None:
        stores = [op for op in sweep.operations if isinstance(op, tile.StoreOp)]
        rows = sorted({store.offset[0] for store in stores})
        block = sweep.parent_block()
        assert block is not None
        if len(rows) < 2:
            return
        for row in rows:
            kept = [store for store in stores if store.offset[0] == row]
            values: dict[SSAValue, SSAValue] = {}
            body = [op.clone(values) for op in _makers(sweep, kept)]
            part = tile.SweepOp(sweep.layer.data, sweep.rows, sweep.columns, body)
            block.insert_op_before(part, sweep)
        sweep.detach()
        sweep.erase()


def _makers(sweep: tile.SweepOp, stores: list[tile.StoreOp]) -> list[Operation]:
    """The stores, and all operations of the sweep that make what they store."""
    needed: set[Operation] = set(stores)
    for op in reversed(sweep.operations):
        if op in needed:
            needed |= {v.owner for v in op.operands if isinstance(v.owner, Operation)}
    return [op for op in sweep.operations if op in needed]
