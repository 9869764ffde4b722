"""``convert-tile-to-racetrack``: one program per bank, with its weights and maps."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i64
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from cimc.backends.racetrack import dialect as racetrack
from cimc.backends.racetrack.bounds import shift_bounds
from cimc.backends.racetrack.isa import ProgramOp, ShiftOp
from cimc.backends.racetrack.layout import MapLayout, Slice, is_complete
from cimc.backends.racetrack.lowering.addresses import ZERO, Addresses
from cimc.backends.racetrack.lowering.code import Code, build, plain
from cimc.backends.racetrack.lowering.maps import MapCode
from cimc.backends.racetrack.lowering.offsets import Offsets
from cimc.backends.racetrack.lowering.products import Block
from cimc.backends.racetrack.lowering.shifts import shifts
from cimc.backends.racetrack.lowering.surroundings import Surroundings, period
from cimc.backends.racetrack.lowering.sweep import SweepLowering
from cimc.backends.racetrack.machine import CHIP, RacetrackMachine
from cimc.backends.racetrack.regions import regions_of, stored_rows
from cimc.context import weights_of
from cimc.dialects import tile
from cimc.dialects.cim import Range
from cimc.isa.program import Layer
from cimc.lowering.layers import layer_details
from cimc.lowering.programs import Programs
from cimc.lowering.ready import require_ready
from cimc.passes.tile.sweeps import core_of, weight_blocks
from cimc.weights import WeightStore

__all__ = ["ConvertTileToRacetrack"]


@dataclass(frozen=True)
class ConvertTileToRacetrack(ModulePass):
    """Turn placed and synchronised sweeps into the programs of racetrack banks.

    The sweeps of a bank run in program order. Weights that have an array for
    themselves are stored when the program is loaded, those that share one before each
    of their sweeps. At the end of an image all arrays stand at offset 0 again.
    """

    name = "convert-tile-to-racetrack"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Replace all ``tile`` operations of the module by ``racetrack`` operations."""
        old = list(op.body.block.ops)
        require_ready(op.body.block.walk(), _unprepared)
        machine, weights = CHIP.get(op), weights_of(ctx)
        new = list(_Conversion(old, machine, weights).convert())
        for operation in reversed(old):
            operation.detach()
            operation.erase()
        op.body.block.add_ops(new)


def _unprepared(op: Operation) -> str | None:
    """What a pass before this one has not done for ``op``."""
    match op:
        case tile.FeatureMapOp() | tile.PartialSumsOp() if op.address is None:
            return "buffers have no arrays: allocate-map-arrays comes before"
        case tile.FeatureMapOp() | tile.PartialSumsOp() if op.core is None:
            return "buffers have no bank: localise-maps comes before"
        case tile.WeightBlockOp() if op.order is None:
            return "blocks have no order: order-domains comes before"
        case tile.WeightBlockOp() if op.array is None:
            return "blocks have no array: assign-arrays comes before"
        case tile.SweepOp() if op.core is None:
            return "sweeps have no core: assign-arrays comes before"
        case tile.SweepOp() if op.some_part is not None:
            return "banks sweep over whole rectangles"
        case tile.AwaitOp() | tile.SignalOp() if op.every not in (
            1,
            op.sweep.columns.size,
            op.sweep.positions,
        ):
            return "banks count vectors, rows or sweeps"
        case tile.AwaitOp() if period(op) == "vector":
            return "rows of maps are read at once: no waiting per vector"
        case tile.FeatureMapOp() | tile.PartialSumsOp() if op.ring is not None:
            return "maps on tracks are no rings"
        case tile.SplatOp():
            return "maps on tracks have no halo to write"
        case tile.SequenceOp() if op.credit:
            return "sequences of banks start at zero"
        case _:
            return None


class _Displaced(NamedTuple):
    """Arrays of a slice that have to go back to offset 0."""

    layout: MapLayout
    part: Slice
    arrays: Collection[int]


