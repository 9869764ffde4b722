"""What several passes ask about sweeps."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from xdsl.ir import SSAValue
from xdsl.utils.exceptions import PassFailedException

from cimc.dialects import tile
from cimc.dialects.cim import Range

__all__ = ["core_of", "runs", "split", "weight_blocks", "work_of"]


def core_of(sweep: tile.SweepOp) -> int:
    """The core that a sweep runs on.

    Raises:
        PassFailedException: it has none yet.
    """
    if sweep.core is None:
        raise PassFailedException("sweeps have no core: distribute-sweeps comes before")
    return sweep.core.value.data


def weight_blocks(sweep: tile.SweepOp) -> list[tile.WeightBlockOp]:
    """The weight blocks that a sweep multiplies with, in order."""
    blocks: list[tile.WeightBlockOp] = []
    for op in sweep.operations:
        if isinstance(op, tile.MvmOp):
            assert isinstance(op.block.owner, tile.WeightBlockOp)
            blocks.append(op.block.owner)
    return blocks


def runs(
    blocks: list[tile.WeightBlockOp], arrays: int
) -> list[list[tile.WeightBlockOp]]:
    """Cut a list of blocks into what cores with ``arrays`` arrays each can hold."""
    return [blocks[start : start + arrays] for start in range(0, len(blocks), arrays)]


def split(sweep: tile.SweepOp, axis: Literal["rows", "columns"], number: int) -> None:
    """Cut a sweep into ``number`` over near-equal ranges of rows or columns.

    All but the last, which is the old one, get blocks of their own. Names say which
    part a block belongs to.
    """
    block = sweep.parent_block()
    assert block is not None
    whole = sweep.rows if axis == "rows" else sweep.columns
    bounds = [whole.start + whole.size * part // number for part in range(number + 1)]
    *others, own = [Range.of(*ends) for ends in pairwise(bounds)]
    blocks = list(dict.fromkeys(weight_blocks(sweep)))
    hints = [old.result.name_hint for old in blocks]
    for index, part in enumerate(others):
        values: dict[SSAValue, SSAValue] = {}
        for old, hint in zip(blocks, hints, strict=True):
            copy = old.clone()
            copy.result.name_hint = hint and f"{hint}_copy{index}"
            block.insert_op_before(copy, sweep)
            values[old.result] = copy.result
        copied = sweep.clone(values)
        copied.properties[axis] = part
        block.insert_op_before(copied, sweep)
    for old, hint in zip(blocks, hints, strict=True):
        old.result.name_hint = hint and f"{hint}_copy{number - 1}"
    sweep.properties[axis] = own


def work_of(sweep: tile.SweepOp) -> int:
    """The time that a sweep takes on one core, in vectors that it works through.

    At each position that is one per row of its blocks, or one per tap of the windows
    that it reads if it has no blocks.
    """
    rows = sum(block.type.rows.data for block in weight_blocks(sweep))
    taps = sum(
        op.tap_rows.size * op.tap_columns.size
        for op in sweep.operations
        if isinstance(op, tile.WindowOp)
    )
    return sweep.positions * (rows or taps)
