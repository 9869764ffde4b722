"""One sweep as instructions of its core."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise, takewhile

from xdsl.ir import Operation, SSAValue

from cimc.backends.rram import isa
from cimc.backends.rram.isa import VECTOR
from cimc.backends.rram.lowering.addresses import AddressRegisters, Place
from cimc.backends.rram.lowering.held_products import repeated
from cimc.backends.rram.lowering.software_pipeline import SweepStages
from cimc.backends.rram.lowering.window_loads import taps_of, window_loads
from cimc.backends.rram.machine import RramMachine
from cimc.dialects import tile
from cimc.dialects.tile.body import length_of
from cimc.isa.declared import Instruction
from cimc.lowering.registers import CoreRegisters, VectorRegisters
from cimc.lowering.sliding import fresh, step
from cimc.lowering.vector import Reduction, VectorLowering, is_unsigned

__all__ = ["CoreState", "SweepLowering", "nested"]


@dataclass
class CoreState:
    """What the sweeps of one core share: registers, and what is set up already."""

    registers: CoreRegisters
    programmed: set[int] = field(default_factory=set[int])
    credited: set[SSAValue] = field(default_factory=set[SSAValue])


@dataclass
class SweepLowering:
    """Instructions of one sweep: set-up once, then the stages of its pipeline.

    ``sequences`` gives the register of a sequence in its sink core. A turn of the
    pipeline goes through ``hold`` positions (see ``held_products.py``); ``slots`` are
    the most for which a sweep of its series does. A sweep that is ``alone`` in its
    series may keep what its windows share.
    """

    sweep: tile.SweepOp
    machine: RramMachine
    core: CoreState
    sequences: Callable[[tile.SequenceOp], int]
    addresses: AddressRegisters
    setup: list[Operation]
    hold: int = 1
    slots: int = 1
    alone: bool = True

    def __post_init__(self) -> None:
        self._positions: dict[Operation, int] = {}
        self.stages = SweepStages(
            self.sweep.positions // self.hold, row=self.sweep.columns.size
        )
        if self.hold > 1:
            self.sweep, self._positions = repeated(self.sweep, self.hold)
        body = self.sweep.operations
        self._used: dict[str, list[int]] = {"fetch": [], "compute": [], "store": []}
        products = [op for op in body if isinstance(op, tile.MvmOp)]
        factors = dict.fromkeys(op.operand for op in products)
        if len(factors) + len(products) > self.machine.kept_vectors:
            # Too many to keep while the next ones come: one after another.
            factors, products = {}, []
        self._factors = factors
        self._products: dict[SSAValue, Operation] = {}
        self.vectors = VectorRegisters(
            body,
            self.machine.vector_registers,
            kept=[
                *self._slots(self._factors),
                *self._slots(op.result for op in products),
            ],
        )
        self.vector = VectorLowering(
            VECTOR,
            self.core.registers,
            self.vectors,
            self._emit,
            self.setup,
            self.machine.vector_register_bytes,
        )

    def lower(self) -> SweepStages:
        """The instructions for the main section; fills ``setup`` as well."""
        read: dict[SSAValue, int] = {}
        for op in self.sweep.operations:
            self._lower(op)
            self.vectors.release_after(op)
            read.update(dict.fromkeys(op.operands, len(self.stages.compute)))
        stages, addresses, part = self.stages, self.addresses, self.sweep.part
        fetching, computing, storing = self._used.values()
        stages.place_fetch = addresses.place(fetching, part)
        stages.place_compute = addresses.place([*computing, *storing], part)
        if self.hold == 1:
            stages.fetch += addresses.advance(fetching)
        stages.compute += addresses.advance(computing, self.hold)
        stages.multiply = [
            (read[product], mvm) for product, mvm in self._products.items()
        ]
        if self.hold > 1:
            # The first one may begin when all products are read, but the others only
            # then, one after another, when nothing else is left to do.
            last, end = max(after for after, _ in stages.multiply), len(stages.compute)
            stages.multiply = [
                (end if index else last, mvm)
                for index, (_, mvm) in enumerate(stages.multiply)
            ]
            self.sweep.erase()
        return stages

    def _slots(self, values: Iterable[SSAValue]) -> list[SSAValue | None]:
        """Values that have registers of their own, with those left free."""
        found: list[SSAValue | None] = [*values]
        return found + [None] * (self.slots - self.hold)

    def _lower(self, op: Operation) -> None:
        match op:
            case tile.WindowOp():
                if op.result in self._factors:
                    self._fetch(op)
                    if self.hold > 1:
                        fetching = self._used["fetch"]
                        self.stages.fetch += self.addresses.advance(fetching)
                elif not self._is_reduced(op):
                    self.stages.compute += window_loads(
                        op,
                        self._place(Place.of_window(op)),
                        self.vectors.define(op.result),
                        range(op.elements.start, op.elements.stop),
                    )
            case tile.MvmOp():
                self._mvm(op)
            case tile.AccumulateOp():
                self.vector.accumulate(op)
            case tile.LoadPartialOp():
                self._load_partial(op)
            case tile.StorePartialOp():
                place = self._place_of_sums(op, op.target)
                self._store(place, op.value, 4 * length_of(op.value))
            case tile.RequantiseOp():
                self.vector.requantise(op, self.vectors[op.sums])
            case tile.MaxOp() | tile.SumOp() | tile.AverageOp():
                self._reduction(op)
            case tile.AddOp():
                self.vector.add(op)
            case tile.MultiplyOp():
                self.vector.multiply(op)
            case tile.ShuffleOp():
                self.vector.shuffle(op)
            case tile.TableOp():
                self.vector.table(op)
            case tile.SplatOp():
                self._emit(
                    isa.SplatOp,
                    vd=self.vectors.define(op.result),
                    n=length_of(op.result),
                    value=op.value.value.data,
                )
            case tile.StoreOp():
                stage = "store" if self.hold > 1 else "compute"
                place = self._place(Place.of_store(op), stage)
                self._store(place, op.value, op.channels.size)
                self.stages.compute += self.addresses.advance(self._used["store"])
            case tile.AwaitOp():
                self._await(op)
            case tile.SignalOp():
                self._signal(op)
            case _:
                raise AssertionError(f"{op.name} has no lowering to RRAM")

    def _await(self, op: tile.AwaitOp) -> None:
        """WAIT where its period says; before fetching if no product comes before."""
        sequence = op.sequence_op
        register = self.sequences(sequence)
        if sequence.credit and sequence.result not in self.core.credited:
            self.core.credited.add(sequence.result)
            self.setup.append(isa.CreditOp(s=register, count=sequence.credit))
        wait = isa.WaitOp(s=register, by=op.by)
        stages, turns = self.stages, op.every // self.hold
        if self._factors and not self._products:
            stages.gates.setdefault(turns, []).append(wait)
        elif turns > 1:
            stages.waits.setdefault(turns, []).append(wait)
        else:
            self.stages.compute.append(wait)

    def _signal(self, op: tile.SignalOp) -> None:
        """CALL where its period says."""
        sequence = op.sequence_op
        call = isa.CallOp(
            core=sequence.sink.value.data, s=self.sequences(sequence), by=op.by
        )
        turns = op.every // self.hold
        if turns > 1:
            self.stages.calls.setdefault(turns, []).append(call)
        else:
            self.stages.compute.append(call)

    def _place(self, place: Place, stage: str = "compute") -> tuple[int, int]:
        """Address register and offset of a place."""
        register = self.addresses.register(stage, place.motion)
        if register not in self._used[stage]:
            self._used[stage].append(register)
        return register, place.offset

    def _fetch(self, op: tile.WindowOp) -> None:
        """Load a window, or move what it shares with the last one and load the rest."""
        register = self.vectors.define(op.result)
        to = (op, self._place(Place.of_window(op), "fetch"), register)
        start, stop = op.elements.start, op.elements.stop
        if not op.slides or not self._slides:
            self.stages.fetch += window_loads(*to, range(start, stop))
            return
        by = step(op)
        self.stages.refill += window_loads(*to, range(start, stop - by), by)
        move = isa.MoveOp(vd=register, vs=register, start=by, n=stop - start - by)
        self.stages.fetch.append(move)
        for part in fresh(op):
            self.stages.fetch += window_loads(*to, part, part.start - start)

    @cached_property
    def _slides(self) -> bool:
        """Whether several positions of a row are fetched one after another."""
        row, body = self.sweep.columns.size, list(self.sweep.body.block.ops)
        handed = [op for op in body if isinstance(op, tile.AwaitOp | tile.SignalOp)]
        before = takewhile(lambda op: not isinstance(op, tile.MvmOp), body)
        gates = [op.every for op in before if isinstance(op, tile.AwaitOp)]
        return (
            self.alone
            and self.hold == 1
            and self.sweep.some_part is None
            and min([row, *gates]) > 1
            and all(op.every % row == 0 or row % op.every == 0 for op in handed)
        )

    def _is_reduced(self, window: tile.WindowOp) -> bool:
        """Whether a reduction takes the window's elements, and loads them itself."""
        return all(isinstance(use.operation, Reduction) for use in window.result.uses)

    def _mvm(self, op: tile.MvmOp) -> None:
        block = op.block.owner
        assert isinstance(block, tile.WeightBlockOp)
        assert block.array is not None
        crossbar = block.array.value.data
        if crossbar not in self.core.programmed:
            self.core.programmed.add(crossbar)
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
        mvm = isa.MvmOp(
            vd=self.vectors.define(op.result),
            xb=crossbar,
            vs=source,
            unsigned=is_unsigned(op.operand),
        )
        if op.operand in self._factors:
            self._products[op.result] = mvm
        else:
            self.stages.compute.append(mvm)

    def _load_partial(self, op: tile.LoadPartialOp) -> None:
        base, offset = self._place_of_sums(op, op.source)
        register = self.vectors.define(op.result)
        length = 4 * length_of(op.result)
        self.stages.compute.append(
            isa.LoadOp(vd=register, base=base, offset=offset, count=1, length=length)
        )

    def _place_of_sums(self, op: Operation, sums: SSAValue) -> tuple[int, int]:
        """Address register and offset of the partial sums of the position of ``op``."""
        place = Place.of_sums(sums, self.sweep)
        base, offset = self._place(place)
        ahead = self._positions.get(op, 0)
        return base, offset + ahead * self.addresses.stride(place.motion)

    def _store(self, place: tuple[int, int], value: SSAValue, length: int) -> None:
        base, offset = place
        self.stages.compute.append(
            isa.StoreOp(base=base, offset=offset, vs=self.vectors[value], length=length)
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
        taps, length = taps_of(window), window.channels.size

        def reduce(segments: int, accumulate: bool) -> Operation:
            kind, fields = self.vector.reduce(op, sums, source, segments, accumulate)
            return kind(**fields)

        place = self._place(Place.of_window(window))
        fitting = self.machine.vector_register_bytes // length
        if len(taps) <= fitting:
            whole = range(len(taps) * length)
            self.stages.compute += window_loads(window, place, source, whole)
            self.stages.compute.append(reduce(len(taps), False))
            return
        columns = window.tap_columns.size
        first_row = taps[:columns]
        parts = [first_row[i : i + fitting] for i in range(0, columns, fitting)]

        def row(accumulate: bool) -> list[Operation]:
            operations: list[Operation] = []
            for index, part in enumerate(parts):
                some = range(len(part) * length)
                operations += window_loads(window, place, source, some, taps=part)
                operations.append(reduce(len(part), accumulate or index > 0))
            return operations

        self.stages.compute += row(accumulate=False)
        further = window.tap_rows.size - 1
        if further:
            base, _ = place
            by = window.window.dilation[0] * window.source_type.row_stride
            down = isa.StepOp(a=base, by=by)
            self.stages.compute.append(
                isa.LoopOp([down, *row(accumulate=True)], count=further)
            )
            self.stages.compute.append(isa.StepOp(a=base, by=-further * by))

    def _emit(self, op: type[Instruction], /, **values: object) -> None:
        self.stages.compute.append(op(**values))


def nested(sweep: tile.SweepOp) -> bool:
    """Whether the periods of all awaits and signals give loops inside each other."""
    periods = sorted(
        {
            op.every
            for op in sweep.operations
            if isinstance(op, tile.AwaitOp | tile.SignalOp)
        }
    )
    return all(longer % shorter == 0 for shorter, longer in pairwise(periods))
