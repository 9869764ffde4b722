"""How the ``cnn`` operations that move stored values become sweeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from xdsl.ir import Operation

from cimc.dialects import cnn, tile
from cimc.dialects.cim import Range, Window
from cimc.dialects.cnn_moves import (
    DepthToSpaceOp,
    PadOp,
    ShuffleOp,
    SliceOp,
    SpaceToDepthOp,
    UpsampleOp,
)
from cimc.passes.tile.borders import is_view
from cimc.passes.tile.conversion import Conversion, part_to

__all__ = ["CONVERT_MOVES"]


def _slice(to: Conversion, op: SliceOp) -> None:
    """One tap of a window that reaches to the first element; no copy of channels."""
    if is_view(op):
        to.views[op.output] = op
        return
    to.declare(op, "slice")
    row, column = op.start.values
    window = to.window(
        op.input,
        Window.of((row + 1, column + 1), op.step.values),
        op.channels,
        (Range.of(row, row + 1), Range.of(column, column + 1)),
    )
    to.sweep(op, [window], part_to(op.ofm.channels))


def _pad(to: Conversion, op: PadOp) -> None:
    """A copy of the map and what stands around it."""
    to.declare(op, "pad")
    window = to.window(op.input, op.window)
    to.sweep(op, [window], part_to(op.ofm.channels))


def _space_to_depth(to: Conversion, op: SpaceToDepthOp) -> None:
    """One position of a block after the other, each to channels of its own."""
    to.declare(op, "space_to_depth")
    (rows, columns), size = op.sizes, op.ifm.channels
    body: list[Operation] = []
    for place in range(rows * columns):
        row, column = divmod(place, columns)
        taps = Range.of(row, row + 1), Range.of(column, column + 1)
        window = to.window(op.input, Window.of(op.sizes, op.sizes), taps=taps)
        channels = Range.of(place * size, (place + 1) * size)
        body += [window, tile.StoreOp(window.result, to.values[op.output], channels)]
    to.code.append(
        tile.SweepOp(op.layer.data, part_to(op.ofm.height), part_to(op.ofm.width), body)
    )


def _depth_to_space(to: Conversion, op: DepthToSpaceOp) -> None:
    """One position of a block after the other, each with its channels."""
    to.declare(op, "depth_to_space")
    size = op.ofm.channels
    windows = [
        to.window(op.input, channels=Range.of(start, start + size))
        for start in range(0, op.ifm.channels, size)
    ]
    _blocks(to, op, op.sizes, windows)


def _upsample(to: Conversion, op: UpsampleOp) -> None:
    """All positions of a block from one vector."""
    to.declare(op, "upsample")
    rows, columns = op.sizes
    _blocks(to, op, op.sizes, [to.window(op.input)] * (rows * columns))


def _blocks(
    to: Conversion, op: cnn.MapOp, sizes: tuple[int, int], windows: list[tile.WindowOp]
) -> None:
    """Append a sweep over blocks of the OFM; each window is for one of a block."""
    rows, columns = sizes
    body: dict[Operation, None] = {}
    for place, window in enumerate(windows):
        body[window] = None  # right before its first store: few are alive at a time
        store = tile.StoreOp(
            window.result,
            to.values[op.output],
            part_to(op.ofm.channels),
            stride=sizes,
            offset=divmod(place, columns),
        )
        body[store] = None
    to.code.append(
        tile.SweepOp(
            op.layer.data,
            part_to(op.ofm.height // rows),
            part_to(op.ofm.width // columns),
            [*body],
        )
    )


def _shuffle(to: Conversion, op: ShuffleOp) -> None:
    """One vector in another order per position."""
    to.declare(op, "shuffle")
    window = to.window(op.input)
    shuffled = tile.ShuffleOp(window.result, op.group_count)
    to.sweep(op, [window, shuffled], part_to(op.ofm.channels))


CONVERT_MOVES: Mapping[type[cnn.MapOp], Callable[[Conversion, Any], None]] = {
    SliceOp: _slice,
    PadOp: _pad,
    SpaceToDepthOp: _space_to_depth,
    DepthToSpaceOp: _depth_to_space,
    UpsampleOp: _upsample,
    ShuffleOp: _shuffle,
}
"""What converts each of them."""
