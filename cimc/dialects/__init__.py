"""The dialects of cimc, by name; nothing is imported before it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.ir import Dialect


def _cim() -> Dialect:
    from cimc.dialects.cim import CIM

    return CIM


def _cnn() -> Dialect:
    from cimc.dialects.cnn import CNN

    return CNN


def _tile() -> Dialect:
    from cimc.dialects.tile import TILE

    return TILE


#: The dialects that every target shares. A backend adds its own.
DIALECTS: dict[str, Callable[[], Dialect]] = {
    "cim": _cim,
    "cnn": _cnn,
    "tile": _tile,
}
