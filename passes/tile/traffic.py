"""Which buffers the operations of a sweep move bytes from and to."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.ir import SSAValue

from cimc.dialects import tile
from cimc.dialects.tile.body import length_of

__all__ = ["transfers"]

#: Bytes of one partial sum.
_SUM = 4


def transfers(sweep: tile.SweepOp) -> Iterator[tuple[SSAValue, int]]:
    """Buffer and bytes of each transfer at one position of a sweep."""
    for op in sweep.body.block.ops:
        match op:
            case tile.WindowOp():
                yield op.source, length_of(op.result)
            case tile.LoadPartialOp():
                yield op.source, _SUM * length_of(op.result)
            case tile.StorePartialOp():
                yield op.target, _SUM * length_of(op.value)
            case tile.StoreOp():
                yield op.target, length_of(op.value)
            case _:
                pass
