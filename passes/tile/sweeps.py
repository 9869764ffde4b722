"""What several passes ask about sweeps."""

from __future__ import annotations

from xdsl.utils.exceptions import PassFailedException

from cimc.dialects import tile

__all__ = ["core_of", "runs", "weight_blocks", "work_of"]


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


def runs(blocks: list[tile.BlockOp], arrays: int) -> list[list[tile.BlockOp]]:
    """Cut the blocks of one sweep into what cores with ``arrays`` arrays can hold."""
    return [blocks[start : start + arrays] for start in range(0, len(blocks), arrays)]


def work_of(sweep: tile.SweepOp) -> int:
    """The time that a sweep takes on one core, in vectors that it works through.

    At each position that is one per row of its blocks, or one per tap of the windows
    that it reads if it has no blocks.
    """
    rows = sum(block.type.rows.data for block in weight_blocks(sweep))
    taps = sum(
        op.tap_rows.size * op.tap_columns.size
        for op in sweep.body.block.ops
        if isinstance(op, tile.WindowOp)
    )
    return sweep.positions * (rows or taps)
