"""The bit-serial adder that all cells share."""

from __future__ import annotations

from cimc.backends.racetrack.cells.bits import Number, Plane, bit_of
from cimc.backends.racetrack.cells.lanes import Lanes

__all__ = ["SerialAdder"]


class SerialAdder:
    """A full adder at the port that adds a column a time and keeps the carry.

    Per column: sense, evaluate the gates, write the sum back in place, shift. Adding
    ``b`` columns that all hold bits takes b sense, b gate, b write, b - 1 shift.

    Source: one sense and one write-back per bit, with the carry kept in the cell, is
    how we recall racetrack adders, such as that of Luo et al., "A racetrack memory
    based in-memory Booth multiplier for cryptography application" (ASP-DAC 2016, known
    to us by its abstract). The gates are the textbook's; the latch for the sign and
    what is counted are ours.
    """

    def add(
        self,
        lanes: Lanes,
        target: Number,
        operand: Number,
        *,
        columns: int,
        start: int = 0,
        carry: Plane = 0,
    ) -> Plane:
        """target[start : start + columns] += operand + carry; returns the overflow.

        Both numbers are in two's complement, ``target`` counted from ``start``. Where
        one ends, its sign goes on, from the latch that holds the bit last sensed; a
        column that ``target`` does not reach yet is not sensed. Bits of ``operand``
        are latched, or under ports in the same column and sensed with it.

        The plane returned is one in lanes whose sum leaves ``columns`` bits; these
        keep its low bits.
        """
        held, carry_in = 0, carry
        for place in range(columns):
            column = start + place
            if column < len(target):
                held = lanes.sense(target, column)
            carry_in = carry
            total, carry = lanes.full_add(held, bit_of(operand, place), carry)
            lanes.write(target, column, total)
        return carry_in ^ carry
