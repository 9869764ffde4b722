"""A device segment of an artifact: its program, its border, its part of the chip."""

from __future__ import annotations

from dataclasses import dataclass

from cimc.frontend import Border
from cimc.target import Chip, Part

__all__ = ["Segment"]


@dataclass(frozen=True)
class Segment:
    """What the device runs in one go.

    ``part`` is what of the chip belongs to the segment alone. Without one it has the
    whole chip; where there are several such segments, the chip is programmed anew
    before each.
    """

    program: bytes
    border: Border
    pipeline: str
    part: Part | None = None

    @property
    def first(self) -> int:
        """The first core or bank that belongs to it."""
        return 0 if self.part is None else self.part.first

    def chip(self, whole: Chip) -> Chip:
        """The chip that the program was compiled for.

        Raises:
            InputError: ``whole`` has no such part (E021).
        """
        return whole if self.part is None else self.part.of(whole)
