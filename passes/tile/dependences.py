"""Who writes and reads which rows of a feature map, in the order of the rows.

Rows and columns of maps are padded here: they count from the corner of the halo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

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

    @cached_property
    def rows(self) -> list[Range]:
        """The rows of the map that each sweep writes."""
        return [
            _written_rows(self.map, sweep, stores)
            for sweep, stores in self._stores.items()
        ]

    @cached_property
    def in_order(self) -> bool:
        """Whether the sweeps write every row of the map once, from the first on.

        The rows of a halo may be left out, if they are preset.
        """
        if any(sweep.some_part for sweep in self.sweeps) or not self._dense:
            return False
        rows, type_ = self.rows, self.map.type
        top, _, bottom, _ = type_.halo
        return (
            rows[0].start in (0, top)
            and rows[-1].stop in (type_.padded_rows - bottom, type_.padded_rows)
            and all(a.stop == b.start for a, b in pairwise(rows))
        )

    @property
    def _dense(self) -> bool:
        """Whether the stores of each sweep leave no row or column out."""
        return all(
            {store.offset for store in stores if store.channels == first.channels}
            >= {(p, q) for p in range(first.stride[0]) for q in range(first.stride[1])}
            for stores in self._stores.values()
            for first in stores[:1]
        )

    @cached_property
    def columns(self) -> Range:
        """Columns that each of the sweeps writes, those of the halo beside left out.

        All of a row together where the sweeps differ.
        """
        columns = {
            _written_columns(self.map, sweep, stores, halo=False)
            for sweep, stores in self._stores.items()
            if not stores[0].padded
        }
        return columns.pop() if len(columns) == 1 else Range.of(0, 1)

    @property
    def padded_columns(self) -> Range:
        """Columns that its first sweep writes, with those of the halo beside them."""
        first = self.sweeps[0]
        return _written_columns(self.map, first, self._stores[first], halo=True)

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
            (store.channels, _written_columns(self.map, sweep, stores, halo=True))
            for sweep, stores in self._stores.items()
            for store in stores
        ]

    @cached_property
    def _stores(self) -> dict[tile.SweepOp, list[tile.StoreOp]]:
        """What each sweep stores into the map."""
        return {
            sweep: [
                op
                for op in sweep.operations
                if isinstance(op, tile.StoreOp) and op.target is self.map.result
            ]
            for sweep in self.sweeps
        }


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
    def of(
        cls, map: tile.FeatureMapOp, sweep: tile.SweepOp, windows: list[tile.WindowOp]
    ) -> Reader:
        """What ``sweep`` reads with ``windows``, all those over ``map``."""
        top, left, _, _ = map.type.halo
        step, column_step = windows[0].window.stride
        views = [_View.of(window, sweep) for window in windows]
        return cls(
            map,
            sweep,
            first=top + max(view.row_stop for view in views),
            kept=top + min(view.row for view in views),
            step=step,
            first_column=left + max(view.column_stop for view in views),
            column_step=column_step,
            channels=_hull(view.channels for view in views),
            columns=Range.of(
                left + min(view.column for view in views),
                left + max(view.last_column_stop for view in views),
            ),
        )


class _View(NamedTuple):
    """What a window covers of a map, which begins at its first element here.

    Rows from that of the kernel's first row on, and columns, both at the first
    position of its sweep, and where it ends at the last column.
    """

    row: int
    row_stop: int
    column: int
    column_stop: int
    last_column_stop: int
    channels: Range

    @classmethod
    def of(cls, op: tile.WindowOp, sweep: tile.SweepOp) -> _View:
        """What a window in the body of ``sweep`` covers."""
        window, across = op.window, op.tap_columns
        down, right = window.dilation
        last = (op.elements.stop - 1) // (across.size * op.channels.size)
        row = op.input_row(sweep.rows.start, 0)
        column = op.input_column(sweep.columns.start, 0)
        column_stop = column + (across.stop - 1) * right + 1
        way = (sweep.columns.size - 1) * window.stride[1]
        return cls(
            row,
            row + (op.tap_rows.start + last) * down + 1,
            column + across.start * right,
            column_stop,
            column_stop + way,
            channels_of(op),
        )


def writers_of(sweeps: Iterable[tile.SweepOp]) -> dict[SSAValue, list[Writer]]:
    """The writers of every feature map, one for each core, in program order."""
    found: dict[SSAValue, dict[int, list[tile.SweepOp]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for sweep in sweeps:
        stores = [op for op in sweep.operations if isinstance(op, tile.StoreOp)]
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
        windows: dict[SSAValue, list[tile.WindowOp]] = defaultdict(list)
        for op in sweep.operations:
            if isinstance(op, tile.WindowOp):
                windows[op.source].append(op)
        for source, over in windows.items():
            found[source].append(Reader.of(_map_of(source), sweep, over))
    return dict(found)


def chains_of(sweeps: Iterable[tile.SweepOp]) -> dict[SSAValue, list[tile.SweepOp]]:
    """The sweeps that add to the same partial sums, in program order."""
    found: dict[SSAValue, list[tile.SweepOp]] = defaultdict(list)
    for sweep in sweeps:
        sums = [
            op.target if isinstance(op, tile.StorePartialOp) else op.source
            for op in sweep.operations
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
        for op in sweep.operations
        if isinstance(op, tile.StoreOp)
    }
    work_for: dict[SSAValue, SSAValue] = {}
    for sweep in reversed(sweeps):
        operations = sweep.operations
        for op in operations:
            if isinstance(op, tile.StorePartialOp):
                found.setdefault(sweep, work_for[op.target])
        for op in operations:
            if isinstance(op, tile.LoadPartialOp):
                work_for[op.source] = found[sweep]
    return found


def _map_of(value: SSAValue) -> tile.FeatureMapOp:
    assert isinstance(value.owner, tile.FeatureMapOp)
    return value.owner


def _written_rows(
    map: tile.FeatureMapOp, sweep: tile.SweepOp, stores: list[tile.StoreOp]
) -> Range:
    """Rows from the first to the last that the stores of a sweep write."""
    rows = sweep.rows
    shift = 0 if stores[0].padded else map.type.halo[0]
    first = min(store.output_row(rows.start) for store in stores)
    last = max(store.output_row(rows.stop - 1) for store in stores)
    return Range.of(first + shift, last + 1 + shift)


def _written_columns(
    map: tile.FeatureMapOp,
    sweep: tile.SweepOp,
    stores: list[tile.StoreOp],
    *,
    halo: bool,
) -> Range:
    """Columns that these write, perhaps with those of a ``halo`` beside them."""
    columns = sweep.columns
    _, left, _, right = map.type.halo
    if stores[0].padded:
        return columns
    start = left + min(store.output_column(columns.start) for store in stores)
    stop = left + max(store.output_column(columns.stop - 1) for store in stores) + 1
    if halo and start == left:
        start = 0
    if halo and stop + right == map.type.padded_columns:
        stop += right
    return Range.of(start, stop)


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
