"""Where feature maps lie on the tracks: arrays by row, domains by column.

Every row of a map has tracks of its own, so that rows shift independently of each
other. Column x stands in domain (x mod P)·L + ⌊x / P⌋ of its array, for P ports that
are L domains apart: P neighbouring columns are under ports at once, and a row of W
columns passes all ports within ⌈W / P⌉ − 1 steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from xdsl.ir import SSAValue

from cimc.dialects import tile
from cimc.dialects.cim import Range

__all__ = ["MapLayout", "Slice", "slices_of"]

#: Bytes that a word has at most; wider maps are cut.
_WIDEST = 2048


@dataclass(frozen=True)
class Slice:
    """Bytes [start, stop) of every column of a map, on arrays from ``first`` on."""

    start: int
    stop: int
    first: int

    @property
    def width(self) -> int:
        """Bytes of a word."""
        return self.stop - self.start


@dataclass(frozen=True)
class MapLayout:
    """Arrays of a map of ``height`` × ``width`` columns, halo not included."""

    height: int
    width: int
    slices: tuple[Slice, ...]
    domains: int
    ports: int

    @classmethod
    def of(
        cls,
        buffer: tile.FeatureMapOp | tile.PartialSumsOp,
        domains: int,
        ports: int,
        first: int = 0,
    ) -> MapLayout:
        """The layout of a buffer whose arrays start at ``first``."""
        height, width, _ = buffer.type.shape
        segments = -(-width // domains)
        slices: list[Slice] = []
        for start, stop in slices_of(buffer.result):
            slices.append(Slice(start, stop, first))
            first += height * segments
        return cls(height, width, tuple(slices), domains, ports)

    @property
    def segments(self) -> int:
        """Arrays that one row of a slice takes."""
        return -(-self.width // self.domains)

    @property
    def arrays(self) -> int:
        """Arrays of one slice."""
        return self.height * self.segments

    @property
    def distance(self) -> int:
        """Domains from port to port: L."""
        return self.domains // self.ports

    def parts(self, channels: Range | None) -> list[Slice]:
        """The slices that hold some of these channels (None: all)."""
        return [
            part
            for part in self.slices
            if channels is None
            or (channels.start < part.stop and part.start < channels.stop)
        ]

    def array(self, part: Slice, row: int, column: int) -> int:
        """The array that holds a column of a row."""
        return part.first + row * self.segments + column // self.domains

    def domain(self, column: int) -> int:
        """The domain of a column in its array."""
        place = column % self.domains
        return place % self.ports * self.distance + place // self.ports


def slices_of(buffer: SSAValue) -> list[tuple[int, int]]:
    """Byte ranges of a buffer's columns that have arrays of their own.

    Writers never share an array, so that none has to know where another left it:
    channels are cut where the channels of a writer begin or end.
    """
    type_ = buffer.type
    assert isinstance(type_, tile.FeatureMapType | tile.PartialSumsType)
    cuts = {0, type_.column_stride}
    for use in buffer.uses:
        if isinstance(use.operation, tile.StoreOp):
            cuts |= {use.operation.channels.start, use.operation.channels.stop}
    cuts |= set(range(0, type_.column_stride, _WIDEST))
    return list(pairwise(sorted(cuts)))
