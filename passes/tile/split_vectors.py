"""``split-vectors``: cut vector work to the length of a vector register."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from cimc.dialects import tile
from cimc.passes.tile.channel_parts import chunks, narrow_all

__all__ = ["SplitVectors"]


@dataclass(frozen=True)
class SplitVectors(ModulePass):
    """Cut sweeps without a matrix product into sweeps of at most ``channels`` channels.

    A shuffle, whose elements come from all parts of a vector, stays whole.
    """

    name = "split-vectors"

    channels: int = 128

    def __post_init__(self) -> None:
        if self.channels < 1:
            raise ValueError("channels must be at least 1")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Replace every sweep that works on more than ``channels`` channels."""
        for sweep in list(op.body.block.ops):
            if isinstance(sweep, tile.SweepOp):
                self._split(sweep)

    def _split(self, sweep: tile.SweepOp) -> None:
        body = sweep.operations
        stored = body[-1]
        block = sweep.parent_block()
        assert block is not None
        if (
            any(isinstance(inner, tile.MvmOp | tile.ShuffleOp) for inner in body)
            or not isinstance(stored, tile.StoreOp)
            or stored.channels.size <= self.channels
        ):
            return
        parts = [
            tile.SweepOp(
                sweep.layer.data,
                sweep.rows,
                sweep.columns,
                narrow_all(body, {}, channels),
            )
            for channels in chunks(stored.channels.size, self.channels)
        ]
        block.insert_ops_before(parts, sweep)
        sweep.detach()
        sweep.erase()
