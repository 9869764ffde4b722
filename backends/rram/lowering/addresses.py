"""Address registers and the loop nest of a sweep."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.ir import Operation

from cimc.backends.rram.isa import LoopOp, SetOp, StepOp
from cimc.dialects.tile import SweepOp

__all__ = ["AddressRegisters", "nest"]


@dataclass
class AddressRegisters:
    """One address register per way of moving over a sweep.

    Accesses that advance alike share a register and differ in their offsets.
    """

    sweep: SweepOp
    limit: int = 16
    strides: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def register(self, row_stride: int, column_stride: int) -> int:
        """The register that advances by these bytes per output row and column."""
        strides = (
            row_stride if self.sweep.rows.size > 1 else 0,
            column_stride if self.sweep.columns.size > 1 else 0,
        )
        if strides not in self.strides:
            self.strides.append(strides)
        assert len(self.strides) <= self.limit
        return self.strides.index(strides)

    def base(self, row_stride: int, column_stride: int) -> int:
        """What must be added to offsets, since registers start at zero."""
        first_row, first_column = self.sweep.rows.start, self.sweep.columns.start
        return first_row * row_stride + first_column * column_stride


def nest(
    addresses: AddressRegisters,
    body: list[Operation],
    before_row: list[Operation],
    after_row: list[Operation],
) -> list[Operation]:
    """Loops over rows and columns around ``body``, with the steps of addresses.

    Rows and columns become one loop where no address jumps between rows.
    """
    rows, columns = addresses.sweep.rows.size, addresses.sweep.columns.size
    strides = addresses.strides
    setup: list[Operation] = [SetOp(a=index, value=0) for index in range(len(strides))]
    jumps = [row - columns * column for row, column in strides]
    column_steps = _steps([column for _, column in strides])
    if not any(jumps) and not before_row and not after_row:
        return [*setup, *_loop(rows * columns, body, column_steps)]
    inner = _loop(columns, body, column_steps)
    row = [*before_row, *inner, *after_row]
    return [*setup, *_loop(rows, row, _steps(jumps))]


def _steps(amounts: list[int]) -> list[Operation]:
    return [StepOp(a=index, by=by) for index, by in enumerate(amounts) if by]


def _loop(count: int, body: list[Operation], steps: list[Operation]) -> list[Operation]:
    """``body`` and ``steps`` in a loop; what runs only once needs no steps."""
    return [LoopOp([*body, *steps], count=count)] if count > 1 else body