@dataclass
class _Conversion:
    """The programs made so far, bank by bank."""

    operations: list[Operation]
    machine: RacetrackMachine
    weights: WeightStore

    def __post_init__(self) -> None:
        machine = self.machine
        self.buffers = [
            op
            for op in self.operations
            if isinstance(op, tile.FeatureMapOp | tile.PartialSumsOp)
        ]
        self.sweeps = [op for op in self.operations if isinstance(op, tile.SweepOp)]
        self.block_ops = [
            op for op in self.operations if isinstance(op, tile.WeightBlockOp)
        ]
        self.layouts: dict[SSAValue, MapLayout] = {
            op.result: MapLayout.of(op, machine.domains, machine.ports, _address(op))
            for op in self.buffers
        }
        self.blocks: dict[SSAValue, Block] = {
            op.result: self._block(op) for op in self.block_ops
        }
        users = Counter(block.array for block in self.blocks.values())
        self.shared = {array for array, count in users.items() if count > 1}
        self.offsets = Offsets(machine)
        self.programs = Programs(machine, racetrack.BankOp, racetrack.SectionOp)
        self.crowded = _crowded(self.sweeps, machine)

    def convert(self) -> Iterator[Operation]:
        """The module's new operations."""
        for op in self.buffers:
            yield from self._declare(op)
        for op in self.buffers:
            if isinstance(op, tile.FeatureMapOp) and is_complete(op):
                yield from self._feature_map(op)
        bounds = shift_bounds(self.sweeps, self.layouts, self.blocks, self.machine)
        for op in self.operations:
            if isinstance(op, tile.LayerOp):
                bound = bounds[op.layer.data]
                yield self._layer(op, {"shift_bound": IntegerAttr(bound, i64)})
        around = Surroundings(
            self.machine,
            self.offsets,
            self.layouts,
            {op.result: _bank_of(op) for op in self.buffers},
            self.blocks,
            self.programs.sequence_register,
        )
        displaced = _displaced(self.sweeps, self.layouts)
        for sweep in self.sweeps:
            self._sweep(sweep, around, displaced[sweep])
        yield from self.programs.units()

    def _block(self, op: tile.WeightBlockOp) -> Block:
        assert op.core is not None
        assert op.array is not None
        assert op.order is not None
        order = tuple(self.weights.resolve(op.order).tolist())
        array = op.core.value.data, op.array.value.data
        groups = op.type.groups.data
        return Block(array, order, op.type.columns.data, groups > 1)

    def _layer(self, op: tile.LayerOp, more: dict[str, IntegerAttr]) -> Layer:
        return racetrack.LayerOp(
            layer=op.layer.data,
            kind=op.kind.data,
            macs=op.macs.value.data,
            details=layer_details(op, more),
        )

    def _declare(
        self, op: tile.FeatureMapOp | tile.PartialSumsOp
    ) -> Iterator[Operation]:
        """The arrays of a buffer, one declaration per slice."""
        layout = self.layouts[op.result]
        for part in layout.slices:
            yield racetrack.ArraysOp(
                first=part.first,
                count=layout.arrays,
                width=part.width,
                bank=_bank_of(op),
            )

    def _feature_map(self, op: tile.FeatureMapOp) -> Iterator[Operation]:
        """Where the host finds a map; copies of one tensor are numbered."""
        copies = [
            other.result
            for other in self.buffers
            if isinstance(other, tile.FeatureMapOp)
            and other.tensor == op.tensor
            and is_complete(other)
        ]
        height, width, channels = op.type.shape
        for part in self.layouts[op.result].slices:
            yield racetrack.FeatureMapOp(
                tensor=op.tensor.data,
                layer=op.layer.data,
                copy=copies.index(op.result),
                first=part.first,
                height=height,
                width=width,
                channel=part.start,
                channels=part.width,
                total=channels,
                element="ui8" if op.type.unsigned else "i8",
                role=op.role.data,
            )

    def _sweep(
        self,
        sweep: tile.SweepOp,
        around: Surroundings,
        displaced: Sequence[_Displaced],
    ) -> None:
        """Append a sweep to its bank: weights, positions, and the arrays' way back."""
        bank = core_of(sweep)
        registers = self.programs.registers_of(bank)
        crowded = bank in self.crowded
        if crowded:
            fresh = self.programs.new_registers(bank)
            registers = replace(fresh, sequences=registers.sequences)
        lowering = SweepLowering(sweep, around, registers)
        setup, main = list[Operation](), list[Code]()
        used = weight_blocks(sweep)
        for op in used:
            block = self.blocks[op.result]
            program = self._program(op)
            if block.array in self.shared:
                main.append(program)
                scan = block.scan(self.machine)
                self.offsets[block.array] = scan[-1] if scan else 0
            else:
                setup += build([program])
        main += lowering.lower()
        setup += [] if crowded else lowering.setup
        for op in used:
            steps = self.offsets.go_home(self.blocks[op.result].array)
            number = self.blocks[op.result].array[1]
            main += shifts(ShiftOp, steps, self.machine, w=number, base=ZERO)
        maps = MapCode(self.offsets, Addresses())
        for layout, part, arrays in displaced:
            main += maps.go_home(layout, part, arrays)
        body = [*(lowering.setup if crowded else []), *build(main)]
        self.programs.append(bank, sweep.layer.data, setup, body)

    def _program(self, op: tile.WeightBlockOp) -> Code:
        return plain(
            ProgramOp,
            w=self.blocks[op.result].array[1],
            matrix=op.matrix,
            row=op.rows.start,
            rows=op.rows.size,
            column=op.columns.start,
            columns=op.columns.size,
            order=op.order,
        )


