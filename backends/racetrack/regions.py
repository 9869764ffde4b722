"""Which rows and columns of a feature map the windows of a sweep cover."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from xdsl.ir import Operation, SSAValue

from cimc.dialects import tile
from cimc.dialects.cim import Range, Window

__all__ = [
    "Piece",
    "Region",
    "Strip",
    "elements_of",
    "pieces_of",
    "regions_of",
    "stored_columns",
    "stored_rows",
]


@dataclass(frozen=True)
class Strip:
    """Output columns [start, stop) that are worked through together."""

    start: int
    stop: int


@dataclass(frozen=True)
class Region:
    """What windows of one shape on one map need: kernel rows × columns × channels.

    ``channels`` are bytes of a column; partial sums have four for each of theirs.
    """

    source: SSAValue
    window: Window
    tap_rows: Range
    tap_columns: Range
    channels: Range

    @property
    def rows(self) -> int:
        """Input rows from the first to the last kernel row."""
        return (self.tap_rows.size - 1) * self.window.dilation[0] + 1

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the map."""
        type_ = self.source.type
        assert isinstance(type_, tile.FeatureMapType | tile.PartialSumsType)
        height, width, _ = type_.shape
        return height, width

    @property
    def fill(self) -> int:
        """What stands outside the map."""
        type_ = self.source.type
        return type_.fill.data if isinstance(type_, tile.FeatureMapType) else 0

    def top(self, row: int) -> int:
        """Input row, perhaps outside the map, that is first at output row ``row``."""
        first_tap = self.tap_rows.start * self.window.dilation[0]
        return row * self.window.stride[0] + first_tap - self.window.pad[0]

    def left(self, column: int) -> int:
        """Input column that comes first at output column ``column``."""
        first_tap = self.tap_columns.start * self.window.dilation[1]
        return column * self.window.stride[1] + first_tap - self.window.pad[1]

    def columns(self, strip: Strip) -> range:
        """Input columns of a strip, perhaps outside the map."""
        span = (self.tap_columns.size - 1) * self.window.dilation[1] + 1
        return range(self.left(strip.start), self.left(strip.stop - 1) + span)

    def needed_columns(self, strip: Strip) -> list[int]:
        """Input columns inside the map that a window of the strip covers."""
        _, width = self.shape
        taps = range(self.tap_columns.size)
        found = {
            self.left(column) + tap * self.window.dilation[1]
            for column in range(strip.start, strip.stop)
            for tap in taps
        }
        return sorted(column for column in found if 0 <= column < width)

    def needed_rows(self, start: int, stop: int) -> list[int]:
        """Input rows inside the map that windows of rows [start, stop) cover."""
        height, _ = self.shape
        rows = range(start, stop)
        found = {self.top(row) + tap for row in rows for tap in self.taps}
        return sorted(row for row in found if 0 <= row < height)

    @property
    def taps(self) -> range:
        """Input rows under the kernel, from its first row on."""
        return range(0, self.rows, self.window.dilation[0])

    def pitch(self, strip: Strip) -> int:
        """Bytes from one row of the region to the next."""
        return len(self.columns(strip)) * self.channels.size

    def size(self, strip: Strip) -> int:
        """Bytes of the region."""
        return self.rows * self.pitch(strip)

    @property
    def key(self) -> tuple[SSAValue, Window, Range, Range]:
        """What the windows of a region have in common."""
        return self.source, self.window, self.tap_rows, self.tap_columns

    @classmethod
    def of(cls, op: tile.WindowOp | tile.LoadPartialOp) -> Region:
        """The region that a single operation needs."""
        if isinstance(op, tile.WindowOp):
            taps = op.tap_rows, op.tap_columns
            return cls(op.source, op.window, *taps, op.channels)
        assert isinstance(op.source.type, tile.PartialSumsType)
        one, all_bytes = Range.of(0, 1), Range.of(0, op.source.type.column_stride)
        return cls(op.source, Window.of((1, 1)), one, one, all_bytes)


def regions_of(operations: Iterable[Operation]) -> list[Region]:
    """One region per map and shape of windows, with all channels that these take."""
    regions: dict[object, Region] = {}
    for op in operations:
        if isinstance(op, tile.WindowOp | tile.LoadPartialOp):
            new = Region.of(op)
            old = regions.get(new.key, new).channels
            start = min(old.start, new.channels.start)
            stop = max(old.stop, new.channels.stop)
            regions[new.key] = replace(new, channels=Range.of(start, stop))
    return list(regions.values())


def elements_of(op: tile.WindowOp | tile.LoadPartialOp) -> Range:
    """Those elements of its region, counted through its taps, that an operation takes.

    As in a region, elements of partial sums are bytes.
    """
    if isinstance(op, tile.WindowOp):
        return op.elements
    return Range.of(0, Region.of(op).channels.size)


class Piece(NamedTuple):
    """Taps of one kernel row, or some channels of one tap: read into the line buffer.

    ``first`` is the number of its first element in the window.
    """

    region: Region
    first: int

    @property
    def taps(self) -> int:
        """How many taps there are."""
        return self.region.tap_columns.size


def pieces_of(region: Region, elements: Range, capacity: int) -> Iterator[Piece]:
    """The fewest pieces for some elements of a window, in their order.

    What lies in the line buffer between dilated taps counts as well.
    """
    channels, columns = region.channels.size, region.tap_columns.size
    spans = (capacity // channels - 1) // region.window.dilation[1] + 1
    start, stop = elements.start, elements.stop
    while start < stop:
        tap, channel = divmod(start, channels)
        row, column = divmod(tap, columns)
        left = stop - start
        taps = min(spans, left // channels, columns - column)
        if channel or taps < 1:
            taps, size = 1, min(channels - channel, left, capacity)
        else:
            size = channels
        first_row = region.tap_rows.start + row
        first_column = region.tap_columns.start + column
        first_channel = region.channels.start + channel
        part = replace(
            region,
            tap_rows=Range.of(first_row, first_row + 1),
            tap_columns=Range.of(first_column, first_column + taps),
            channels=Range.of(first_channel, first_channel + size),
        )
        yield Piece(part, start)
        start += taps * size


def stored_rows(op: tile.StoreOp | tile.StorePartialOp) -> range:
    """Rows of the map that an operation writes in its sweep."""
    rows = range(op.sweep.rows.start, op.sweep.rows.stop)
    if isinstance(op, tile.StorePartialOp):
        return rows
    (stride, _), (offset, _) = op.stride, op.offset
    return range(rows.start * stride + offset, rows.stop * stride + offset, stride)


def stored_columns(op: tile.StoreOp | tile.StorePartialOp) -> range:
    """Columns of the map that an operation writes in its sweep."""
    columns = range(op.sweep.columns.start, op.sweep.columns.stop)
    if isinstance(op, tile.StorePartialOp):
        return columns
    (_, stride), (_, offset) = op.stride, op.offset
    first = columns.start * stride + offset
    return range(first, columns.stop * stride + offset, stride)
