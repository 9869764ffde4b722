"""What several passes ask about sweeps."""

from __future__ import annotations

from xdsl.utils.exceptions import PassFailedException

from cimc.dialects import tile

__all__ = ["core_of", "weight_blocks"]


def core_of(sweep: tile.SweepOp) -> int:
    """The core that a sweep runs on.

    Raises:
        PassFailedException: it has none yet.
    """
    if sweep.core is None:
        raise PassFailedException("sweeps have no core: distribute-sweeps comes before")
    return sweep.core.value.data


def weight_blocks(sweep: tile.SweepOp) -> list[tile.BlockOp]:
    """The weight blocks that a sweep multiplies with, in order."""
    blocks: list[tile.BlockOp] = []
    for op in sweep.body.block.ops:
        if isinstance(op, tile.MvmOp):
            assert isinstance(op.block.owner, tile.BlockOp)
            blocks.append(op.block.owner)
    return blocks
