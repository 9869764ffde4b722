"""The body of a sweep as instructions for one position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from xdsl.ir import Operation, SSAValue

from cimc.backends.racetrack import isa
from cimc.backends.racetrack.isa import VECTOR
from cimc.backends.racetrack.lowering.code import Code, plain
from cimc.backends.racetrack.lowering.lines import Lines
from cimc.backends.racetrack.lowering.maps import MapCode
from cimc.backends.racetrack.lowering.products import Block, Pass, multiply
from cimc.backends.racetrack.lowering.surroundings import (
    Surroundings,
    period,
    synchronise,
)
from cimc.backends.racetrack.regions import Region
from cimc.dialects import tile
from cimc.dialects.tile.body import length_of
from cimc.isa.declared import Instruction
from cimc.lowering.copies import copies, tap_offsets
from cimc.lowering.registers import CoreRegisters, VectorRegisters
from cimc.lowering.vector import Reduction, VectorLowering, is_unsigned

__all__ = ["Position"]


class Position:
    """Makes the code of position after position of one strip.

    What positions have in common is made once: the loads of a window, and the passes
    over a block of weights that begin where the array stands.
    """

    def __init__(
        self,
        body: Sequence[Operation],
        around: Surroundings,
        core: CoreRegisters,
        setup: list[Operation],
        maps: MapCode,
        lines: Lines,
        bank: int,
    ) -> None:
        self._body = body
        self._around = around
        self._core = core
        self._setup = setup
        self._maps = maps
        self._addresses = maps.addresses
        self._lines = lines
        self._bank = bank
        self._loads: dict[tuple[Operation, int], list[Code]] = {}
        self._passes: dict[tuple[Block, int, int], Pass] = {}

    def begin_row(self) -> list[Code]:
        """Set the registers that follow the columns of regions."""
        pitches = dict.fromkeys(map(self._column_pitch, self._lines.regions))
        return [self._addresses.set(("line column", pitch), 0) for pitch in pitches]

    def lower(self, row: int, column: int) -> list[Code]:
        """The code of one position, with the step to the next column behind it."""
        self._row, self._column = row, column
        self._code: list[Code] = []
        self._summed: SSAValue | None = None
        self._vectors = VectorRegisters(
            self._body, self._around.machine.vector_registers
        )
        self._vector = VectorLowering(
            VECTOR,
            self._core,
            self._vectors,
            self._emit,
            self._setup,
            self._around.machine.vector_register_bytes,
        )
        for op in self._body:
            self._lower(op)
            self._vectors.release_after(op)
        for pitch in dict.fromkeys(map(self._column_pitch, self._lines.regions)):
            following = (column + 1 - self._lines.strip.start) * pitch
            self._code += self._addresses.step(("line column", pitch), following)
        return self._code

    @staticmethod
    def _column_pitch(region: Region) -> int:
        return region.window.stride[1] * region.channels.size

    def _emit(self, op: type[Instruction], /, **values: object) -> None:
        self._code.append(plain(op, **values))

    def _lower(self, op: Operation) -> None:
        match op:
            case tile.WindowOp():
                if not self._is_reduced(op):
                    self._once(op, self._vectors.define(op.result), self._window)
            case tile.LoadPartialOp():
                self._load_partial(op)
            case tile.MvmOp():
                self._multiply(op)
            case tile.AccumulateOp():
                self._accumulate(op)
            case tile.RequantiseOp():
                self._vector.requantise(op, self._register(op.sums))
            case tile.MaxOp() | tile.SumOp() | tile.AverageOp():
                self._reduce(op)
            case tile.AddOp():
                self._vector.add(op)
            case tile.MultiplyOp():
                self._vector.multiply(op)
            case tile.ShuffleOp():
                self._vector.shuffle(op)
            case tile.TableOp():
                self._vector.table(op)
            case tile.StoreOp():
                self._write(op, self._vectors[op.value])
            case tile.StorePartialOp():
                self._write(op, self._register(op.value))
            case tile.AwaitOp() | tile.SignalOp():
                if period(op) == "vector":
                    self._code += synchronise(op, self._around.sequences)
            case _:
                raise AssertionError(f"{op.name} has no lowering to racetrack")

    def _once(
        self, op: Operation, register: int, make: Callable[[Any, int], None]
    ) -> None:
        """Append the code that ``make`` makes of ``op``, which is always the same."""
        key = (op, register)
        if key not in self._loads:
            before, self._code = self._code, []
            make(op, register)
            self._loads[key], self._code = self._code, before
        self._code += self._loads[key]

    def _window(self, op: tile.WindowOp, register: int) -> None:
        elements = op.elements
        self._load(op, register, elements.start, elements.stop, self._taps(op))

    def _is_reduced(self, window: tile.WindowOp) -> bool:
        """Whether a reduction takes the window's elements, and loads them itself."""
        return all(isinstance(use.operation, Reduction) for use in window.result.uses)

    def _load(
        self,
        op: tile.WindowOp,
        register: int,
        start: int,
        stop: int,
        taps: list[int],
    ) -> None:
        """Load elements [start, stop) of a window, or of some of its taps."""
        region = self._lines.region_of(op)
        base = self._addresses.register(("line column", self._column_pitch(region)))
        for copy in copies(taps, op.channels.size, start, stop):
            self._emit(
                isa.LoadOp,
                vd=register,
                dest=copy.target,
                base=base,
                offset=self._lines.start(region) + copy.offset,
                count=copy.count,
                length=copy.length,
                stride=copy.stride,
            )

    def _taps(self, op: tile.WindowOp) -> list[int]:
        """Bytes from the region's first element to each tap of the window."""
        region = self._lines.region_of(op)
        first = (
            region.tap_rows.start * op.window.dilation[0] * self._pitch(op)
            + region.tap_columns.start * op.window.dilation[1] * region.channels.size
        )
        channel = op.channels.start - region.channels.start
        taps = tap_offsets(op, self._pitch(op), region.channels.size, channel)
        return [tap - first for tap in taps]

    def _pitch(self, op: tile.WindowOp) -> int:
        return self._lines.region_of(op).pitch(self._lines.strip)

    def _load_partial(self, op: tile.LoadPartialOp) -> None:
        region = self._lines.region_of(op)
        self._emit(
            isa.LoadOp,
            vd=self._vectors.define(op.result),
            base=self._addresses.register(("line column", region.channels.size)),
            offset=self._lines.start(region),
            count=1,
            length=region.channels.size,
        )

    def _multiply(self, op: tile.MvmOp) -> None:
        """Add the products to the accumulators, which are cleared for a new sum."""
        block = self._around.blocks[op.block]
        if self._summed is None:
            self._emit(isa.ClearOp, n=block.columns)
        offsets, source = self._around.offsets, self._vectors[op.operand]
        key = (block, source, offsets[block.array])
        if key not in self._passes:
            self._passes[key] = multiply(
                block,
                source,
                is_unsigned(op.operand),
                self._around.machine,
                offsets[block.array],
                self._addresses,
            )
        code, offsets[block.array] = self._passes[key]
        self._code += code
        self._summed = op.result

    def _accumulate(self, op: tile.AccumulateOp) -> None:
        """Nothing, where the products have been added already."""
        assert self._summed in op.operands
        for operand in op.operands:
            if self._vectors.holds(operand):
                source = self._vectors[operand]
                self._emit(isa.AddSumsOp, vs=source, n=length_of(op.result))
        self._summed = op.result

    def _register(self, value: SSAValue) -> int:
        """The vector register of ``value``, which may be in the accumulators yet."""
        if value is self._summed:
            register = self._vectors.define(value)
            self._emit(isa.StoreSumsOp, vd=register, n=length_of(value))
            self._summed = None
        return self._vectors[value]

    def _reduce(self, op: Reduction) -> None:
        """Reduce a window, and turn float sums into the mean."""
        window = op.operand.owner
        assert isinstance(window, tile.WindowOp)
        source = self._vectors.take()
        target = self._vectors.define(op.result)
        sums = self._vectors.take() if isinstance(op, tile.AverageOp) else target
        self._reduce_window(op, window, source, sums)
        if isinstance(op, tile.AverageOp):
            self._vector.quantise(op, sums, target)
            self._vectors.give_back(sums)
        self._vectors.give_back(source)

    def _reduce_window(
        self, op: Reduction, window: tile.WindowOp, source: int, sums: int
    ) -> None:
        """Load the window in parts that fit a register, reducing as they come."""
        taps, length = self._taps(window), window.channels.size
        fitting = self._around.machine.vector_register_bytes // length
        for first in range(0, len(taps), fitting):
            part = taps[first : first + fitting]
            self._load(window, source, 0, len(part) * length, part)
            kind, fields = self._vector.reduce(op, sums, source, len(part), first > 0)
            self._emit(kind, **fields)

    def _write(self, op: tile.StoreOp | tile.StorePartialOp, source: int) -> None:
        layout, row, column = self._around.written_by(op), self._row, self._column
        if isinstance(op, tile.StoreOp):
            row, column = op.output_row(row), op.output_column(column)
            if op.stride[1] > 1:
                self._code += self._maps.go_to_column(layout, row, column)
        remote = self._around.homes[op.target] != self._bank
        self._code += self._maps.write(layout, row, column, source, remote=remote)
