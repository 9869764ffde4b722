"""Address registers of sweeps: one per way of moving over their positions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from xdsl.ir import Operation, SSAValue

from cimc.backends.rram.isa import NextOp, RingOp, SetOp, SlotOp, StepOp, WalkOp
from cimc.diagnostics import DoesNotFitError
from cimc.dialects import tile
from cimc.dialects.cim import Range

__all__ = ["AddressRegisters", "Motion", "Place", "start_of"]

Buffer = tile.FeatureMapOp | tile.PartialSumsOp


@dataclass(frozen=True)
class Motion:
    """How an address moves: bytes per column, per row and per image of a batch.

    ``ring`` is the buffer that wraps around; addresses then count from its start.
    """

    row_stride: int
    column_stride: int
    pitch: int = 0
    ring: Buffer | None = None


@dataclass
class AddressRegisters:
    """The registers of a series of sweeps, by stage of their pipeline and by motion.

    Accesses that move alike share a register and differ in their offsets. Stages run
    at different positions at a time, so they share none. The sweeps of a series have
    one rectangle, from whose first position on registers count; ``single`` says that
    there is one position in all, so that no register has to move.
    """

    sweep: tile.SweepOp
    single: bool = False
    limit: int = 16
    motions: list[tuple[str, Motion]] = field(default_factory=list[tuple[str, Motion]])
    _at: dict[int, int] = field(default_factory=dict[int, int])

    def register(self, stage: str, motion: Motion) -> int:
        """The register that moves like this in a stage.

        Raises:
            DoesNotFitError: there is none left (E034).
        """
        key = stage, motion
        if key not in self.motions:
            self.motions.append(key)
        if len(self.motions) > self.limit:
            raise DoesNotFitError(
                "E034",
                f"a sweep needs more than {self.limit} address registers",
                hints=("a chip with fewer crossbars_per_core",),
            )
        return self.motions.index(key)

    def place(self, registers: Iterable[int], part: Range) -> list[Operation]:
        """What puts registers that move over a part at its first position.

        Nothing for those that came there in the sweep before.
        """
        operations: list[Operation] = []
        for a in registers:
            if self._at.get(a) != part.start:
                operations += self._place(a, part.start)
            self._at[a] = part.stop
        return operations

    def _place(self, a: int, position: int) -> Iterator[Operation]:
        _, motion = self.motions[a]
        row, column = divmod(position, self.sweep.columns.size)
        value = row * motion.row_stride + column * motion.column_stride
        if motion.ring is None:
            yield SetOp(a=a, value=value)
        else:
            base, size = start_of(motion.ring), motion.ring.size_bytes
            yield RingOp(a=a, base=base, size=size, value=value)
        if motion.pitch:
            yield SlotOp(a=a, pitch=motion.pitch)
        if self._jump(motion):
            yield WalkOp(
                a=a,
                columns=self.sweep.columns.size,
                column=column,
                step=motion.column_stride,
                jump=self._jump(motion),
            )

    def advance(self, registers: Iterable[int], positions: int = 1) -> list[Operation]:
        """What takes registers some positions on."""
        operations: list[Operation] = []
        if self.single:
            return operations
        for a in registers:
            _, motion = self.motions[a]
            if self._jump(motion):
                operations += [NextOp(a=a) for _ in range(positions)]
            else:
                operations.append(StepOp(a=a, by=positions * self.stride(motion)))
        return operations

    def stride(self, motion: Motion) -> int:
        """Bytes from a position to the next one, but for those in the next row."""
        return (
            motion.row_stride if self.sweep.columns.size == 1 else motion.column_stride
        )

    def _jump(self, motion: Motion) -> int:
        """Bytes by which the step from row to row differs from others."""
        rows, columns = self.sweep.rows.size, self.sweep.columns.size
        if rows == 1 or columns == 1:
            return 0
        return motion.row_stride - columns * motion.column_stride


def start_of(buffer: Buffer) -> int:
    """The address of a buffer, which allocate-buffers has set."""
    assert buffer.address is not None
    return buffer.address.value.data


@dataclass(frozen=True)
class Place:
    """Where a sweep's rectangle begins: an offset to a register that moves so."""

    offset: int
    motion: Motion

    @classmethod
    def of_window(cls, op: tile.WindowOp) -> Place:
        """The first tap of the window at the first position of the rectangle."""
        type_, window, sweep = op.source_type, op.window, op.sweep
        motion = Motion(
            window.stride[0] * type_.row_stride,
            window.stride[1] * type_.column_stride,
            type_.size_bytes,
        )
        offset = (
            type_.origin
            + op.input_row(sweep.rows.start, 0) * type_.row_stride
            + op.input_column(sweep.columns.start, 0) * type_.column_stride
        )
        return cls._in(op.source, offset, motion)

    @classmethod
    def of_store(cls, op: tile.StoreOp) -> Place:
        """The channels that are stored at the first position."""
        type_, sweep = op.target_type, op.sweep
        motion = Motion(
            op.stride[0] * type_.row_stride,
            op.stride[1] * type_.column_stride,
            type_.size_bytes,
        )
        offset = (
            (0 if op.padded else type_.origin)
            + op.channels.start
            + op.output_row(sweep.rows.start) * type_.row_stride
            + op.output_column(sweep.columns.start) * type_.column_stride
        )
        return cls._in(op.target, offset, motion)

    @classmethod
    def of_sums(cls, sums: SSAValue, sweep: tile.SweepOp) -> Place:
        """The partial sums of the first position; a ring holds those of one chain."""
        buffer, type_ = sums.owner, sums.type
        assert isinstance(buffer, tile.PartialSumsOp)
        assert isinstance(type_, tile.PartialSumsType)
        if buffer.ring is not None:
            vector = type_.column_stride
            row = sweep.columns.size * vector
            motion = Motion(row, vector, sweep.rows.size * row)
            return cls._in(sums, 0, motion)
        motion = Motion(type_.row_stride, type_.column_stride, type_.size_bytes)
        offset = (
            sweep.rows.start * type_.row_stride
            + sweep.columns.start * type_.column_stride
        )
        return cls._in(sums, offset, motion)

    @classmethod
    def _in(cls, value: SSAValue, offset: int, motion: Motion) -> Place:
        buffer = value.owner
        assert isinstance(buffer, tile.FeatureMapOp | tile.PartialSumsOp)
        if buffer.images == 1:
            motion = replace(motion, pitch=0)
        if buffer.ring is None:
            return cls(start_of(buffer) + offset, motion)
        return cls(offset, replace(motion, ring=buffer))
