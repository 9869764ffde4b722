"""Shift-and-add: one addition per bit of the weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cimc.backends.racetrack.cells.adder import SerialAdder
from cimc.backends.racetrack.cells.bits import Number, Plane
from cimc.backends.racetrack.cells.cell import product_bits
from cimc.backends.racetrack.cells.lanes import Lanes

__all__ = ["RippleMultiplier"]


@dataclass(frozen=True)
class RippleMultiplier:
    """Adds the activation where the weight has a one, from its lowest bit on.

    Addition ``j`` covers 10 columns from ``j``: the running sum, counted from there,
    stays below twice the activation. The top bit of a two's complement weight
    subtracts: the operand is inverted, and the first carry is one.

    Steps, for a weight of b bits:
      sense  b + 9·(b - 1): the weight; all but the first addition sense 9 columns,
             of which the last is the sign
      gate   10·b - 1: the last addition needs no tenth column
      write  10·b - 1
      shift  9·b - 1 along the additions, 8·(b - 1) back between them

    Source: the textbook's method; on racetrack adders, this arrangement is ours.
    """

    def multiply(
        self, lanes: Lanes, activation: Sequence[Plane], weight: Sequence[Plane]
    ) -> Number:
        """See :meth:`cimc.backends.racetrack.cells.cell.Multiplier.multiply`."""
        product: Number = []
        adder, width = SerialAdder(), product_bits(weight)
        for place in range(len(weight)):
            bit = lanes.sense_weight(weight, place)
            invert = lanes.ones if place == len(weight) - 1 else 0
            adder.add(
                lanes,
                product,
                [(plane & bit) ^ invert for plane in activation],
                columns=min(len(activation) + 1, width - place),
                start=place,
                carry=invert,
            )
        return product
