"""The elementary steps, executed on all lanes in lockstep and counted.

Nothing else in this package counts, and no step depends on a bit: what one lane takes
is what every lane takes.
"""

from __future__ import annotations

from collections.abc import Sequence

from cimc.backends.racetrack.cells.bits import Number, Plane
from cimc.backends.racetrack.cells.steps import Steps

__all__ = ["Lanes", "Segment"]


class Lanes:
    """Some lanes under one control sequence, and the steps that each has taken.

    A lane has working tracks, which hold its numbers a bit per domain, and a port on
    each. They lie side by side and shift together, so one column, the bits of one
    place, is under the ports at a time. (Ours: one port per working track is the
    least that works.) ``ones`` is the plane that is one in every lane.
    """

    def __init__(self, count: int) -> None:
        self.ones: Plane = (1 << count) - 1
        self._column = 0
        self._sense = self._gate = self._write = self._shift = 0
        self._transverse_read = self._transverse_write = 0

    @property
    def steps(self) -> Steps:
        """The steps of one lane so far."""
        return Steps(
            sense=self._sense,
            gate=self._gate,
            write=self._write,
            shift=self._shift,
            transverse_read=self._transverse_read,
            transverse_write=self._transverse_write,
        )

    def shift_to(self, column: int) -> None:
        """Shift the working tracks until ``column`` is under the ports."""
        self._shift += abs(column - self._column)
        self._column = column

    def sense_weight(self, weight: Sequence[Plane], place: int) -> Plane:
        """Sense a bit of the weight; all of them stand under ports of their own."""
        self._sense += 1
        return weight[place]

    def sense(self, track: Number, column: int) -> Plane:
        """Sense ``column`` of the working tracks; returns the bit of ``track``."""
        self.shift_to(column)
        self._sense += 1
        return track[column]

    def write(self, track: Number, column: int, plane: Plane) -> None:
        """Write a bit to ``column`` of a working track: a used one, or the next."""
        self.shift_to(column)
        self._write += 1
        track[column : column + 1] = [plane]

    def full_add(self, a: Plane, b: Plane, carry: Plane) -> tuple[Plane, Plane]:
        """Sum and carry of three bits."""
        self._gate += 1
        half = a ^ b
        return half ^ carry, (a & b) | (half & carry)

    def recode(self, high: Plane, middle: Plane, low: Plane) -> Sequence[Plane]:
        """The Booth digit middle + low - 2·high as lines: one, two, negative."""
        self._gate += 1
        one = middle ^ low
        two = (high ^ middle) & (one ^ self.ones)
        return one, two, high

    def decode(self, levels: Sequence[Plane]) -> list[Plane]:
        """The binary number of a count given as levels, ``levels[k]``: above ``k``.

        Place ``p`` is the parity of how many multiples of 2**p the count reaches.
        """
        self._gate += 1
        digits: list[Plane] = []
        for place in range(len(levels).bit_length()):
            digit = 0
            for level in levels[(1 << place) - 1 :: 1 << place]:
                digit ^= level
            digits.append(digit)
        return digits

    def transverse_write(self, segment: Segment, plane: Plane) -> None:
        """Push a bit into a segment; its oldest bit is lost."""
        self._transverse_write += 1
        segment.domains = [plane, *segment.domains[:-1]]

    def transverse_read(self, segment: Segment) -> list[Plane]:
        """How many domains of a segment hold a one, as levels: ``[k]`` is above ``k``.

        The sense amplifier compares one resistance with a reference per level.
        """
        self._transverse_read += 1
        levels = [0] * len(segment.domains)
        for count, domain in enumerate(segment.domains):
            for level in range(count, 0, -1):
                levels[level] |= levels[level - 1] & domain
            levels[0] |= domain
        return levels


class Segment:
    """The domains between two ports of a track, newest first.

    It starts with ones, as if another product had been there: a bit that a cell
    forgets to overwrite shows in its results.
    """

    def __init__(self, lanes: Lanes, distance: int) -> None:
        self.domains: list[Plane] = [lanes.ones] * distance
