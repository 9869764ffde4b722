"""Numbers of many lanes as bit planes, so that one operation is a gate in all lanes.

A plane is an int whose bit ``k`` belongs to lane ``k``; a number is a list of planes,
least significant first, in two's complement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Number", "Plane", "bit_of", "pack", "unpack", "unpack_flags"]

Plane: TypeAlias = int
Number: TypeAlias = list[Plane]


def pack(values: NDArray[np.int64], width: int) -> Number:
    """The ``width`` low bits of ``values`` (int64, shape (lanes,)) as planes."""
    bits = ((values >> np.arange(width)[:, None]) & 1).astype(np.uint8)
    rows = np.packbits(bits, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in rows]


def unpack(number: Sequence[Plane], lanes: int) -> NDArray[np.int64]:
    """The values of up to 64 planes in two's complement: int64, shape (lanes,)."""
    top = len(number) - 1
    places = np.array([*(1 << place for place in range(top)), -(1 << top)], np.int64)
    return places @ _bits(number, lanes).astype(np.int64)


def unpack_flags(plane: Plane, lanes: int) -> NDArray[np.bool_]:
    """One plane as bool, shape (lanes,)."""
    return _bits([plane], lanes)[0].astype(np.bool_)


def bit_of(number: Sequence[Plane], place: int) -> Plane:
    """The bit at ``place``: zero below the number, its sign above."""
    return number[min(place, len(number) - 1)] if place >= 0 else 0


def _bits(number: Sequence[Plane], lanes: int) -> NDArray[np.uint8]:
    """Zeros and ones, shape (len(number), lanes)."""
    size = -(-lanes // 8)
    data = b"".join(plane.to_bytes(size, "little") for plane in number)
    rows = np.frombuffer(data, np.uint8).reshape(len(number), size)
    return np.unpackbits(rows, axis=1, count=lanes, bitorder="little")
