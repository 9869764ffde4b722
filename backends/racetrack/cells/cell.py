"""A cell: a multiplier, then the serial adder into an accumulator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cimc.backends.racetrack.cells.adder import SerialAdder
from cimc.backends.racetrack.cells.bits import (
    Number,
    Plane,
    pack,
    unpack,
    unpack_flags,
)
from cimc.backends.racetrack.cells.lanes import Lanes
from cimc.backends.racetrack.cells.steps import Steps

__all__ = ["ACTIVATION_BITS", "Cell", "Multiplier", "product_bits"]

#: An activation is int8 or uint8; the cell's latch has a ninth bit for the sign.
ACTIVATION_BITS = 8


def product_bits(weight: Sequence[Plane]) -> int:
    """Columns of a product: [-128, 255] times ``b`` bits fits ``b`` + 8 bits."""
    return len(weight) + ACTIVATION_BITS


class Multiplier(Protocol):
    """What tells one cell from another."""

    def multiply(
        self, lanes: Lanes, activation: Sequence[Plane], weight: Sequence[Plane]
    ) -> Number:
        """The exact product, :func:`product_bits` columns of a working track.

        ``activation`` has 9 bits and is latched in the cell, which is free; ``weight``
        stands under ports, a bit per track, and each use of a bit has to sense it.
        """
        ...


@dataclass(frozen=True)
class Cell:
    """A multiply-accumulate cell of one lane.

    The product goes to one working track and is added to the accumulator on another,
    in two's complement. The working tracks return to column 0 in the end, so that all
    MACs take the same steps.

    Steps, for a weight of b bits and an accumulator of a bits: those of the product,
    which end at column b + 7, and
      sense  a: each column takes a bit of both numbers
      gate   a
      write  a
      shift  b + 7 back to column 0, a - 1 along the addition, a - 1 back

    Source: ours. Choong et al., arXiv 2507.01429, build a MAC of racetrack arithmetic
    cells; we have read the abstract and introduction and do not know the circuits.
    """

    name: str
    multiplier: Multiplier

    def multiply_accumulate(
        self,
        accumulator: NDArray[np.int64],
        activation: NDArray[np.int64],
        weight: NDArray[np.int64],
        *,
        weight_bits: int,
        accumulator_bits: int,
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_], Steps]:
        """accumulator + activation · weight, lane by lane, gate by gate.

        Args:
            accumulator: shape (lanes,), fits ``accumulator_bits``.
            activation: shape (lanes,), within [-128, 255].
            weight: shape (lanes,), fits ``weight_bits``.
            weight_bits: 2 to 8.
            accumulator_bits: ``weight_bits`` + 8, which a product takes, to 64.

        Returns:
            The new accumulators (int64), True for lanes that overflowed, which keep
            the low bits of the sum, and the steps that each lane took.
        """
        assert 2 <= weight_bits <= ACTIVATION_BITS
        assert weight_bits + ACTIVATION_BITS <= accumulator_bits <= 64
        assert accumulator.shape == activation.shape == weight.shape
        assert ((activation >= -128) & (activation <= 255)).all()
        assert _fits(weight, weight_bits)
        assert _fits(accumulator, accumulator_bits)
        count = len(accumulator)
        lanes = Lanes(count)
        product = self.multiplier.multiply(
            lanes, pack(activation, ACTIVATION_BITS + 1), pack(weight, weight_bits)
        )
        total = pack(accumulator, accumulator_bits)
        overflow = SerialAdder().add(lanes, total, product, columns=accumulator_bits)
        lanes.shift_to(0)
        return unpack(total, count), unpack_flags(overflow, count), lanes.steps

    def steps(self, weight_bits: int, accumulator_bits: int) -> Steps:
        """The steps of one MAC, counted while one of zeros is executed."""
        return _steps(self, weight_bits, accumulator_bits)


def _fits(values: NDArray[np.int64], bits: int) -> bool:
    sign = values >> (bits - 1)
    return bool(((sign == 0) | (sign == -1)).all())


@cache
def _steps(cell: Cell, weight_bits: int, accumulator_bits: int) -> Steps:
    zero = np.zeros(1, np.int64)
    *_, steps = cell.multiply_accumulate(
        zero, zero, zero, weight_bits=weight_bits, accumulator_bits=accumulator_bits
    )
    return steps
