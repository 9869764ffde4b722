"""What PROGRAM stores, checked: for simulators of all fidelities."""

from __future__ import annotations

import numpy as np

from cimc.backends.racetrack import isa
from cimc.backends.racetrack.machine import RacetrackMachine
from cimc.simulation.constants import Pool, unfit
from cimc.weights import Array

__all__ = ["stored_rows"]


def stored_rows(
    op: isa.ProgramOp, machine: RacetrackMachine, pool: Pool
) -> tuple[Array, Array]:
    """The block of a matrix, and which of its rows each domain holds (negative: none).

    Raises:
        InputError: a constant is missing, differs or does not fit (E012, E026).
    """
    matrix = pool.constant(op.matrix, np.int8, 2)
    order = pool.constant(op.order, np.int32, 1)
    rows, columns = op.row + op.rows, op.column + op.columns
    if rows > matrix.shape[0] or columns > matrix.shape[1]:
        raise unfit(op.matrix, f"has shape {matrix.shape}, {op.text()}")
    if order.size != machine.domains or order.max(initial=-1) >= op.rows:
        raise unfit(
            op.order, f"does not place {op.rows} rows in {machine.domains} domains"
        )
    block = matrix[op.row : rows, op.column : columns]
    low, high = -(1 << machine.weight_bits - 1), (1 << machine.weight_bits - 1) - 1
    if block.size and not low <= block.min() <= block.max() <= high:
        raise unfit(op.matrix, f"leaves the {machine.weight_bits} bits of a weight")
    return block, order
