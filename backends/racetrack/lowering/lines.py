"""The line buffer: rows of feature maps under the windows of a sweep.

A region holds, for all positions of a strip of output columns, the input rows under the
kernel. From one output row to the next it slides up, and only new rows are read, so that
each row of a map is read once per strip. Borders are filled with the zero point.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import SSAValue

from cimc.dialects import tile
from cimc.dialects.cim import Range, Window

__all__ = ["Lines", "Region", "Strip", "regions_of", "strips_of"]


@dataclass(frozen=True)
class Strip:
    """Output columns [start, stop) that are worked through together."""

    start: int
    stop: int


@dataclass(frozen=True)
class Region:
    """What windows of one shape on one map need: kernel rows × columns × channels."""

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
    def source_type(self) -> tile.FeatureMapType:
        """Type of the map."""
        assert isinstance(self.source.type, tile.FeatureMapType)
        return self.source.type

    def top(self, row: int) -> int:
        """Input row, perhaps outside the map, that comes first at output row ``row``."""
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
        width = self.source_type.shape[1]
        taps = range(self.tap_columns.size)
        found = {
            self.left(column) + tap * self.window.dilation[1]
            for column in range(strip.start, strip.stop)
            for tap in taps
        }
        return sorted(column for column in found if 0 <= column < width)

    def pitch(self, strip: Strip) -> int:
        """Bytes from one row of the region to the next."""
        return len(self.columns(strip)) * self.channels.size

    def size(self, strip: Strip) -> int:
        """Bytes of the region."""
        return self.rows * self.pitch(strip)

    def holds(self, op: tile.WindowOp) -> bool:
        """Whether the window is one of those that the region is for."""
        return (
            op.source == self.source
            and op.window == self.window
            and (op.tap_rows, op.tap_columns) == (self.tap_rows, self.tap_columns)
        )


def regions_of(windows: list[tile.WindowOp]) -> list[Region]:
    """One region per map and shape of windows, with all channels that these take."""
    channels: dict[tuple[SSAValue, Window, Range, Range], Range] = {}
    for op in windows:
        key = (op.source, op.window, op.tap_rows, op.tap_columns)
        old = channels.get(key, op.channels)
        channels[key] = Range.of(
            min(old.start, op.channels.start), max(old.stop, op.channels.stop)
        )
    return [Region(*key, found) for key, found in channels.items()]


def strips_of(columns: Range, regions: list[Region], capacity: int) -> list[Strip]:
    """The fewest strips, nearly equal, whose regions fit ``capacity`` bytes.

    None if not even one column fits.
    """
    for count in range(1, columns.size + 1):
        cuts = [columns.start + columns.size * i // count for i in range(count + 1)]
        strips = [Strip(*pair) for pair in zip(cuts, cuts[1:], strict=False)]
        if all(sum(r.size(strip) for r in regions) <= capacity for strip in strips):
            return strips
    return []


@dataclass(frozen=True)
class Lines:
    """The regions of one strip, one after the other in the line buffer."""

    strip: Strip
    regions: list[Region]

    def start(self, region: Region) -> int:
        """Byte of the line buffer at which a region starts."""
        before = self.regions[: self.regions.index(region)]
        return sum(other.size(self.strip) for other in before)

    def region_of(self, op: tile.WindowOp) -> Region:
        """The region that holds a window."""
        return next(region for region in self.regions if region.holds(op))
