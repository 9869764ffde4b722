"""Where windows reach beyond a feature map: halos, and windows cut at borders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TypeGuard

from xdsl.ir import Operation, SSAValue

from cimc.dialects import cnn
from cimc.dialects.cim import Range, Window
from cimc.dialects.cnn_moves import PadOp, SliceOp
from cimc.dialects.feature_map import FeatureMap

__all__ = ["Cut", "Padding", "cut_at_borders", "halo_of", "is_view", "whole"]


@dataclass(frozen=True)
class Cut:
    """Positions of an OFM at which the same kernel rows and columns are inside."""

    rows: Range
    columns: Range
    tap_rows: Range
    tap_columns: Range


@dataclass(frozen=True)
class Padding:
    """What the halo of a map holds, and the windows that may run over it.

    Convolutions and averages that count padding need the zero point there, and a
    maximum the smallest value. If both are asked for and differ, a maximum has to do
    without.
    """

    fill: int
    windows: list[Window]

    @classmethod
    def of(cls, value: SSAValue) -> Padding:
        """The padding for all uses of the map that holds a ``cnn`` value."""
        while isinstance(value.owner, SliceOp) and is_view(value.owner):
            value = value.owner.input
        described = FeatureMap.of(value)
        users = list(_users(value))
        zeros = [op.window for op in users if _takes_zeros(op)]
        lowest = [op.window for op in users if isinstance(op, cnn.MaxPoolOp)]
        if described.zero == described.low:
            return cls(described.zero, zeros + lowest)
        if any(any(window.pad) for window in zeros):
            return cls(described.zero, zeros)
        return cls(described.low, lowest)

    def serves(self, op: cnn.MaxPoolOp | cnn.AveragePoolOp) -> bool:
        """Whether the windows of ``op`` may run over it."""
        if isinstance(op, cnn.MaxPoolOp):
            return self.fill == op.ifm.low
        return _takes_zeros(op) and self.fill == op.ifm.zero


def is_view(op: SliceOp) -> bool:
    """Whether a slice has all positions, so that windows may look at its operand."""
    return op.ifm.shape[:2] == op.ofm.shape[:2]


def _users(value: SSAValue) -> Iterator[Operation]:
    """What reads a map, or some channels of it."""
    for use in value.uses:
        if isinstance(use.operation, SliceOp) and is_view(use.operation):
            yield from _users(use.operation.output)
        else:
            yield use.operation


def _takes_zeros(op: Operation) -> TypeGuard[cnn.ConvOp | cnn.AveragePoolOp | PadOp]:
    return isinstance(op, cnn.ConvOp | PadOp) or (
        isinstance(op, cnn.AveragePoolOp) and op.includes_pad
    )


def whole(window: Window, ofm: FeatureMap) -> Cut:
    """All positions of an OFM, with the whole kernel at each."""
    kernel_height, kernel_width = window.kernel
    return Cut(
        Range.of(0, ofm.height),
        Range.of(0, ofm.width),
        Range.of(0, kernel_height),
        Range.of(0, kernel_width),
    )


def halo_of(
    height: int, width: int, windows: Iterable[Window]
) -> tuple[int, int, int, int]:
    """The halo (top, left, bottom, right) that holds all of ``windows``.

    Below and to the right only what the last position really reaches is counted.
    """
    top, left, bottom, right = 0, 0, 0, 0
    for window in windows:
        pad_top, pad_left, _, _ = window.pad
        rows, columns = window.output_size(height, width)
        last_row = (
            (rows - 1) * window.stride[0]
            + (window.kernel[0] - 1) * window.dilation[0]
            - pad_top
        )
        last_column = (
            (columns - 1) * window.stride[1]
            + (window.kernel[1] - 1) * window.dilation[1]
            - pad_left
        )
        top, left = max(top, pad_top), max(left, pad_left)
        bottom = max(bottom, last_row - height + 1)
        right = max(right, last_column - width + 1)
    return top, left, bottom, right


def cut_at_borders(window: Window, ifm: FeatureMap, ofm: FeatureMap) -> Iterator[Cut]:
    """Rectangles of OFM positions whose windows are cut alike, rows first."""
    rows = list(_cuts(window, 0, ifm.height, ofm.height))
    columns = list(_cuts(window, 1, ifm.width, ofm.width))
    for row_range, tap_rows in rows:
        for column_range, tap_columns in columns:
            yield Cut(row_range, column_range, tap_rows, tap_columns)


def _cuts(
    window: Window, axis: int, size: int, positions: int
) -> Iterator[tuple[Range, Range]]:
    """Runs of positions along one axis with the taps that lie inside the map."""

    def inside(position: int) -> tuple[int, int]:
        first = position * window.stride[axis] - window.pad[axis]
        taps = [
            tap
            for tap in range(window.kernel[axis])
            if 0 <= first + tap * window.dilation[axis] < size
        ]
        return taps[0], taps[-1] + 1

    for (start, stop), run in groupby(range(positions), key=inside):
        members = list(run)
        yield Range.of(members[0], members[-1] + 1), Range.of(start, stop)
