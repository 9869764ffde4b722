"""Feature maps on tracks: reading rows into the line buffer, writing columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cimc.backends.racetrack.isa import MapShiftOp, ReadOp, TransferOp, WriteOp
from cimc.backends.racetrack.layout import MapLayout, Slice
from cimc.backends.racetrack.lowering.addresses import Addresses
from cimc.backends.racetrack.lowering.code import Body, Code, plain, roll
from cimc.backends.racetrack.lowering.lines import Lines
from cimc.backends.racetrack.lowering.offsets import Offsets
from cimc.backends.racetrack.lowering.shifts import shifts
from cimc.backends.racetrack.machine import RacetrackMachine
from cimc.backends.racetrack.regions import Region
from cimc.dialects.cim import Range

__all__ = ["MapCode", "Moved"]

_LINE, _HOME = "line buffer", "home"
_READ, _WRITE = "domain read", "domain written"


class Moved(NamedTuple):
    """Rows that a sweep goes through: from one to the next it is ``stride``."""

    first: int
    stride: int
    stop: int


class _Rows(NamedTuple):
    """What a register follows: rows from ``first`` on in steps of ``stride``.

    It counts the kept rows, every ``step``-th from row ``phase`` on, backwards from
    row ``stop``, so that copies that keep different rows of a map share it and the
    numbers of arrays relative to it are not negative.
    """

    phase: int
    step: int
    segments: int
    first: int
    stride: int
    stop: int

    def value(self, row: int) -> int:
        """Value at a row: minus the arrays of the kept rows from there to ``stop``."""
        before, all_ = ((self.phase - r) // self.step for r in (row, self.stop))
        return (all_ - before) * self.segments


@dataclass
class MapCode:
    """Makes the code that moves words of maps in one sweep.

    Array numbers are relative to a register that follows the row, so that the code of
    one row is that of the next; domains to one that follows the column.
    """

    offsets: Offsets
    addresses: Addresses
    _rows: dict[MapLayout, _Rows] = field(default_factory=dict[MapLayout, _Rows])

    def follow_rows(self, rows: Mapping[MapLayout, Moved]) -> list[Code]:
        """Let registers follow rows of each layout, which may lie outside of it."""
        self._rows = {}
        for layout, moved in rows.items():
            step = layout.rows.step
            self._rows[layout] = _Rows(
                layout.rows.start % step,
                step,
                layout.segments,
                moved.first,
                moved.stride,
                moved.stop,
            )
        keys = dict.fromkeys(self._rows.values())
        return [self.addresses.set(key, key.value(key.first)) for key in keys]

    def next_row(self, done: int) -> list[Code]:
        """Move all registers on to the row after ``done`` rows of the sweep."""
        code: list[Code] = []
        for key in dict.fromkeys(self._rows.values()):
            row = key.first + done * key.stride
            code += self.addresses.step(key, key.value(row))
        return code

    def go_to_row(self, layout: MapLayout, row: int) -> list[Code]:
        """Move the register of a layout to ``row``, and on or back from there."""
        key = self._rows[layout]
        return self.addresses.step(key, key.value(row))

    def steps_saved_backwards(
        self, layout: MapLayout, row: int, columns: Sequence[int], channels: Range
    ) -> int:
        """How much nearer than the first column of a row the last one is."""
        return sum(
            self._distance(layout, part, row, columns[0])
            - self._distance(layout, part, row, columns[-1])
            for part in layout.parts(channels)
            if columns
        )

    def _distance(self, layout: MapLayout, part: Slice, row: int, column: int) -> int:
        """Steps from where the array of a column stands to that column."""
        offset = layout.domain(column) % layout.distance
        return abs(self.offsets[layout.array(part, row, column)] - offset)

    def read_row(
        self, layout: MapLayout, region: Region, lines: Lines, slot: int, row: int
    ) -> list[Code]:
        """Read the columns of input row ``row`` that the strip needs into a slot."""
        code: list[Code] = []
        needed = [layout.columns.index(c) for c in region.needed_columns(lines.strip)]
        pitch = layout.columns.step * region.channels.size
        for part in layout.slices:
            start = max(part.start, region.channels.start)
            stop = min(part.stop, region.channels.stop)
            for first in range(0, len(layout.columns), layout.domains):
                places = [p - first for p in needed if 0 <= p - first < layout.domains]
                if start < stop and places:
                    column = layout.columns[first]
                    array = layout.array(part, row, column)
                    word: dict[str, object] = {
                        "first": start - part.start,
                        "length": stop - start,
                    }
                    line = lines.address(region, slot, column, start)
                    code += self._scan(layout, array, places, word, line, pitch)
        return code

    def _scan(
        self,
        layout: MapLayout,
        array: int,
        places: list[int],
        word: dict[str, object],
        line: int,
        pitch: int,
    ) -> list[Code]:
        """Read words of one array, from the end at which it stands.

        ``line`` is where place 0 of the array goes in the line buffer, ``pitch`` the
        bytes from one place to the next.
        """
        by_offset: dict[int, list[int]] = {}
        for place in places:
            by_offset.setdefault(place // layout.ports, []).append(place % layout.ports)
        scan = sorted(by_offset)
        now = self.offsets[array]
        if abs(now - scan[-1]) < abs(now - scan[0]):
            scan.reverse()
        per_offset = layout.ports * pitch
        code: list[Code] = [
            self.addresses.set(_READ, scan[0]),
            self.addresses.set(_LINE, scan[0] * per_offset),
        ]
        bodies: list[Body] = []
        for offset in scan:
            body: list[Code] = []
            body += self.addresses.step(_READ, offset)
            body += self.addresses.step(_LINE, offset * per_offset)
            for port in by_offset[offset]:
                domain = port * layout.distance
                body += self._reach(layout, array, domain + offset)
                body.append(
                    plain(
                        ReadOp,
                        to=self.addresses.register(_LINE),
                        offset=line + port * pitch,
                        **self._place(layout, array),
                        domain=domain,
                        at=self.addresses.register(_READ),
                        **word,
                    )
                )
                body += self._afterwards(layout, array)
            bodies.append(tuple(body))
        return code + roll(bodies, longest=4)

    def begin_columns(
        self, layouts: Iterable[MapLayout], row: int, column: int
    ) -> list[Code]:
        """Bring arrays of a row that is written to their places from a column on."""
        code: list[Code] = []
        for layout in layouts:
            first = self._next_kept(layout, column)
            if first is not None:
                key = (_WRITE, layout.columns)
                value = layout.domain(first)
                code.append(self.addresses.set(key, value))
                code += self._reach_column(layout, row, first)
        return list(dict.fromkeys(code))

    def go_to_column(self, layout: MapLayout, row: int, column: int) -> list[Code]:
        """Bring the arrays of a row to a column, if it is kept."""
        if row not in layout.rows or column not in layout.columns:
            return []
        key = (_WRITE, layout.columns)
        code = self.addresses.step(key, layout.domain(column))
        return code + self._reach_column(layout, row, column)

    def after_column(self, layouts: Iterable[MapLayout], column: int) -> list[Code]:
        """On to the domain under the next port, where the column was written."""
        code: list[Code] = []
        for key in dict.fromkeys(layout.columns for layout in layouts):
            layout = next(found for found in layouts if found.columns == key)
            if column in layout.columns:
                value = layout.domain(column) + layout.distance
                code += self.addresses.step((_WRITE, key), value)
        return code

    def next_column(
        self, layouts: Iterable[MapLayout], row: int, column: int
    ) -> list[Code]:
        """From columns that share an offset to the next ones, after ``column``."""
        code: list[Code] = []
        for layout in layouts:
            following = self._next_kept(layout, column + 1)
            if column in layout.columns and following is not None:
                key, value = (_WRITE, layout.columns), layout.domain(following)
                code += self.addresses.step(key, value)
                code += self._reach_column(layout, row, following)
        return code

    @staticmethod
    def _next_kept(layout: MapLayout, column: int) -> int | None:
        """The first kept column from ``column`` on."""
        kept = layout.columns
        skipped = max(0, -((kept.start - column) // kept.step))
        return kept[skipped] if skipped < len(kept) else None

    def _reach_column(self, layout: MapLayout, row: int, column: int) -> list[Code]:
        if self._eager:
            return []
        return [
            item
            for part in layout.slices
            for item in self._reach(
                layout, layout.array(part, row, column), layout.domain(column)
            )
        ]

    def write(
        self,
        layout: MapLayout,
        row: int,
        column: int,
        source: int,
        remote: bool,
    ) -> list[Code]:
        """Write all slices of a column, if it is kept, from a vector register."""
        code: list[Code] = []
        if row not in layout.rows or column not in layout.columns:
            return code
        for part in layout.slices:
            array = layout.array(part, row, column)
            if self._eager:
                code += self._reach(layout, array, layout.domain(column))
            code.append(
                plain(
                    TransferOp if remote else WriteOp,
                    **self._place(layout, array),
                    domain=0,
                    at=self.addresses.register((_WRITE, layout.columns)),
                    vs=source,
                    source=part.start - layout.slices[0].start,
                    length=part.width,
                )
            )
            code += self._afterwards(layout, array)
        return code

    def go_home(
        self, layout: MapLayout, part: Slice, arrays: Collection[int]
    ) -> list[Code]:
        """Bring those of ``arrays`` that a slice lies on back to offset 0."""
        code: list[Code] = [self.addresses.set(_HOME, 0)]
        bodies: list[Body] = []
        for index in range(len(layout.rows)):
            body: list[Code] = []
            for segment in range(layout.segments):
                array = part.first + index * layout.segments + segment
                steps = self.offsets.go_home(array) if array in arrays else 0
                m = array - self.addresses.values[_HOME]
                base = self.addresses.register(_HOME)
                body += shifts(MapShiftOp, steps, self._machine, m=m, base=base)
            body += self.addresses.step(_HOME, (index + 1) * layout.segments)
            bodies.append(tuple(body))
        while bodies and len(bodies[-1]) < 2:
            bodies.pop()
        return code + roll(bodies, longest=4) if bodies else []

    @property
    def _machine(self) -> RacetrackMachine:
        return self.offsets.machine

    @property
    def _eager(self) -> bool:
        return self._machine.port_update == "eager"

    def _place(self, layout: MapLayout, array: int) -> dict[str, object]:
        key = self._rows[layout]
        base = self.addresses.values[key]
        return {"m": array - base, "base": self.addresses.register(key)}

    def _reach(self, layout: MapLayout, array: int, domain: int) -> list[Code]:
        return self._moved(layout, array, self.offsets.reach(array, domain))

    def _afterwards(self, layout: MapLayout, array: int) -> list[Code]:
        if not self._eager:
            return []
        return self._moved(layout, array, self.offsets.go_home(array))

    def _moved(self, layout: MapLayout, array: int, steps: int) -> list[Code]:
        place = self._place(layout, array)
        return shifts(MapShiftOp, steps, self._machine, **place)
