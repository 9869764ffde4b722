"""What banks share in a domain-level run: map arrays, the link, sequence registers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cimc.backends.racetrack.cells import get_cell
from cimc.backends.racetrack.chip import Chip
from cimc.backends.racetrack.dialect import ArraysOp
from cimc.backends.racetrack.simulator.domain_events import Events
from cimc.backends.racetrack.simulator.domain_tracks import Tracks, Trap
from cimc.weights import Array

__all__ = ["MapArray", "SharedParts"]

Register = tuple[int, int]
"""A sequence register: number of its bank, number in the bank."""


@dataclass(frozen=True)
class MapArray:
    """A map array: tracks of a bank with a word of ``width`` bytes per domain."""

    tracks: Tracks
    width: int
    bank: int

    def read(self, position: int, first: int, length: int) -> Array:
        """Bytes of the word at a position."""
        return np.packbits(
            self.tracks.sense(position, 8 * first, 8 * length), bitorder="little"
        )

    def write(self, position: int, data: Array, writer: str) -> None:
        """Write the word at a position, which must be as wide (E041)."""
        if data.size != self.width:
            raise Trap("E041", f"words of {self.tracks.name} have {self.width} bytes")
        self.tracks.write(position, np.unpackbits(data, bitorder="little"), writer)


class SharedParts:
    """The chip beyond its banks, and the count of all events."""

    def __init__(self, chip: Chip, arrays: Iterable[ArraysOp]) -> None:
        self.chip, self.machine = chip, chip.machine()
        self.cell = get_cell(chip.structure.cell)
        self.events = Events()
        self.maps: list[MapArray] = []
        for op in arrays:
            units = self.machine.map_macro_units(op.width)
            for number in range(op.first, op.stop):
                tracks = self.tracks(f"m{number}", units)
                self.maps.append(MapArray(tracks, op.width, op.bank))
        self.calls: dict[Register, list[tuple[int, int]]] = defaultdict(list)
        self._link_free = 0

    def tracks(self, name: str, units: int) -> Tracks:
        """A new array of that many macro units."""
        return Tracks(name, self.machine, units, self.chip.structure.tracks)

    def map_array(self, number: int) -> MapArray:
        """A map array; another number traps (E041)."""
        if not 0 <= number < len(self.maps):
            raise Trap("E041", f"there is no array m{number}")
        return self.maps[number]

    def take_link(self, request: int, size: int) -> int:
        """Move bytes over the link as soon as it is free; when they are through.

        Requests come in order of time.
        """
        self.events.link_bits += 8 * size
        start = max(request, self._link_free)
        self._link_free = start + -(-size // self.machine.link_bytes)
        return self._link_free

    def call(self, register: Register, by: int, visible: int) -> None:
        """Raise a sequence register; calls come in order of time."""
        calls = self.calls[register]
        total = calls[-1][1] if calls else 0
        calls.append((visible, total + by))

    def reached(self, register: Register, value: int) -> int | None:
        """When a sequence register reaches a value, as far as it has been called."""
        for time, total in self.calls.get(register, ()):
            if total >= value:
                return time
        return None
