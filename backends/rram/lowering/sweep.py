"""One sweep as instructions of its core."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from xdsl.ir import Operation, SSAValue

from cimc.backends.rram import isa
from cimc.backends.rram.isa import VECTOR
from cimc.backends.rram.lowering.addresses import AddressRegisters, nest
from cimc.backends.rram.machine import RramMachine
from cimc.dialects import tile
from cimc.dialects.tile.body import length_of
from cimc.isa.declared import Instruction
from cimc.lowering.copies import copies, tap_offsets
from cimc.lowering.registers import CoreRegisters, VectorRegisters
from cimc.lowering.vector import Reduction, VectorLowering, is_unsigned

__all__ = ["SweepLowering"]


@dataclass
class SweepLowering:
    """Instructions of one sweep: set-up once, then loops over the positions.

    ``sequences`` gives the register of a sequence in its sink core.
    """

    sweep: tile.SweepOp
    machine: RramMachine
    core: CoreRegisters
    sequences: Callable[[tile.SequenceOp], int]
    setup: list[Operation] = field(default_factory=list[Operation])
    body: list[Operation] = field(default_factory=list[Operation])
    sync: dict[tuple[str, type[Operation]], list[Operation]] = field(
        default_factory=dict[tuple[str, type[Operation]], list[Operation]]
    )

    def __post_init__(self) -> None:
        block = self.sweep.body.block
        self.vectors = VectorRegisters(block.ops, self.machine.vector_registers)
        self.addresses = AddressRegisters(self.sweep)
        self.vector = VectorLowering(
            VECTOR, self.core, self.vectors, self._emit, self.setup
        )

    def lower(self) -> list[Operation]:
        """The instructions for the main section; fills ``setup`` as well."""
        for op in self.sweep.body.block.ops:
            self._lower(op)
            self.vectors.release_after(op)
        loops = nest(
            self.addresses,
            self.body,
            self.sync.get(("row", tile.AwaitOp), []),
            self.sync.get(("row", tile.SignalOp), []),
        )
        return [
            *self.sync.get(("sweep", tile.AwaitOp), []),
            *loops,
            *self.sync.get(("sweep", tile.SignalOp), []),
        ]

    def _lower(self, op: Operation) -> None:
        match op:
            case tile.WindowOp():
                if not self._is_reduced(op):
                    register = self.vectors.define(op.result)
                    self._load_window(op, register, op.elements.start, op.elements.stop)
            case tile.MvmOp():
                self._mvm(op)
            case tile.AccumulateOp():
                self.vector.accumulate(op)
            case tile.LoadPartialOp():
                self._load_partial(op)
            case tile.StorePartialOp():
                self._store_partial(op)
            case tile.FinishOp():
                self.vector.finish(op, self.vectors[op.sums])
            case tile.MaxOp() | tile.SumOp() | tile.AverageOp():
                self._reduction(op)
            case tile.AddOp():
                self.vector.add(op)
            case tile.TableOp():
                self.vector.table(op)
            case tile.StoreOp():
                self._store(op)
            case tile.AwaitOp():
                wait = isa.WaitOp(s=self.sequences(op.sequence_op), by=1)
                self._synchronise(op, wait)
            case tile.SignalOp():
                sequence = op.sequence_op
                call = isa.CallOp(
                    core=sequence.sink.value.data, s=self.sequences(sequence), by=1
                )
                self._synchronise(op, call)
            case _:
                raise AssertionError(f"{op.name} has no lowering to RRAM")

    def _synchronise(
        self, op: tile.AwaitOp | tile.SignalOp, instruction: Operation
    ) -> None:
        """Put a WAIT or CALL where its granularity says."""
        if op.per == "vector":
            self.body.append(instruction)
        else:
            self.sync.setdefault((op.per, type(op)), []).append(instruction)

    def _is_reduced(self, window: tile.WindowOp) -> bool:
        """Whether a reduction takes the window's elements, and loads them itself."""
        return all(isinstance(use.operation, Reduction) for use in window.result.uses)

    def _window_register(self, op: tile.WindowOp) -> tuple[int, int, int]:
        """Address register, offset of the first tap, bytes per kernel row."""
        source, window = op.source_type, op.window
        row_stride = window.stride[0] * source.row_stride
        column_stride = window.stride[1] * source.column_stride
        offset = (
            _address(op.source)
            + source.origin
            - window.pad[0] * source.row_stride
            - window.pad[1] * source.column_stride
            + self.addresses.base(row_stride, column_stride)
        )
        register = self.addresses.register(row_stride, column_stride)
        return register, offset, window.dilation[0] * source.row_stride

    def _load_window(
        self,
        op: tile.WindowOp,
        register: int,
        start: int,
        stop: int,
        taps: list[int] | None = None,
    ) -> None:
        """Load elements [start, stop) of a window, or of some of its taps."""
        self.body += self._window_loads(op, register, start, stop, taps)

    def _window_loads(
        self,
        op: tile.WindowOp,
        register: int,
        start: int,
        stop: int,
        taps: list[int] | None = None,
    ) -> list[Operation]:
        base, offset, _ = self._window_register(op)
        found = copies(taps or _taps(op), op.channels.size, start, stop)
        return [
            isa.LoadOp(
                vd=register,
                dest=copy.target,
                base=base,
                offset=offset + copy.offset,
                count=copy.count,
                length=copy.length,
                stride=copy.stride,
            )
            for copy in found
        ]

    def _mvm(self, op: tile.MvmOp) -> None:
        block = op.block.owner
        assert isinstance(block, tile.BlockOp)
        assert block.array is not None
        crossbar = block.array.value.data
        self.setup.append(
            isa.ProgramOp(
                xb=crossbar,
                matrix=block.matrix,
                row=block.rows.start,
                rows=block.rows.size,
                column=block.columns.start,
                columns=block.columns.size,
            )
        )
        source = self.vectors[op.operand]
        self.body.append(
            isa.MvmOp(
                vd=self.vectors.define(op.result),
                xb=crossbar,
                vs=source,
                unsigned=is_unsigned(op.operand),
            )
        )

    def _partial_address(self, sums: SSAValue) -> tuple[int, int]:
        assert isinstance(sums.type, tile.PartialSumsType)
        strides = sums.type.row_stride, sums.type.column_stride
        offset = _address(sums) + self.addresses.base(*strides)
        return self.addresses.register(*strides), offset

    def _load_partial(self, op: tile.LoadPartialOp) -> None:
        base, offset = self._partial_address(op.source)
        register = self.vectors.define(op.result)
        length = 4 * length_of(op.result)
        self.body.append(
            isa.LoadOp(vd=register, base=base, offset=offset, count=1, length=length)
        )

    def _store_partial(self, op: tile.StorePartialOp) -> None:
        base, offset = self._partial_address(op.target)
        length = 4 * length_of(op.value)
        self.body.append(
            isa.StoreOp(
                base=base, offset=offset, vs=self.vectors[op.value], length=length
            )
        )

    def _store(self, op: tile.StoreOp) -> None:
        target = op.target_type
        strides = target.row_stride, target.column_stride
        offset = (
            _address(op.target)
            + target.origin
            + op.channels.start
            + self.addresses.base(*strides)
        )
        self.body.append(
            isa.StoreOp(
                base=self.addresses.register(*strides),
                offset=offset,
                vs=self.vectors[op.value],
                length=op.channels.size,
            )
        )

    def _reduction(self, op: Reduction) -> None:
        """Load the window in parts that fit a register, reducing as they come."""
        source = self.vectors.take()
        target = self.vectors.define(op.result)
        sums = self.vectors.take() if isinstance(op, tile.AverageOp) else target
        self._reduce_window(op, source, sums)
        if isinstance(op, tile.AverageOp):
            self.vector.quantise(op, sums, target)
            self.vectors.give_back(sums)
        self.vectors.give_back(source)

    def _reduce_window(self, op: Reduction, source: int, sums: int) -> None:
        """The whole window at once if it fits a register, else row by row in a loop."""
        window = op.operand.owner
        assert isinstance(window, tile.WindowOp)
        taps, length = _taps(window), window.channels.size

        def reduce(segments: int, accumulate: bool) -> Operation:
            kind, fields = self.vector.reduce(op, sums, source, segments, accumulate)
            return kind(**fields)

        fitting = self.machine.vector_register_bytes // length
        if len(taps) <= fitting:
            self._load_window(window, source, 0, len(taps) * length)
            self.body.append(reduce(len(taps), False))
            return
        columns = window.tap_columns.size
        first_row = taps[:columns]
        parts = [first_row[i : i + fitting] for i in range(0, columns, fitting)]

        def row(accumulate: bool) -> list[Operation]:
            operations: list[Operation] = []
            for index, part in enumerate(parts):
                size = len(part) * length
                operations += self._window_loads(window, source, 0, size, part)
                operations.append(reduce(len(part), accumulate or index > 0))
            return operations

        self.body += row(accumulate=False)
        further = window.tap_rows.size - 1
        if further:
            base, _, row_stride = self._window_register(window)
            step = isa.StepOp(a=base, by=row_stride)
            self.body.append(isa.LoopOp([step, *row(accumulate=True)], count=further))
            self.body.append(isa.StepOp(a=base, by=-further * row_stride))

    def _emit(self, op: type[Instruction], /, **values: object) -> None:
        self.body.append(op(**values))


def _taps(window: tile.WindowOp) -> list[int]:
    """Bytes from the window's first element to each of its taps in shared memory."""
    source = window.source_type
    return tap_offsets(
        window, source.row_stride, source.column_stride, window.channels.start
    )


def _address(buffer: SSAValue) -> int:
    owner = buffer.owner
    assert isinstance(owner, tile.FeatureMapOp | tile.PartialSumsOp)
    assert owner.address is not None
    return owner.address.value.data
