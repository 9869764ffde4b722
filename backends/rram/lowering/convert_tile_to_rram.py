"""``convert-tile-to-rram``: one program per core, with its memory and feature maps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from cimc.backends.rram import dialect as rram
from cimc.backends.rram.bounds import layer_bounds
from cimc.backends.rram.lowering.addresses import start_of
from cimc.backends.rram.lowering.held_products import held, most_held
from cimc.backends.rram.lowering.series import lower, series_of
from cimc.backends.rram.lowering.sweep import CoreState, nested
from cimc.backends.rram.machine import CHIP, RramMachine
from cimc.dialects import tile
from cimc.lowering.layers import layer_details
from cimc.lowering.programs import Programs
from cimc.lowering.ready import require_ready
from cimc.passes.tile.phases import handed_over, phases_of
from cimc.passes.tile.sweeps import core_of

__all__ = ["ConvertTileToRram"]


@dataclass(frozen=True)
class ConvertTileToRram(ModulePass):
    """Turn placed and synchronised sweeps into the programs of RRAM cores.

    The sweeps of a core run in program order, those of each phase in a program of
    their own. Sequences become sequence registers of the core that waits, so each has
    exactly one writer.
    """

    name = "convert-tile-to-rram"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Replace all ``tile`` operations of the module by ``rram`` operations."""
        old = list(op.body.block.ops)
        require_ready(old, _unprepared)
        new = list(_convert(old, phases_of(op), CHIP.get(op)))
        op.body.detach_block(op.body.block)
        op.body.add_block(Block(new))


def _unprepared(op: Operation) -> str | None:
    """What a pass before this one has not done for ``op``."""
    match op:
        case tile.FeatureMapOp() | tile.PartialSumsOp() if op.address is None:
            return "buffers have no address: allocate-buffers comes before"
        case tile.SweepOp() if op.core is None:
            return "sweeps have no core: distribute-sweeps comes before"
        case tile.SweepOp() if not nested(op):
            return "periods of a sweep must be multiples of each other"
        case tile.WeightBlockOp() if op.type.groups.data != 1:
            return "blocks have several groups: im2col-partition comes before"
        case _:
            return None


def _convert(
    operations: list[Operation],
    phases: list[list[tile.SweepOp]],
    machine: RramMachine,
) -> Iterator[Operation]:
    buffers = [
        op
        for op in operations
        if isinstance(op, tile.FeatureMapOp | tile.PartialSumsOp)
    ]
    yield _memory(buffers, machine.bus_bytes)
    maps = [op for op in buffers if isinstance(op, tile.FeatureMapOp)]
    for op in maps:
        yield from _halo(op)
    for op in maps:
        yield _feature_map(op)
    bounds = layer_bounds(phases, machine)
    for op in operations:
        if isinstance(op, tile.LayerOp):
            bound = bounds.get(op.layer.data)
            yield rram.LayerOp(
                layer=op.layer.data,
                kind=op.kind.data,
                macs=op.macs.value.data,
                details=layer_details(op, {} if bound is None else bound.details()),
            )
    kept = handed_over(phases)
    for phase, sweeps in enumerate(phases):
        yield from _programs(phase, sweeps, kept, machine)


def _feature_map(op: tile.FeatureMapOp) -> Operation:
    """The declaration of a feature map, without its halo."""
    type_ = op.type
    height, width, channels = type_.shape
    kind: type[rram.FeatureMapOp] = rram.FeatureMapOp
    more: dict[str, int] = {}
    if op.ring is not None:
        more = {"ring_base": start_of(op), "ring_size": op.size_bytes}
    if op.images > 1:
        kind = rram.FeatureMapsOp
        more |= {"images": op.images, "pitch": type_.size_bytes}
    return kind(
        tensor=op.tensor.data,
        layer=op.layer.data,
        address=start_of(op) + type_.origin,
        height=height,
        width=width,
        channels=channels,
        row_stride=type_.row_stride,
        column_stride=type_.column_stride,
        element="ui8" if type_.unsigned else "i8",
        role=op.role.data,
        **more,
    )


def _memory(
    buffers: Iterable[tile.FeatureMapOp | tile.PartialSumsOp], alignment: int
) -> rram.MemoryOp:
    """Shared memory up to the end of all buffers, and how much they take of it."""
    places = [(start_of(op), start_of(op) + op.size_bytes) for op in buffers]
    size = max(stop for _, stop in places)
    used = end = 0
    for start, stop in sorted(places):
        stop = min(-(-stop // alignment) * alignment, size)
        used += max(0, stop - max(start, end))
        end = max(end, stop)
    return rram.MemoryOp(size=size, uses=used if used < size else 0)


def _halo(op: tile.FeatureMapOp) -> Iterator[Operation]:
    """The bytes around the images of a feature map: above, between rows, and below.

    Of a ring of rows, only those beside them; sweeps write the others with its rows.
    """
    type_, start = op.type, start_of(op)
    if op.rows < op.rows_per_image:
        beside = type_.halo[1] * type_.column_stride
        yield from _fills(type_, start, start + beside, op.rows, op.rows)
        return
    for image in range(op.rows // op.rows_per_image):
        begin = start + image * type_.size_bytes
        height, _, _ = type_.shape
        yield from _fills(type_, begin, begin + type_.origin, height, op.rows_per_image)


def _fills(
    type_: tile.FeatureMapType, start: int, first: int, height: int, rows: int
) -> Iterator[Operation]:
    """The bytes of ``rows`` rows around ``height`` rows of elements.

    Rows begin at ``start``, elements at ``first``.
    """
    _, width, _ = type_.shape
    end = start + rows * type_.row_stride
    row_end = first + width * type_.column_stride
    last_row_end = row_end + (height - 1) * type_.row_stride
    between = type_.row_stride - width * type_.column_stride
    for count, length, address in (
        (1, first - start, start),
        (height - 1, between, row_end),
        (1, end - last_row_end, last_row_end),
    ):
        if count and length:
            yield rram.FillOp(
                count=count,
                length=length,
                address=address,
                stride=type_.row_stride if count > 1 else 0,
                value=type_.fill.data,
            )


def _programs(
    phase: int,
    sweeps: list[tile.SweepOp],
    kept: set[SSAValue],
    machine: RramMachine,
) -> Iterator[Operation]:
    """One program per core that has work in a phase, by number."""
    programs = Programs(machine, rram.CoreOp, rram.SectionOp, phase)
    cores: dict[int, CoreState] = {}
    holds = held(sweeps, kept, most_held(machine.vector_registers))
    for series in series_of(sweeps):
        core = core_of(series[0])
        if core not in cores:
            cores[core] = CoreState(programs.registers_of(core))
        setup, main = lower(
            series, machine, cores[core], programs.sequence_register, holds
        )
        programs.append(core, series[0].layer.data, setup, main)
    yield from programs.units()
