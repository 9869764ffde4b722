"""What the operations of a sweep move from and to buffers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xdsl.ir import SSAValue

from cimc.dialects import tile
from cimc.dialects.tile.body import length_of
from cimc.lowering.copies import copies, tap_offsets
from cimc.lowering.sliding import fresh, step

__all__ = [
    "SUM_BYTES",
    "Transfer",
    "fresh_part",
    "shared_part",
    "transfers",
    "window_part",
]

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
    """All transfers at one position of a sweep; not the first one of a row."""
    for op in sweep.operations:
        match op:
            case tile.WindowOp():
                yield fresh_part(op) if op.slides else window_part(op)
            case tile.LoadPartialOp():
                yield Transfer(op.source, (SUM_BYTES * length_of(op.result),))
            case tile.StorePartialOp():
                yield Transfer(op.target, (SUM_BYTES * length_of(op.value),))
            case tile.StoreOp():
                yield Transfer(op.target, (length_of(op.value),))
            case _:
                pass


def window_part(window: tile.WindowOp) -> Transfer:
    """All of a window."""
    return _part(window, [range(window.elements.start, window.elements.stop)])


def fresh_part(window: tile.WindowOp) -> Transfer:
    """What of a window is not in the one before it in the row."""
    return _part(window, fresh(window))


def shared_part(window: tile.WindowOp) -> Transfer:
    """What is loaded in the place of the window before the first one in a row."""
    start, stop = window.elements.start, window.elements.stop
    return _part(window, [range(start, stop - step(window))])


def _part(window: tile.WindowOp, parts: Iterable[range]) -> Transfer:
    """Elements of a window, in segments that are in one piece in memory."""
    type_ = window.source_type
    taps = tap_offsets(window, type_.row_stride, type_.column_stride, 0)
    lengths = [
        copy.length
        for part in parts
        for copy in copies(taps, window.channels.size, part.start, part.stop)
        for _ in range(copy.count)
    ]
    return Transfer(window.source, tuple(lengths))
