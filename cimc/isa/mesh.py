"""The places of cores on a mesh.

Cores are numbered along a line that goes to and fro through the rows, so that
neighbours in number are neighbours on the chip.
"""

from __future__ import annotations

__all__ = ["place_of"]


def place_of(core: int, columns: int) -> tuple[int, int]:
    """Row and column of a core on a mesh of so many columns."""
    row, column = divmod(core, columns)
    return row, columns - 1 - column if row % 2 else column
