"""The constants that a program sets up, as flat arrays."""

from __future__ import annotations

import numpy as np

from cimc.diagnostics import InputError
from cimc.dialects.cim import WeightsRef
from cimc.isa.vector import SetParameters, SetTable
from cimc.weights import Array, WeightStore

__all__ = ["Flat", "Pool", "unfit"]

_TABLE_ENTRIES = 256


class Flat:
    """Arrays one after another; equal keys share their place."""

    def __init__(self, dtype: type) -> None:
        self._parts: list[Array] = [np.empty(0, dtype)]
        self._places: dict[tuple[object, ...], int] = {}
        self._size = 0

    def place(self, key: tuple[object, ...], part: Array) -> int:
        """Where ``part`` starts in the joined array."""
        if key not in self._places:
            self._places[key] = self._size
            self._size += part.size
            self._parts.append(part.ravel())
        return self._places[key]

    def joined(self) -> Array:
        """All parts as one array."""
        return np.concatenate(self._parts)


class Pool:
    """Flat arrays of all parameters and tables in use; a machine adds its weights."""

    def __init__(self, weights: WeightStore) -> None:
        self._store = weights
        self._biases = Flat(np.int32)
        self._multipliers = Flat(np.float32)
        self._tables = Flat(np.uint8)

    def parameters(self, op: SetParameters) -> int:
        """Place of a parameter register in ``biases`` and ``multipliers``.

        Raises:
            InputError: a constant is missing, differs or does not fit (E012, E026).
        """
        part = slice(op.column, op.column + op.n)
        bias = self.constant(op.bias, np.int32, 1)[part]
        multiplier = self.constant(op.multiplier, np.float32, 1)[part]
        if min(bias.size, multiplier.size) < op.n:
            raise unfit(op.bias, f"or its multiplier is too short, {op.text()}")
        if not np.isfinite(multiplier).all():
            raise unfit(op.multiplier, "has values that are not finite")
        key = (op.bias, op.multiplier, op.column, op.n)
        self._multipliers.place(key, multiplier)
        return self._biases.place(key, bias)

    def table(self, op: SetTable) -> int:
        """Place of a table in ``tables``.

        Raises:
            InputError: the constant is missing, differs or does not fit (E012, E026).
        """
        table = self.constant(op.table, np.uint8, 1)
        if table.size != _TABLE_ENTRIES:
            raise unfit(op.table, f"has {table.size} entries, a table has 256")
        return self._tables.place((op.table,), table)

    def joined(self) -> tuple[Array, Array, Array]:
        """Biases, multipliers and tables (of 256 each) taken in so far."""
        return (
            self._biases.joined(),
            self._multipliers.joined(),
            self._tables.joined(),
        )

    def constant(self, ref: WeightsRef, dtype: type, dimensions: int) -> Array:
        """An array of the weight store, which must be of that kind.

        Raises:
            InputError: it is missing, differs or does not fit (E012, E026).
        """
        array = self._store.get_checked(ref.symbol.data, ref.checksum.data)
        if array.dtype != dtype or array.ndim != dimensions:
            raise unfit(
                ref,
                f"is {array.dtype} with {array.ndim} dimensions instead of "
                f"{np.dtype(dtype)} with {dimensions}",
            )
        return array


def unfit(ref: WeightsRef, why: str) -> InputError:
    """The error for a constant that is not what the program needs (E026)."""
    return InputError(
        "E026",
        f"constant {ref.symbol.data!r} {why}",
        hints=("use the weights.npz that was written with this program",),
    )
