"""LOADs that bring a window, or a part of it, into a vector register."""

from __future__ import annotations

from xdsl.ir import Operation

from cimc.backends.rram import isa
from cimc.dialects import tile
from cimc.lowering.copies import copies, tap_offsets

__all__ = ["taps_of", "window_loads"]


def window_loads(
    op: tile.WindowOp,
    place: tuple[int, int],
    register: int,
    elements: range,
    target: int = 0,
    taps: list[int] | None = None,
) -> list[Operation]:
    """Load some elements of a window, or of some of its taps, from a byte on.

    ``place`` is the address register of the window and the offset of its first tap.
    """
    base, offset = place
    source = op.source.owner
    ring = isinstance(source, tile.FeatureMapOp) and source.ring is not None
    found = copies(
        taps or taps_of(op),
        op.channels.size,
        elements.start,
        elements.stop,
        row=op.source_type.row_stride if ring else 0,
        target=target,
    )
    return [
        isa.LoadOp(
            vd=register,
            dest=copy.target,
            base=base,
            offset=offset + copy.offset,
            count=copy.count,
            length=copy.length,
            stride=copy.stride,
        )
        for copy in found
    ]


def taps_of(window: tile.WindowOp) -> list[int]:
    """Bytes from the window's first element to each of its taps in shared memory."""
    source = window.source_type
    return tap_offsets(
        window, source.row_stride, source.column_stride, window.channels.start
    )
