"""The line buffer: rows of feature maps under the windows of a sweep.

A region holds, for all positions of a strip of output columns, the input rows under
the kernel. From one output row to the next it slides up, and only new rows are read,
so that each row of a map is read once per strip. Borders hold the zero point.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from cimc.backends.racetrack.regions import Region, Strip
from cimc.dialects import tile
from cimc.dialects.cim import Range

__all__ = ["Lines", "strips_of"]


def strips_of(columns: Range, regions: list[Region], capacity: int) -> list[Strip]:
    """The fewest strips, nearly equal, whose regions fit ``capacity`` bytes.

    There are none if not even one column fits.
    """
    for count in range(1, columns.size + 1):
        cuts = [columns.start + columns.size * i // count for i in range(count + 1)]
        strips = [Strip(*pair) for pair in pairwise(cuts)]
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

    def region_of(self, op: tile.WindowOp | tile.LoadPartialOp) -> Region:
        """The region that holds what the operation reads."""
        key = Region.of(op).key
        return next(region for region in self.regions if region.key == key)

    def address(self, region: Region, slot: int, column: int, channel: int) -> int:
        """Byte at which a channel of an input column in a row of the region stands."""
        return (
            self.start(region)
            + slot * region.pitch(self.strip)
            + (column - region.columns(self.strip).start) * region.channels.size
            + channel
            - region.channels.start
        )
