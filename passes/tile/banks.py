"""Shared memory in parts that lie at the cores of a mesh."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cimc.isa.mesh import place_of

__all__ = ["Banks"]


class Banks:
    """Free bytes of a memory of ``capacity`` bytes, an equal part at each core."""

    def __init__(self, capacity: int, alignment: int, cores: int, columns: int) -> None:
        self._alignment = alignment
        self._bank = capacity // cores
        self._free = [(0, capacity)]
        self._places = np.array([place_of(core, columns) for core in range(cores)])

    def take(self, size: int, traffic: Mapping[int, int]) -> int | None:
        """An address for ``size`` bytes near the cores that move them, by core.

        In the bank with the fewest byte-hops that has room for all, else anywhere;
        nothing if there is no room.
        """
        cores = np.array(list(traffic), np.int64)
        weights = np.array(list(traffic.values()), np.int64)
        distances = np.abs(self._places[:, None] - self._places[None, cores])
        hops = distances.sum(axis=2) @ weights
        for bank in np.argsort(hops, kind="stable").tolist():
            start = bank * self._bank
            stop = max(start + self._bank, start + size)
            address = self._find(size, start, stop)
            if address is not None:
                return self._claim(address, size)
        address = self._find(size, 0, self._free[-1][1] if self._free else 0)
        return None if address is None else self._claim(address, size)

    def _find(self, size: int, start: int, stop: int) -> int | None:
        """The first free place for ``size`` bytes in [start, stop)."""
        for first, last in self._free:
            address = -(-max(first, start) // self._alignment) * self._alignment
            if address + size <= min(last, stop):
                return address
        return None

    def _claim(self, address: int, size: int) -> int:
        stop = address + size
        self._free = [
            part
            for first, last in self._free
            for part in ((first, min(last, address)), (max(first, stop), last))
            if part[0] < part[1]
        ]
        return address
