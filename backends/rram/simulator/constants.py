"""The constants that a program's setup sections put into its cores, as flat arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cimc.backends.rram.check import CoreSetup
from cimc.backends.rram.isa import ProgramOp, SetParametersOp, SetTableOp
from cimc.diagnostics import InputError
from cimc.dialects.cim import WeightsRef
from cimc.weights import Array, WeightStore

__all__ = ["Constants", "Places", "Pool"]

_TABLE_ENTRIES = 256


class _Flat:
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


class Places(NamedTuple):
    """Where the constants of one core start in the flat arrays, by register."""

    crossbars: dict[int, int]
    parameters: dict[int, int]
    tables: dict[int, int]


class Constants(NamedTuple):
    """The flat arrays: crossbar blocks row by row, parameters, tables of 256."""

    weights: Array
    biases: Array
    multipliers: Array
    tables: Array


class Pool:
    """Flat arrays of all blocks, parameters and tables in use."""

    def __init__(self, weights: WeightStore) -> None:
        self._store = weights
        self._blocks = _Flat(np.int8)
        self._biases = _Flat(np.int32)
        self._multipliers = _Flat(np.float32)
        self._tables = _Flat(np.uint8)

    def places(self, setup: CoreSetup) -> Places:
        """Take in all constants of a core.

        Raises:
            InputError: one is missing, differs or is of the wrong kind (E012, E026).
        """
        return Places(
            {xb: self._block(op) for xb, op in setup.crossbars.items()},
            {q: self._parameters(op) for q, op in setup.parameters.items()},
            {t: self._table(op) for t, op in setup.tables.items()},
        )

    def _block(self, op: ProgramOp) -> int:
        """Place of the crossbar's weights in ``weights``, row by row."""
        matrix = self._constant(op.matrix, np.int8, 2)
        rows, columns = op.row + op.rows, op.column + op.columns
        if rows > matrix.shape[0] or columns > matrix.shape[1]:
            raise _unfit(op.matrix, f"has shape {matrix.shape}, {op.text()}")
        block = matrix[op.row : rows, op.column : columns]
        key = (op.matrix, op.row, op.column, block.shape)
        return self._blocks.place(key, block)

    def _parameters(self, op: SetParametersOp) -> int:
        """Place of a parameter register in ``biases`` and ``multipliers``."""
        part = slice(op.column, op.column + op.n)
        bias = self._constant(op.bias, np.int32, 1)[part]
        multiplier = self._constant(op.multiplier, np.float32, 1)[part]
        if min(bias.size, multiplier.size) < op.n:
            raise _unfit(op.bias, f"or its multiplier is too short, {op.text()}")
        if not np.isfinite(multiplier).all():
            raise _unfit(op.multiplier, "has values that are not finite")
        key = (op.bias, op.multiplier, op.column, op.n)
        self._multipliers.place(key, multiplier)
        return self._biases.place(key, bias)

    def _table(self, op: SetTableOp) -> int:
        """Place of a table in ``tables``."""
        table = self._constant(op.table, np.uint8, 1)
        if table.size != _TABLE_ENTRIES:
            raise _unfit(op.table, f"has {table.size} entries, a table has 256")
        return self._tables.place((op.table,), table)

    def constants(self) -> Constants:
        """Everything taken in so far."""
        return Constants(
            self._blocks.joined(),
            self._biases.joined(),
            self._multipliers.joined(),
            self._tables.joined(),
        )

    def _constant(self, ref: WeightsRef, dtype: type, dimensions: int) -> Array:
        array = self._store.get_checked(ref.symbol.data, ref.checksum.data)
        if array.dtype != dtype or array.ndim != dimensions:
            raise _unfit(
                ref,
                f"is {array.dtype} with {array.ndim} dimensions instead of "
                f"{np.dtype(dtype)} with {dimensions}",
            )
        return array


def _unfit(ref: WeightsRef, why: str) -> InputError:
    return InputError(
        "E026",
        f"constant {ref.symbol.data!r} {why}",
        hints=("use the weights.npz that was written with this program",),
    )
