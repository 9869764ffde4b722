"""What the operations of a sweep move from and to buffers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.ir import SSAValue

from cimc.dialects import tile
from cimc.dialects.tile.body import length_of
from cimc.lowering.copies import copies, tap_offsets

__all__ = ["SUM_BYTES", "Transfer", "transfers"]

#: Bytes of one partial sum.
SUM_BYTES = 4


@dataclass(frozen=True)
class Transfer:
    """What moves at one position: segments of ``lengths`` bytes of a buffer."""

    buffer: SSAValue
    lengths: tuple[int, ...]

    @property
    def size(self) -> int:
        """All its bytes."""
        return sum(self.lengths)

    def beats(self, width: int) -> int:
        """Beats of ``width`` bytes that it takes, each for one segment."""
        return sum(-(-length // width) for length in self.lengths)


def transfers(sweep: tile.SweepOp) -> Iterator[Transfer]:
    """All transfers at one position of a sweep."""
    for op in sweep.operations:
        match op:
            case tile.WindowOp():
                yield Transfer(op.source, _segments(op))
            case tile.LoadPartialOp():
                yield Transfer(op.source, (SUM_BYTES * length_of(op.result),))
            case tile.StorePartialOp():
                yield Transfer(op.target, (SUM_BYTES * length_of(op.value),))
            case tile.StoreOp():
                yield Transfer(op.target, (length_of(op.value),))
            case _:
                pass


def _segments(window: tile.WindowOp) -> tuple[int, ...]:
    """Bytes of each part of a window that is in one piece in memory."""
    type_ = window.source_type
    taps = tap_offsets(window, type_.row_stride, type_.column_stride, 0)
    elements = window.elements
    found = copies(taps, window.channels.size, elements.start, elements.stop)
    return tuple(copy.length for copy in found for _ in range(copy.count))
