"""Positions whose windows do not fit the line buffer together.

Each consumer of a window then reads what it needs for itself, piece by piece, and the
next piece overwrites the one before. A word under the windows of several positions is
read again for each of them, so that shifts may exceed the bound. A sweep of one
position (a fully connected layer, a global pool) reads every word once: it stays at
the bound, because every piece and every sum of products goes through the columns from
the end at which they stand. Only a reduction keeps its order, for float sums depend on
it: if not even one kernel row fits the line buffer, its pieces are read from left to
right wherever the arrays stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xdsl.ir import Operation

from cimc.backends.racetrack import isa
from cimc.backends.racetrack.lowering.addresses import ZERO
from cimc.backends.racetrack.lowering.code import Body, Code, plain, roll
from cimc.backends.racetrack.lowering.lines import Lines
from cimc.backends.racetrack.lowering.position import Position
from cimc.backends.racetrack.regions import (
    Piece,
    Region,
    Strip,
    elements_of,
    pieces_of,
    regions_of,
)
from cimc.dialects import tile
from cimc.dialects.cim import Range
from cimc.lowering.copies import copies
from cimc.lowering.vector import Reduction

__all__ = ["DirectPosition"]


class DirectPosition(Position):
    """Makes the code of positions that read their windows piece by piece."""

    def lower(self, row: int, column: int) -> list[Code]:
        """The code of one position; products go the way that is shorter for maps."""
        self._strip = Strip(column, column + 1)
        self._backwards = self._nearer_last(row)
        body = self._body
        if self._backwards:
            self._body = _products_backwards(body)
        code = super().lower(row, column)
        self._body = body
        return code

    def _nearer_last(self, row: int) -> bool:
        """Whether most arrays stand nearer to the last columns of their windows."""
        saved = sum(
            self._maps.steps_saved_backwards(
                self._around.layouts[region.source],
                source,
                region.needed_columns(self._strip),
                region.channels,
            )
            for region in regions_of(self._body)
            for source in region.needed_rows(row, row + 1)
        )
        return saved > 0

    def _lower(self, op: Operation) -> None:
        match op:
            case tile.WindowOp() if not self._is_reduced(op):
                self._gather(op)
            case tile.LoadPartialOp():
                self._gather(op)
            case _:
                super()._lower(op)

    def _gather(self, op: tile.WindowOp | tile.LoadPartialOp) -> None:
        """Read the elements that an operation takes and load them into a register."""
        region, elements = Region.of(op), elements_of(op)
        register = self._vectors.define(op.result)
        pieces = list(pieces_of(region, elements, self._capacity))
        for piece in reversed(pieces) if self._backwards else pieces:
            self._code += self._read(piece)
            self._code += self._take(piece, register, piece.first - elements.start)

    @property
    def _capacity(self) -> int:
        return self._around.machine.line_buffer_bytes

    def _read(self, piece: Piece) -> list[Code]:
        """Read a piece to the start of the line buffer, with the borders around it."""
        region, code = piece.region, list[Code]()
        (height, width), source = region.shape, region.top(self._row)
        columns = region.columns(self._strip)
        inside = 0 <= source < height
        if not inside or columns.start < 0 or columns.stop > width:
            size = region.size(self._strip)
            fields = {"base": ZERO, "offset": 0, "length": size, "value": region.fill}
            code.append(plain(isa.FillOp, **fields))
        if inside:
            layout = self._around.layouts[region.source]
            lines = Lines(self._strip, [region])
            code += self._maps.read_row(layout, region, lines, 0, source)
        return code

    def _take(
        self, piece: Piece, register: int, target: int, taps: range | None = None
    ) -> Iterator[Code]:
        """Load some taps of the piece in the line buffer into a register."""
        length = piece.region.channels.size
        distance = length * piece.region.window.dilation[1]
        offsets = [tap * distance for tap in taps or range(piece.taps)]
        for copy in copies(offsets, length, 0, len(offsets) * length):
            yield plain(
                isa.LoadOp,
                vd=register,
                dest=target + copy.target,
                base=ZERO,
                offset=copy.offset,
                count=copy.count,
                length=copy.length,
                stride=copy.stride,
            )

    def _reduce_window(
        self, op: Reduction, window: tile.WindowOp, source: int, sums: int
    ) -> None:
        """Reduce kernel row by kernel row, with the same code where rows are alike."""
        region = Region.of(window)
        layout = self._around.layouts[region.source]
        bodies: list[Body] = []
        for tap in range(region.tap_rows.size):
            top = region.top(self._row) + tap * region.window.dilation[0]
            code = self._maps.go_to_row(layout, top)
            code += self._reduce_row(op, region, tap, source, sums)
            bodies.append(tuple(code))
        self._code += roll(bodies, longest=4)
        self._code += self._maps.go_to_row(layout, region.top(self._row))

    def _reduce_row(
        self, op: Reduction, region: Region, row: int, source: int, sums: int
    ) -> list[Code]:
        """Reduce a kernel row in parts that fit the line buffer and the register."""
        code: list[Code] = []
        channels = region.channels
        fitting = self._around.machine.vector_register_bytes // channels.size
        size = region.tap_columns.size * channels.size
        elements = Range.of(row * size, (row + 1) * size)
        for piece in pieces_of(region, elements, self._capacity):
            code += self._read(piece)
            for first in range(0, piece.taps, fitting):
                taps = range(first, min(first + fitting, piece.taps))
                target = piece.region.channels.start - channels.start
                code += self._take(piece, source, target, taps)
                if piece.region.channels.stop == channels.stop:
                    begun = piece.first >= channels.size or first > 0
                    kind, fields = self._vector.reduce(
                        op, sums, source, len(taps), begun
                    )
                    code.append(plain(kind, **fields))
        return code


def _products_backwards(body: Sequence[Operation]) -> list[Operation]:
    """The body with its products, and the windows that they take, in reverse order."""
    products = [op for op in body if isinstance(op, tile.MvmOp)]
    factors: list[Operation] = []
    for product in reversed(products):
        assert isinstance(product.operand.owner, tile.WindowOp)
        factors += [product.operand.owner, product]
    moved = set(factors)
    first = next((at for at, op in enumerate(body) if op in moved), 0)
    others = [op for op in body[first:] if op not in moved]
    return [*body[:first], *factors, *others]
