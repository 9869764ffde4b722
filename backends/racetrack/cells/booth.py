"""Radix-4 Booth: one addition per two bits of the weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cimc.backends.racetrack.cells.adder import SerialAdder
from cimc.backends.racetrack.cells.bits import Number, Plane, bit_of
from cimc.backends.racetrack.cells.cell import product_bits
from cimc.backends.racetrack.cells.lanes import Lanes

__all__ = ["BoothMultiplier"]


@dataclass(frozen=True)
class BoothMultiplier:
    """Recodes the weight to digits in {-2, …, 2} and adds a digit's multiple each.

    The digit at place 2j is w[2j] + w[2j-1] - 2·w[2j+1]; bits are sensed once, and
    w[2j-1] stays in a latch. A weight of odd length ends with its sign twice. Lines
    one and two select the activation or its double, the line negative inverts it and
    is the first carry. An addition covers 10 columns from 2j, as digits so far are
    within [-2, 2) at that place.

    Steps, for a weight of b bits and n = ⌈b/2⌉ digits, r = b mod 2:
      sense  b + 8·(n - 1): the weight; all but the first addition sense 8 columns
      gate   n + 10·n - r: a recoder and 10 columns per digit; an odd weight saves
             the last column
      write  10·n - r
      shift  9·n - r along the additions, 7·(n - 1) back between them

    Source: a Booth multiplier of racetrack adders is that of Luo et al. (ASP-DAC
    2016), known to us by its abstract; radix 4, the recoder's gates and the
    arrangement on tracks are the textbook's and ours.
    """

    def multiply(
        self, lanes: Lanes, activation: Sequence[Plane], weight: Sequence[Plane]
    ) -> Number:
        """See :meth:`cimc.backends.racetrack.cells.cell.Multiplier.multiply`."""
        product: Number = []
        adder, width = SerialAdder(), product_bits(weight)
        high = 0
        for place in range(0, len(weight), 2):
            low = high
            middle = high = lanes.sense_weight(weight, place)
            if place + 1 < len(weight):
                high = lanes.sense_weight(weight, place + 1)
            one, two, negative = lanes.recode(high, middle, low)
            columns = min(len(activation) + 1, width - place)
            operand = [
                (
                    (bit_of(activation, column) & one)
                    | (bit_of(activation, column - 1) & two)
                )
                ^ negative
                for column in range(columns)
            ]
            adder.add(
                lanes, product, operand, columns=columns, start=place, carry=negative
            )
        return product
