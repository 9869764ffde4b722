"""Strided copies that gather the elements of a window."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cimc.dialects.tile import WindowOp

__all__ = ["Copy", "copies", "tap_offsets"]

#: Segments that one LOAD copies at most: 12 bits count them.
_MOST_SEGMENTS = 4095


@dataclass(frozen=True)
class Copy:
    """``count`` segments of ``length`` bytes, ``stride`` apart, from ``offset`` on.

    ``target`` is the byte of the vector at which the copy begins.
    """

    target: int
    offset: int
    count: int
    length: int
    stride: int


def tap_offsets(
    window: WindowOp, row_stride: int, column_stride: int, channel: int
) -> list[int]:
    """Bytes from the window's first element to each of its taps.

    ``row_stride`` and ``column_stride`` are those of the memory in which the map
    lies, and ``channel`` is where the window's channels begin there.
    """
    down, right = window.window.dilation
    rows, columns = window.tap_rows, window.tap_columns
    return [
        row * down * row_stride + column * right * column_stride + channel
        for row in range(rows.start, rows.stop)
        for column in range(columns.start, columns.stop)
    ]


def copies(
    taps: Iterable[int],
    length: int,
    start: int,
    stop: int,
    row: int = 0,
    target: int = 0,
) -> list[Copy]:
    """The fewest strided copies for elements [start, stop) of a window.

    ``taps`` are the offsets of the taps, each of ``length`` bytes; elements count
    through the taps in order, and come to a vector from byte ``target`` on. In a ring
    of rows of ``row`` bytes, no segment goes on from one row to the next, which may
    lie elsewhere.
    """
    runs = _join_neighbours(_runs(taps, length, start, stop), row)
    return _join_strides(runs, target)


def _runs(
    taps: Iterable[int], length: int, start: int, stop: int
) -> list[tuple[int, int]]:
    """(offset, bytes) of the part of each tap that lies in [start, stop)."""
    runs: list[tuple[int, int]] = []
    for index, offset in enumerate(taps):
        first = max(start - index * length, 0)
        last = min(stop - index * length, length)
        if first < last:
            runs.append((offset + first, last - first))
    return runs


def _join_neighbours(runs: list[tuple[int, int]], row: int) -> list[tuple[int, int]]:
    """Join runs that touch in memory, but not rows of ``row`` bytes, if given."""
    joined: list[tuple[int, int]] = []
    for offset, length in runs:
        touch = bool(joined) and sum(joined[-1]) == offset
        if touch and not (row and offset % row == 0):
            joined[-1] = (joined[-1][0], joined[-1][1] + length)
        else:
            joined.append((offset, length))
    return joined


def _join_strides(runs: list[tuple[int, int]], target: int) -> list[Copy]:
    """Join runs of one length at constant distance into strided copies."""
    result: list[Copy] = []
    for offset, length in runs:
        last = result[-1] if result else None
        stride = offset - last.offset - (last.count - 1) * last.stride if last else 0
        if (
            last
            and last.length == length
            and last.count < _MOST_SEGMENTS
            and (last.count == 1 or stride == last.stride)
        ):
            result[-1] = Copy(last.target, last.offset, last.count + 1, length, stride)
        else:
            result.append(Copy(target, offset, 1, length, 0))
        target += length
    return result
