"""Which sweeps use the arrays of feature maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xdsl.ir import SSAValue

from cimc.backends.racetrack.layout import MapLayout
from cimc.backends.racetrack.regions import regions_of
from cimc.dialects import tile
from cimc.dialects.cim import Range

__all__ = ["last_users"]


def last_users(
    sweeps: Sequence[tile.SweepOp], layouts: Mapping[SSAValue, MapLayout]
) -> dict[int, tile.SweepOp]:
    """The last sweep that reads or writes each map array.

    It has waited for all earlier ones, so that it may bring the array back.
    """
    last: dict[int, tile.SweepOp] = {}
    for sweep in sweeps:
        first, stop = sweep.rows.start, sweep.rows.stop
        for op in sweep.body.block.ops:
            match op:
                case tile.StoreOp():
                    used = range(first, stop), op.channels
                case tile.StorePartialOp():
                    used = range(first, stop), None
                case _:
                    continue
            last |= dict.fromkeys(_arrays(layouts[op.target], *used), sweep)
        for region in regions_of(sweep.body.block.ops):
            rows = range(region.top(first), region.top(stop - 1) + region.rows)
            arrays = _arrays(layouts[region.source], rows, region.channels)
            last |= dict.fromkeys(arrays, sweep)
    return last


def _arrays(layout: MapLayout, rows: range, channels: Range | None) -> Iterator[int]:
    """Map arrays that hold some of these rows and channels (None: all)."""
    for part in layout.slices:
        if channels is None or (
            channels.start < part.stop and part.start < channels.stop
        ):
            for index, row in enumerate(layout.rows):
                if row in rows:
                    array = part.first + index * layout.segments
                    yield from range(array, array + layout.segments)