def _crowded(sweeps: list[tile.SweepOp], machine: RacetrackMachine) -> set[int]:
    """Banks that use more parameters or tables than they have registers.

    They set them before each sweep instead of once.
    """
    parameters: dict[int, set[object]] = defaultdict(set)
    tables: dict[int, set[object]] = defaultdict(set)
    for sweep in sweeps:
        for op in sweep.operations:
            match op:
                case tile.RequantiseOp():
                    key = op.bias, op.multiplier, op.channels
                    parameters[core_of(sweep)].add(key)
                case tile.TableOp():
                    tables[core_of(sweep)].add(op.table)
                case _:
                    pass
    return {
        bank
        for used, limit in (
            (parameters, machine.parameter_registers),
            (tables, machine.table_registers),
        )
        for bank, contents in used.items()
        if len(contents) > limit
    }


def _displaced(
    sweeps: list[tile.SweepOp], layouts: dict[SSAValue, MapLayout]
) -> Mapping[tile.SweepOp, Sequence[_Displaced]]:
    """For each sweep the map arrays that no later one uses, slice by slice."""
    last = _last_users(sweeps, layouts)
    found: dict[tile.SweepOp, list[_Displaced]] = defaultdict(list)
    for layout in layouts.values():
        for part in layout.slices:
            arrays: dict[tile.SweepOp, set[int]] = defaultdict(set)
            for array in range(part.first, part.first + layout.arrays):
                if array in last:
                    arrays[last.pop(array)].add(array)
            for sweep, those in arrays.items():
                found[sweep].append(_Displaced(layout, part, those))
    return found


def _last_users(
    sweeps: list[tile.SweepOp], layouts: dict[SSAValue, MapLayout]
) -> dict[int, tile.SweepOp]:
    """The last sweep that reads or writes each map array."""
    last: dict[int, tile.SweepOp] = {}
    for sweep in sweeps:
        first, stop = sweep.rows.start, sweep.rows.stop
        for op in sweep.operations:
            match op:
                case tile.StoreOp():
                    used = stored_rows(op), op.channels
                case tile.StorePartialOp():
                    used = range(first, stop), None
                case _:
                    continue
            last |= dict.fromkeys(_arrays(layouts[op.target], *used), sweep)
        for region in regions_of(sweep.operations):
            rows = range(region.top(first), region.top(stop - 1) + region.rows)
            arrays = _arrays(layouts[region.source], rows, region.channels)
            last |= dict.fromkeys(arrays, sweep)
    return last


def _arrays(layout: MapLayout, rows: range, channels: Range | None) -> Iterator[int]:
    """Map arrays that hold some of these rows and channels (None: all)."""
    for part in layout.parts(channels):
        for index, row in enumerate(layout.rows):
            if row in rows:
                array = part.first + index * layout.segments
                yield from range(array, array + layout.segments)


def _address(op: tile.FeatureMapOp | tile.PartialSumsOp) -> int:
    assert op.address is not None
    return op.address.value.data


def _bank_of(op: tile.FeatureMapOp | tile.PartialSumsOp) -> int:
    assert op.core is not None
    return op.core.value.data
