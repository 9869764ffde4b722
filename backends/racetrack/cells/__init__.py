"""Gate-level models of multiply-accumulate cells: README.md beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cimc.backends.racetrack.cells.booth import BoothMultiplier
from cimc.backends.racetrack.cells.cell import Cell
from cimc.backends.racetrack.cells.ripple import RippleMultiplier
from cimc.backends.racetrack.cells.steps import Steps
from cimc.backends.racetrack.cells.transverse import TransverseMultiplier
from cimc.diagnostics import InputError

__all__ = ["CELLS", "Cell", "Steps", "get_cell"]

#: All cells by name, the simplest first.
CELLS: Mapping[str, Cell] = MappingProxyType(
    {
        cell.name: cell
        for cell in (
            Cell("ripple", RippleMultiplier()),
            Cell("booth", BoothMultiplier()),
            Cell("transverse-read", TransverseMultiplier()),
        )
    }
)


def get_cell(name: str) -> Cell:
    """The cell called ``name``.

    Raises:
        InputError: there is none (E021).
    """
    try:
        return CELLS[name]
    except KeyError:
        raise InputError(
            "E021", f"unknown cell {name!r}", hints=(f"one of: {', '.join(CELLS)}",)
        ) from None
