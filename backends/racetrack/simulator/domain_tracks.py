"""Tracks as magnetic domains that move past ports, for the domain-level simulator.

A track has ``domains + overhead_domains`` positions. Ports stand still: port ``p`` at
position ``highest_offset + p * segment``. A step moves the contents of all positions by
one; what leaves an end is lost, and what comes in at the other is empty.
"""

from __future__ import annotations

import numpy as np

from cimc.backends.racetrack.machine import RacetrackMachine
from cimc.weights import Array

__all__ = ["OVERHEAD", "Tracks", "Trap"]

#: Mark of a position that holds no domain of the data.
OVERHEAD = -1


class Trap(Exception):
    """An instruction that the machine refuses: the number of the error, and why."""

    def __init__(self, number: str, message: str) -> None:
        super().__init__(message)
        self.number, self.message = number, message


class Tracks:
    """An array: the tracks of some macro units side by side, which shift together.

    ``bits`` is all that the hardware holds: one bit per position and track, idle tracks
    among them. Beside them move planes that only the simulator sees, an entry per
    position: ``domains`` (which domain of the data is there), ``stored`` (how many bits
    of its word have been written) and ``writers`` (by whom).
    """

    def __init__(
        self, name: str, machine: RacetrackMachine, units: int, tracks: int
    ) -> None:
        positions = machine.domains + machine.overhead_domains
        home = machine.highest_offset
        self.name = name
        self.bits: Array = np.zeros((positions, units * tracks), np.uint8)
        self.domains: Array = np.full(positions, OVERHEAD)
        self.domains[home : home + machine.domains] = np.arange(machine.domains)
        self.stored: Array = np.zeros(positions, np.int64)
        self.writers: Array = np.full(positions, "", object)
        self.ports = [home + port * machine.segment for port in range(machine.ports)]
        # Bit k of a word is on a track of macro unit k // word_bits.
        unit, bit = np.divmod(np.arange(units * machine.word_bits), machine.word_bits)
        self._track_of: Array = unit * tracks + bit

    @property
    def count(self) -> int:
        """How many tracks there are."""
        return self.bits.shape[1]

    @property
    def at_home(self) -> bool:
        """Whether the array stands where it did when the program was loaded."""
        return bool(self.domains[self.ports[0]] == 0)

    def step(self, *, up: bool) -> int:
        """Move everything by one position; the domain that was lost, or OVERHEAD.

        ``up`` brings higher domains under the ports.
        """
        lost = int(self.domains[0 if up else -1])
        for plane, empty in (
            (self.bits, 0),
            (self.domains, OVERHEAD),
            (self.stored, 0),
            (self.writers, ""),
        ):
            if up:
                plane[:-1] = plane[1:].copy()
                plane[-1] = empty
            else:
                plane[1:] = plane[:-1].copy()
                plane[0] = empty
        return lost

    def shift(self, by: int) -> None:
        """Take steps, upwards if positive; losing a domain of the data traps (E047)."""
        for _ in range(abs(by)):
            lost = self.step(up=by > 0)
            if lost != OVERHEAD:
                raise Trap(
                    "E047",
                    f"shifts {self.name} by {by}, which pushes domain {lost} off the "
                    "end of its tracks",
                )

    def position(self, domain: int) -> int:
        """Where a domain of the data is."""
        return int(np.flatnonzero(self.domains == domain)[0])

    def under_port(self, domain: int) -> int:
        """The port's position that ``domain`` is at; elsewhere it traps (E048)."""
        for port in self.ports:
            if domain != OVERHEAD and self.domains[port] == domain:
                return port
        found = ", ".join(str(self.domains[port]) for port in self.ports)
        raise Trap(
            "E048",
            f"no port stands over domain {domain} of {self.name}, they stand over "
            f"{found}",
        )

    def sense(self, position: int, first: int, count: int) -> Array:
        """Bits [first, first + count) of the word at a position."""
        return self.bits[position, self._track_of[first : first + count]]

    def write(self, position: int, word: Array, writer: str) -> None:
        """Write the first bits of the word at a position."""
        self.bits[position, self._track_of[: word.size]] = word
        self.stored[position] = word.size
        self.writers[position] = writer
