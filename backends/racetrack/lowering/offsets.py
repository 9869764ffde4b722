"""Where arrays stand while a program is made, and how they get to a domain."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from cimc.backends.racetrack.machine import RacetrackMachine

__all__ = ["Offsets"]


@dataclass
class Offsets:
    """The offset of every array that is not at 0."""

    machine: RacetrackMachine
    _offsets: dict[Hashable, int] = field(default_factory=dict[Hashable, int])

    def __getitem__(self, array: Hashable) -> int:
        return self._offsets.get(array, 0)

    def __setitem__(self, array: Hashable, offset: int) -> None:
        self._offsets[array] = offset

    def reach(self, array: Hashable, domain: int, count: int = 1) -> int:
        """Steps that bring a port over ``domain``; the array stands there from now on.

        With static ports the port of the domain's own segment serves it, else the one
        that has the shortest way. The ``count`` − 1 ports that follow stand over the
        domains that are as far apart.
        """
        machine, now = self.machine, self[array]
        own = domain // machine.segment
        nearest = machine.port_policy == "nearest"
        ports = range(machine.ports - count + 1) if nearest else (own,)
        targets = [domain - port * machine.segment for port in ports]
        target = min(
            (
                offset
                for offset in targets
                if machine.lowest_offset <= offset <= machine.highest_offset
            ),
            key=lambda offset: (abs(offset - now), offset),
        )
        self[array] = target
        return target - now

    def go_home(self, array: Hashable) -> int:
        """Steps that bring the array back to offset 0."""
        return -self._offsets.pop(array, 0)
