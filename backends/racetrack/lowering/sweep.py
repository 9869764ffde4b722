"""One sweep as instructions of its bank."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from xdsl.ir import Operation

from cimc.backends.racetrack import isa
from cimc.backends.racetrack.layout import MapLayout
from cimc.backends.racetrack.lowering.addresses import ZERO, Addresses
from cimc.backends.racetrack.lowering.code import Body, Code, plain, roll
from cimc.backends.racetrack.lowering.direct import DirectPosition
from cimc.backends.racetrack.lowering.lines import Lines, strips_of
from cimc.backends.racetrack.lowering.maps import MapCode, Moved
from cimc.backends.racetrack.lowering.position import Position
from cimc.backends.racetrack.lowering.surroundings import (
    Surroundings,
    period,
    synchronise,
)
from cimc.backends.racetrack.regions import (
    Region,
    Strip,
    regions_of,
    stored_columns,
    stored_rows,
)
from cimc.dialects import tile
from cimc.lowering.registers import CoreRegisters

__all__ = ["SweepLowering"]


@dataclass
class SweepLowering:
    """Instructions of one sweep: strips, in them rows, in them positions.

    If the regions of not even one column fit the line buffer, there is one strip that
    has none of them, and its positions read what they need: see direct.py.
    """

    sweep: tile.SweepOp
    around: Surroundings
    core: CoreRegisters
    setup: list[Operation] = field(default_factory=list[Operation])

    def __post_init__(self) -> None:
        assert self.sweep.core is not None
        self.bank = self.sweep.core.value.data
        self.addresses = Addresses()
        self.maps = MapCode(self.around.offsets, self.addresses)
        self.body = self.sweep.operations
        self.regions = regions_of(self.body)
        rows = self.sweep.rows
        self.needed = {
            region: set(region.needed_rows(rows.start, rows.stop))
            for region in self.regions
        }
        self.stores = [
            op for op in self.body if isinstance(op, tile.StoreOp | tile.StorePartialOp)
        ]
        self._known: dict[
            tuple[Strip, tuple[MapLayout, ...], tuple[int, ...]],
            tuple[Body, tuple[int, ...], dict[Hashable, int]],
        ] = {}

    def lower(self) -> list[Code]:
        """The code for the main section; fills ``setup`` as well."""
        capacity = self.around.machine.line_buffer_bytes
        columns = self.sweep.columns
        strips = [
            Lines(strip, self.regions)
            for strip in strips_of(columns, self.regions, capacity)
        ]
        whole = Lines(Strip(columns.start, columns.stop), [])
        code = self._synchronise(tile.AwaitOp, "sweep")
        for lines in strips or [whole]:
            code += self._strip(lines)
        return code + self._synchronise(tile.SignalOp, "sweep")

    def _strip(self, lines: Lines) -> list[Code]:
        """Fill the borders, read the first rows, then go through all rows."""
        first = self.sweep.rows.start
        moved: dict[MapLayout, Moved] = {}
        for op in self.stores:
            rows = stored_rows(op)
            moved[self.around.written_by(op)] = Moved(rows.start, rows.step, rows.stop)
        for region in self.regions:
            tops = region.top(first), region.top(self.sweep.rows.stop)
            moved[self._layout(region)] = Moved(
                tops[0], region.window.stride[0], tops[1]
            )
        code = self.maps.follow_rows(moved)
        position = (Position if lines.regions else DirectPosition)(
            self.body, self.around, self.core, self.setup, self.maps, lines, self.bank
        )
        for region in lines.regions:
            code += self._fill(lines, region, 0, region.rows)
        for region in lines.regions:
            for slot in range(region.rows - self._new_rows(region)):
                code += self._bring(lines, region, slot, first)
        rows = range(first, self.sweep.rows.stop)
        bodies: list[Body] = [tuple(self._row(lines, position, row)) for row in rows]
        return code + roll(bodies, longest=4)

    def _new_rows(self, region: Region) -> int:
        """Rows of a region that each output row brings."""
        return min(region.rows, region.window.stride[0])

    def _row(self, lines: Lines, position: Position, row: int) -> list[Code]:
        """One output row: bring new input rows, compute, slide."""
        code = self._synchronise(tile.AwaitOp, "row")
        for region in lines.regions:
            for slot in range(region.rows - self._new_rows(region), region.rows):
                code += self._bring(lines, region, slot, row)
        code += self._positions(lines, position, row)
        code += self._synchronise(tile.SignalOp, "row")
        for region in lines.regions:
            kept = region.rows - self._new_rows(region)
            if 0 < kept < region.rows:
                pitch = region.pitch(lines.strip)
                fields = {
                    "offset": lines.start(region),
                    "length": kept * pitch,
                    "by": self._new_rows(region) * pitch,
                }
                code.append(plain(isa.SlideOp, **fields))
        return code + self.maps.next_row(row + 1 - self.sweep.rows.start)

    def _bring(self, lines: Lines, region: Region, slot: int, row: int) -> list[Code]:
        """Read an input row into a slot, or fill it where it lies outside the map.

        A row that dilated windows pass over is left out, and need not be kept.
        """
        source, (height, _) = region.top(row) + slot, region.shape
        if source in self.needed[region]:
            return self.maps.read_row(self._layout(region), region, lines, slot, source)
        if 0 <= source < height:
            return []
        return self._fill(lines, region, slot, 1) if row > self.sweep.rows.start else []

    def _fill(self, lines: Lines, region: Region, slot: int, rows: int) -> list[Code]:
        """Put the zero point into rows of a region, if its windows reach a border."""
        columns, (height, width) = region.columns(lines.strip), region.shape
        top = region.top(self.sweep.rows.start)
        bottom = region.top(self.sweep.rows.stop - 1) + region.rows
        inside = columns.start >= 0 and columns.stop <= width
        if inside and top >= 0 and bottom <= height:
            return []
        pitch = region.pitch(lines.strip)
        offset = lines.start(region) + slot * pitch
        fields = {"base": ZERO, "offset": offset, "length": rows * pitch}
        return [plain(isa.FillOp, **fields, value=region.fill)]

    def _positions(self, lines: Lines, position: Position, row: int) -> list[Code]:
        """All positions of a row in the strip, from left to right.

        Rows that find and leave their arrays alike have the same code.
        """
        stored = self._stored_row(row)
        targets = [
            layout
            for layout in dict.fromkeys(map(self.around.written_by, self.stores))
            if stored in layout.rows
        ]
        if not lines.regions:
            return self._new_positions(lines.strip, position, row, targets)
        arrays: list[Hashable] = [
            part.first + layout.rows.index(stored) * layout.segments + segment
            for layout in targets
            for part in layout.slices
            for segment in range(layout.segments)
        ]
        arrays += [
            self.around.blocks[op.block].array
            for op in self.body
            if isinstance(op, tile.MvmOp)
        ]
        offsets, values = self.around.offsets, self.addresses.values
        found = (lines.strip, tuple(targets), tuple(offsets[a] for a in arrays))
        if found in self._known:
            code, left, set_ = self._known[found]
            values.update(set_)
            for array, offset in zip(arrays, left, strict=True):
                offsets[array] = offset
            return list(code)
        before = dict(values)
        code = self._new_positions(lines.strip, position, row, targets)
        changed = {key: v for key, v in values.items() if before.get(key) != v}
        left = tuple(offsets[array] for array in arrays)
        self._known[found] = tuple(code), left, changed
        return code

    def _new_positions(
        self, strip: Strip, position: Position, row: int, targets: list[MapLayout]
    ) -> list[Code]:
        code = position.begin_row()
        stored, across = self._stored_row(row), stored_columns(self.stores[0]).step
        code += self.maps.begin_columns(targets, stored, strip.start * across)
        bodies: list[Body] = []
        for column in range(strip.start, strip.stop):
            body = position.lower(row, column)
            last = (column + 1) * across - 1
            bodies.append((*body, *self.maps.after_column(targets, last)))
            if column + 1 < strip.stop:
                move = self.maps.next_column(targets, stored, last)
                if move:
                    bodies.append(tuple(move))
        return code + roll(bodies, longest=2 * self.around.machine.ports + 2)

    def _stored_row(self, row: int) -> int:
        """Row of the maps that the sweep writes at one of its own."""
        rows = stored_rows(self.stores[0])
        return rows.start + (row - self.sweep.rows.start) * rows.step

    def _layout(self, region: Region) -> MapLayout:
        return self.around.layouts[region.source]

    def _synchronise(self, kind: type[Operation], per: str) -> list[Code]:
        """WAITs or CALLs of the period ``per``."""
        return [
            item
            for op in self.body
            if isinstance(op, tile.AwaitOp | tile.SignalOp)
            and isinstance(op, kind)
            and period(op) == per
            for item in synchronise(op, self.around.sequences)
        ]
