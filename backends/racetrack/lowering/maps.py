"""Feature maps on tracks: reading rows into the line buffer, writing columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from cimc.backends.racetrack.isa import MapShiftOp, ReadOp, TransferOp, WriteOp
from cimc.backends.racetrack.layout import MapLayout, Slice
from cimc.backends.racetrack.lowering.addresses import Addresses
from cimc.backends.racetrack.lowering.code import Body, Code, plain, roll
from cimc.backends.racetrack.lowering.lines import Lines, Region
from cimc.backends.racetrack.lowering.offsets import Offsets

__all__ = ["MapCode"]

_LINE, _READ, _WRITE = "line buffer", "domain read", "domain written"


class _Rows(NamedTuple):
    """A register that follows rows: where it starts, and its step from row to row."""

    first: int
    stride: int


@dataclass
class MapCode:
    """Makes the code that moves words of maps in one sweep.

    Array numbers are relative to a register that follows the row, so that the code of
    one row is that of the next.
    """

    offsets: Offsets
    addresses: Addresses
    _rows: dict[MapLayout, _Rows] = field(default_factory=dict[MapLayout, _Rows])

    def follow_rows(self, layout: MapLayout, first: int, stride: int) -> Code:
        """Let a register follow the rows of ``layout``, from ``first`` on."""
        key = _Rows(first * layout.segments, stride * layout.segments)
        self._rows[layout] = key
        return self.addresses.set(key, first * layout.segments)

    def next_row(self, layouts: Iterable[MapLayout]) -> list[Code]:
        """Move the registers of ``layouts`` on by their strides."""
        code: list[Code] = []
        keys = dict.fromkeys(self._rows[layout] for layout in layouts)
        for key in keys:
            code += self.addresses.step(key, self.addresses.values[key] + key.stride)
        return code

    def read_row(
        self, layout: MapLayout, region: Region, lines: Lines, slot: int, row: int
    ) -> list[Code]:
        """Read the columns of input row ``row`` that the strip needs into a slot."""
        code: list[Code] = []
        needed = region.needed_columns(lines.strip)
        for part in layout.slices:
            start = max(part.start, region.channels.start)
            stop = min(part.stop, region.channels.stop)
            for first in range(0, layout.width, layout.domains):
                columns = [c for c in needed if first <= c < first + layout.domains]
                if start < stop and columns:
                    word = plain(ReadOp, first=start - part.start, length=stop - start)
                    line = lines.address(region, slot, first, start)
                    array = layout.array(part, row, first)
                    code += self._scan(
                        layout, array, [c - first for c in columns], word.fields, line,
                        region.channels.size,
                    )  # fmt: skip
        return code

    def _scan(
        self,
        layout: MapLayout,
        array: int,
        places: list[int],
        word: tuple[tuple[str, object], ...],
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
                        **dict(word),
                    )
                )
                body += self._afterwards(layout, array)
            bodies.append(tuple(body))
        return code + roll(bodies, longest=4)

    def begin_columns(
        self, layouts: Iterable[MapLayout], row: int, column: int
    ) -> list[Code]:
        """Bring the arrays that a row is written to to their first column."""
        code: list[Code] = []
        for layout in layouts:
            if not code:
                code.append(self.addresses.set(_WRITE, layout.domain(column)))
            code += self._reach_column(layout, row, column)
        return code

    def next_column(
        self, layouts: Iterable[MapLayout], row: int, column: int
    ) -> list[Code]:
        """From the columns that share an offset to the next ones, if need be."""
        code: list[Code] = []
        for layout in layouts:
            code += self.addresses.step(_WRITE, layout.domain(column))
            code += self._reach_column(layout, row, column)
        return code

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
        channels: tuple[int, int],
        source: int,
        remote: bool,
    ) -> list[Code]:
        """Write bytes [start, stop) of a column from vector register ``source``."""
        start, stop = channels
        code: list[Code] = []
        for part in layout.slices:
            if start <= part.start and part.stop <= stop:
                array = layout.array(part, row, column)
                if self._eager:
                    code += self._reach(layout, array, layout.domain(column))
                code.append(
                    plain(
                        TransferOp if remote else WriteOp,
                        **self._place(layout, array),
                        domain=0,
                        at=self.addresses.register(_WRITE),
                        vs=source,
                        source=part.start - start,
                        length=part.width,
                    )
                )
                code += self._afterwards(layout, array)
        return code

    def after_column(self, layout: MapLayout) -> list[Code]:
        """On to the domain under the next port."""
        value = self.addresses.values[_WRITE] + layout.distance
        return self.addresses.step(_WRITE, value)

    def go_home(self, layout: MapLayout, part: Slice) -> list[Code]:
        """Bring all arrays of a slice back to offset 0."""
        key = ("home", layout.segments)
        code: list[Code] = [self.addresses.set(key, 0)]
        bodies: list[Body] = []
        for row in range(layout.height):
            body: list[Code] = []
            for column in range(0, layout.width, layout.domains):
                array = layout.array(part, row, column)
                steps = self.offsets.go_home(array)
                if steps:
                    place = {
                        "m": array - self.addresses.values[key],
                        "base": self.addresses.register(key),
                    }
                    body.append(plain(MapShiftOp, **place, by=steps))
            body += self.addresses.step(key, (row + 1) * layout.segments)
            bodies.append(tuple(body))
        moved = any(len(body) > 1 for body in bodies)
        return code + roll(bodies, longest=4) if moved else []

    @property
    def _eager(self) -> bool:
        return self.offsets.machine.port_update == "eager"

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
        if not steps:
            return []
        return [plain(MapShiftOp, **self._place(layout, array), by=steps)]
