"""Who writes and reads which rows of a feature map, in the order of the rows.

Rows and columns of maps are padded here: they count from the corner of the halo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from xdsl.ir import SSAValue

from cimc.dialects import tile
from cimc.dialects.cim import Range
from cimc.passes.tile.sweeps import core_of

__all__ = ["Reader", "Writer", "chains_of", "readers_of", "targets_of", "writers_of"]


@dataclass(frozen=True)
class Writer:
    """What one core writes of a feature map: its sweeps in program order."""

    map: tile.FeatureMapOp
    core: int
    sweeps: tuple[tile.SweepOp, ...]

    @property
    def rows(self) -> list[Range]:
        """The rows of the map that each sweep writes."""
        return [_written_rows(self.map, sweep) for sweep in self.sweeps]

    @property
    def in_order(self) -> bool:
        """Whether the sweeps write every row of the map once, from the first on.

        The rows of a halo may be left out, if they are preset.
        """
        if any(sweep.some_part for sweep in self.sweeps):
            return False
        rows, type_ = self.rows, self.map.type
        top, _, bottom, _ = type_.halo
        return (
            rows[0].start in (0, top)
            and rows[-1].stop in (type_.padded_rows - bottom, type_.padded_rows)
            and all(a.stop == b.start for a, b in pairwise(rows))
        )

    @property
    def columns(self) -> Range:
        """Columns that each of the sweeps writes, those of the halo beside left out.

        All of a row together where the sweeps differ.
        """
        columns = {
            _written_columns(self.map, sweep, halo=False)
            for sweep in self.sweeps
            if not _stores(self.map, sweep)[0].padded
        }
        return columns.pop() if len(columns) == 1 else Range.of(0, 1)

    def overlaps(self, reader: Reader) -> bool:
        """Whether the reader reads channels and columns that this core writes."""
        return any(
            meet(channels, reader.channels) and meet(columns, reader.columns)
            for channels, columns in self._written
        )

    @cached_property
    def _written(self) -> list[tuple[Range, Range]]:
        """Channels and columns of every store."""
        return [
            (store.channels, _written_columns(self.map, sweep, halo=True))
            for sweep in self.sweeps
            for store in _stores(self.map, sweep)
        ]


@dataclass(frozen=True)
class Reader:
    """What one sweep reads of a feature map, as its rows go on.

    Row i of the sweep needs the rows before ``first + i * step`` of the map, and of
    the last of them, at its column j, the columns before ``first_column + j *
    column_step``. When it is there, the sweep does not need the rows before ``kept +
    (i + 1) * step`` any more.
    """

    map: tile.FeatureMapOp
    sweep: tile.SweepOp
    first: int
    kept: int
    step: int
    first_column: int
    column_step: int
    channels: Range
    columns: Range

    @classmethod
    def of(cls, map: tile.FeatureMapOp, sweep: tile.SweepOp) -> Reader:
        """What ``sweep`` reads with all its windows over ``map``."""
        windows = [
            op
            for op in sweep.body.block.ops
            if isinstance(op, tile.WindowOp) and op.source == map.result
        ]
        top, left, _, _ = map.type.halo
        row, column = sweep.rows.start, sweep.columns
        taps = [_tap_rows(window) for window in windows]
        return cls(
            map,
            sweep,
            first=top
            + 1
            + max(
                window.input_row(row, tap.stop - 1)
                for window, tap in zip(windows, taps, strict=True)
            ),
            kept=top + min(window.input_row(row, 0) for window in windows),
            step=windows[0].window.stride[0],
            first_column=left
            + 1
            + max(
                window.input_column(column.start, window.tap_columns.stop - 1)
                for window in windows
            ),
            column_step=windows[0].window.stride[1],
            channels=_hull(channels_of(window) for window in windows),
            columns=Range.of(
                left
                + min(
                    window.input_column(column.start, window.tap_columns.start)
                    for window in windows
                ),
                left
                + 1
                + max(
                    window.input_column(column.stop - 1, window.tap_columns.stop - 1)
                    for window in windows
                ),
            ),
        )


def writers_of(sweeps: Iterable[tile.SweepOp]) -> dict[SSAValue, list[Writer]]:
    """The writers of every feature map, one for each core, in program order."""
    found: dict[SSAValue, dict[int, list[tile.SweepOp]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for sweep in sweeps:
        stores = [op for op in sweep.body.block.ops if isinstance(op, tile.StoreOp)]
        for target in dict.fromkeys(store.target for store in stores):
            found[target][core_of(sweep)].append(sweep)
    return {
        target: [
            Writer(_map_of(target), core, tuple(members))
            for core, members in by_core.items()
        ]
        for target, by_core in found.items()
    }


def readers_of(sweeps: Iterable[tile.SweepOp]) -> dict[SSAValue, list[Reader]]:
    """The readers of every feature map in program order."""
    found: dict[SSAValue, list[Reader]] = defaultdict(list)
    for sweep in sweeps:
        sources = [
            op.source for op in sweep.body.block.ops if isinstance(op, tile.WindowOp)
        ]
        for source in dict.fromkeys(sources):
            found[source].append(Reader.of(_map_of(source), sweep))
    return dict(found)


def chains_of(sweeps: Iterable[tile.SweepOp]) -> dict[SSAValue, list[tile.SweepOp]]:
    """The sweeps that add to the same partial sums, in program order."""
    found: dict[SSAValue, list[tile.SweepOp]] = defaultdict(list)
    for sweep in sweeps:
        sums = [
            op.target if isinstance(op, tile.StorePartialOp) else op.source
            for op in sweep.body.block.ops
            if isinstance(op, tile.StorePartialOp | tile.LoadPartialOp)
        ]
        for value in dict.fromkeys(sums):
            found[value].append(sweep)
    return dict(found)


def targets_of(sweeps: list[tile.SweepOp]) -> dict[tile.SweepOp, SSAValue]:
    """The map for which each sweep works, itself or as one of a chain.

    ``sweeps`` are all of a module: a chain may go on in the next phase.
    """
    found = {
        sweep: op.target
        for sweep in sweeps
        for op in sweep.body.block.ops
        if isinstance(op, tile.StoreOp)
    }
    work_for: dict[SSAValue, SSAValue] = {}
    for sweep in reversed(sweeps):
        for op in sweep.body.block.ops:
            if isinstance(op, tile.StorePartialOp):
                found.setdefault(sweep, work_for[op.target])
        for op in sweep.body.block.ops:
            if isinstance(op, tile.LoadPartialOp):
                work_for[op.source] = found[sweep]
    return found


def _map_of(value: SSAValue) -> tile.FeatureMapOp:
    assert isinstance(value.owner, tile.FeatureMapOp)
    return value.owner


def _stores(map: tile.FeatureMapOp, sweep: tile.SweepOp) -> list[tile.StoreOp]:
    return [
        op
        for op in sweep.body.block.ops
        if isinstance(op, tile.StoreOp) and op.target == map.result
    ]


def _written_rows(map: tile.FeatureMapOp, sweep: tile.SweepOp) -> Range:
    """Rows that a sweep writes, all of whose stores are padded or none."""
    rows, top = sweep.rows, map.type.halo[0]
    shift = 0 if _stores(map, sweep)[0].padded else top
    return Range.of(rows.start + shift, rows.stop + shift)


def _written_columns(
    map: tile.FeatureMapOp, sweep: tile.SweepOp, *, halo: bool
) -> Range:
    """Columns that a sweep writes, perhaps with those of a ``halo`` beside them."""
    columns, (_, left, _, right) = sweep.columns, map.type.halo
    if _stores(map, sweep)[0].padded:
        return columns
    start, stop = columns.start + left, columns.stop + left
    if halo and columns.start == 0:
        start = 0
    if halo and stop + right == map.type.padded_columns:
        stop += right
    return Range.of(start, stop)


def _tap_rows(window: tile.WindowOp) -> Range:
    """Kernel rows that the kept elements of a window come from."""
    row = window.tap_columns.size * window.channels.size
    first, last = window.elements.start // row, (window.elements.stop - 1) // row
    start = window.tap_rows.start
    return Range.of(start + first, start + last + 1)


def channels_of(window: tile.WindowOp) -> Range:
    """Channels that the kept elements of a window come from."""
    elements, channels = window.elements, window.channels
    tap, last = (
        elements.start // channels.size,
        (elements.stop - 1) // channels.size,
    )
    if tap != last:
        return channels
    shift = channels.start - tap * channels.size
    return Range.of(elements.start + shift, elements.stop + shift)


def _hull(ranges: Iterable[Range]) -> Range:
    found = list(ranges)
    return Range.of(min(part.start for part in found), max(part.stop for part in found))


def meet(one: Range, other: Range) -> bool:
    return one.start < other.stop and other.start < one.stop
