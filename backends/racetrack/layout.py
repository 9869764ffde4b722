"""Where feature maps lie on the tracks: arrays by row, domains by column.

Every row of a map has tracks of its own, so that rows shift independently of each
other. The i-th column stands in domain (i mod P)·L + ⌊i / P⌋ of its array, for P ports
that are L domains apart: P neighbouring columns are under ports at once, and a row of W
columns passes all ports within ⌈W / P⌉ − 1 steps.

The first copy of a map, and each of an input, is complete: the host sees those. Others
hold only what their reader needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from xdsl.ir import SSAValue

from cimc.backends.racetrack.regions import Strip, regions_of
from cimc.dialects import tile
from cimc.dialects.cim import Range

__all__ = ["MapLayout", "Slice", "is_complete", "slices_of"]

#: Bytes that a word has at most; wider maps are cut.
_WIDEST = 2048

_Buffer = tile.FeatureMapOp | tile.PartialSumsOp


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
    """Arrays of the rows and columns of a map that are kept, halo not included."""

    rows: range
    columns: range
    slices: tuple[Slice, ...]
    domains: int
    ports: int

    @classmethod
    def of(cls, buffer: _Buffer, domains: int, ports: int, first: int = 0) -> MapLayout:
        """The layout of a buffer whose arrays start at ``first``."""
        rows, columns = _kept(buffer)
        arrays = len(rows) * -(-len(columns) // domains)
        slices = tuple(
            Slice(start, stop, first + index * arrays)
            for index, (start, stop) in enumerate(slices_of(buffer.result))
        )
        return cls(rows, columns, slices, domains, ports)

    def restricted(self, start: int, stop: int) -> MapLayout:
        """The same with the slices inside bytes [start, stop) of the columns alone."""
        inside = (s for s in self.slices if start <= s.start and s.stop <= stop)
        return replace(self, slices=tuple(inside))

    def parts(self, channels: Range | None) -> list[Slice]:
        """The slices that hold some of these bytes of the columns (None: all)."""
        if channels is None:
            return list(self.slices)
        start, stop = channels.start, channels.stop
        return [s for s in self.slices if start < s.stop and s.start < stop]

    @property
    def segments(self) -> int:
        """Arrays that one row of a slice takes."""
        return -(-len(self.columns) // self.domains)

    @property
    def arrays(self) -> int:
        """Arrays of one slice."""
        return len(self.rows) * self.segments

    @property
    def distance(self) -> int:
        """Domains from port to port: L."""
        return self.domains // self.ports

    def array(self, part: Slice, row: int, column: int) -> int:
        """The array that holds a column of a row."""
        segment = self.columns.index(column) // self.domains
        return part.first + self.rows.index(row) * self.segments + segment

    def domain(self, column: int) -> int:
        """The domain of a column in its array."""
        place = self.columns.index(column) % self.domains
        return place % self.ports * self.distance + place // self.ports


def is_complete(buffer: _Buffer) -> bool:
    """Whether a buffer holds all of its map, so that the host can read it."""
    if isinstance(buffer, tile.PartialSumsOp) or buffer.role.data != "intermediate":
        return True
    block = buffer.parent_block()
    assert block is not None
    copies = (
        op
        for op in block.ops
        if isinstance(op, tile.FeatureMapOp) and op.tensor == buffer.tensor
    )
    return next(copies) is buffer


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


def _kept(buffer: _Buffer) -> tuple[range, range]:
    """Rows and columns that have a place on the tracks."""
    height, width, _ = buffer.type.shape
    rows: set[int] = set()
    columns: set[int] = set()
    for use in buffer.result.uses:
        window = use.operation
        if isinstance(window, tile.WindowOp):
            sweep = window.sweep
            (region,) = regions_of([window])
            rows |= set(region.needed_rows(sweep.rows.start, sweep.rows.stop))
            whole = Strip(sweep.columns.start, sweep.columns.stop)
            columns |= set(region.needed_columns(whole))
    if is_complete(buffer) or not rows or not columns:
        return range(height), range(width)
    return _progression(rows, height), _progression(columns, width)


def _progression(needed: Iterable[int], size: int) -> range:
    """``needed`` as numbers at equal distances, else all up to ``size``."""
    first, *others = sorted(needed)
    step = others[0] - first if others else 1
    found = range(first, (others[-1] if others else first) + 1, step)
    return found if list(found) == [first, *others] else range(size)
