"""Transverse reads: the partial products of a column counted a few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from cimc.backends.racetrack.cells.bits import Number, Plane, bit_of
from cimc.backends.racetrack.cells.cell import product_bits
from cimc.backends.racetrack.cells.lanes import Lanes, Segment

__all__ = ["TransverseMultiplier"]


@dataclass(frozen=True)
class TransverseMultiplier:
    """Sums the partial products by counting the ones between two ports.

    Each column of the product has a track with ``distance`` domains between two ports.
    A count up to 7 has three bits: the sum stays in the column, the carry and the
    carry's carry go to the next two. So 7 domains (the transverse read distance, TRD)
    take 5 operands and 2 carries. If there are more partial products, the sum of a
    round is pushed back as the first operand of the next. Operands are the activation
    where the weight has a one, shifted by choice of the track; that of the top bit,
    which subtracts, is inverted in all columns, and the first carry is one. The last
    round writes the sums to the product's working track.

    Steps, for a weight of b bits, W = b + 8 columns and R rounds, which is 1 for
    b ≤ 5, else 2 (distance 7):
      sense             b: the weight
      transverse_write  7·W·R: every domain of every segment is written anew
      transverse_read   W·R
      gate              W·R: decoders from levels to a binary count
      write             W
      shift             W - 1 while writing

    Source: multi-operand addition and multiplication by transverse reads is PIRM,
    Ollivier et al., arXiv 2108.01202 (later CORUSCANT, MICRO 2022), known to us by its
    abstract; 5 operands and 2 carries at a distance of 7 is recalled. Signed weights,
    the rounds and what is counted are ours: their design writes sum and carries in
    one cycle, we count each bit.
    """

    #: Domains between the ports, at least 3.
    distance: int = 7

    def __post_init__(self) -> None:
        assert self.distance >= 3, "a sum, an operand and a carry"

    def multiply(
        self, lanes: Lanes, activation: Sequence[Plane], weight: Sequence[Plane]
    ) -> Number:
        """See :meth:`cimc.backends.racetrack.cells.cell.Multiplier.multiply`."""
        width = product_bits(weight)
        segments = [Segment(lanes, self.distance) for _ in range(width)]
        product: Number = []
        waiting, kept = range(len(weight)), 0
        while waiting:
            free = self.distance - self._carries - kept
            places, waiting = waiting[:free], waiting[free:]
            operands = [
                _partial_product(lanes, activation, weight, place) for place in places
            ]
            carry = 0 if waiting else lanes.ones
            for column, total in enumerate(
                self._sums(lanes, segments, operands, kept=kept, carry=carry)
            ):
                if waiting:
                    lanes.transverse_write(segments[column], total)
                else:
                    lanes.write(product, column, total)
            kept = 1
        return product

    def _sums(
        self,
        lanes: Lanes,
        segments: Sequence[Segment],
        operands: Sequence[Number],
        *,
        kept: int,
        carry: Plane,
    ) -> Iterator[Plane]:
        """Per column, the sum bit of operands, carries and the domains kept."""
        arriving: list[list[Plane]] = [[] for _ in segments]
        arriving[0].append(carry)
        for column, segment in enumerate(segments):
            fresh = [operand[column] for operand in operands] + arriving[column]
            fill = [0] * (self.distance - kept - len(fresh))
            for plane in chain(fresh, fill):
                lanes.transverse_write(segment, plane)
            total, *carries = lanes.decode(lanes.transverse_read(segment))
            for later, plane in enumerate(carries, column + 1):
                if later < len(arriving):
                    arriving[later].append(plane)
            yield total

    @property
    def _carries(self) -> int:
        """Carries that a column receives: the bits of a full count, less the sum."""
        return self.distance.bit_length() - 1


def _partial_product(
    lanes: Lanes, activation: Sequence[Plane], weight: Sequence[Plane], place: int
) -> Number:
    """activation · weight[place], shifted to its place; inverted for the top bit."""
    bit = lanes.sense_weight(weight, place)
    invert = lanes.ones if place == len(weight) - 1 else 0
    return [
        (bit_of(activation, column - place) & bit) ^ invert
        for column in range(product_bits(weight))
    ]
