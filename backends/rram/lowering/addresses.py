"""Address registers of a sweep: one per way of moving over its positions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from xdsl.ir import Operation, SSAValue

from cimc.backends.rram.isa import NextOp, RingOp, SetOp, StepOp, WalkOp
from cimc.diagnostics import DoesNotFitError
from cimc.dialects import tile

__all__ = ["AddressRegisters", "Place", "Walk", "start_of"]

Buffer = tile.FeatureMapOp | tile.PartialSumsOp


@dataclass(frozen=True)
class Walk:
    """How an address moves: bytes per column and per row, perhaps in a ring.

    ``ring`` is the buffer that wraps around; addresses then count from its start.
    """

    row_stride: int
    column_stride: int
    ring: Buffer | None = None


@dataclass
class AddressRegisters:
    """The registers of one sweep, by stage of its pipeline and by walk.

    Accesses that move alike share a register and differ in their offsets. Stages run
    at different positions at a time, so they share none.
    """

    sweep: tile.SweepOp
    limit: int = 16
    walks: list[tuple[str, Walk]] = field(default_factory=list[tuple[str, Walk]])

    def register(self, stage: str, walk: Walk) -> int:
        """The register that walks like this in a stage.

        Raises:
            DoesNotFitError: there is none left (E034).
        """
        key = stage, walk
        if key not in self.walks:
            self.walks.append(key)
        if len(self.walks) > self.limit:
            raise DoesNotFitError(
                "E034",
                f"a sweep needs more than {self.limit} address registers",
                hints=("a chip with fewer crossbars_per_core",),
            )
        return self.walks.index(key)

    def setup(self) -> list[Operation]:
        """What puts all registers at the first position."""
        operations: list[Operation] = []
        for a, (_, walk) in enumerate(self.walks):
            if walk.ring is None:
                operations.append(SetOp(a=a, value=0))
            else:
                base, size = start_of(walk.ring), walk.ring.size_bytes
                operations.append(RingOp(a=a, base=base, size=size, value=0))
            if self._jump(walk):
                operations.append(
                    WalkOp(
                        a=a,
                        columns=self.sweep.columns.size,
                        column=0,
                        step=walk.column_stride,
                        jump=self._jump(walk),
                    )
                )
        return operations

    def advance(self, stage: str) -> list[Operation]:
        """What takes the registers of a stage to the next position."""
        operations: list[Operation] = []
        if self.sweep.positions > 1:
            for a, (of, walk) in enumerate(self.walks):
                if of == stage and self._jump(walk):
                    operations.append(NextOp(a=a))
                elif of == stage:
                    by = walk.column_stride
                    if self.sweep.columns.size == 1:
                        by = walk.row_stride
                    operations.append(StepOp(a=a, by=by))
        return operations

    def _jump(self, walk: Walk) -> int:
        """Bytes by which the step from row to row differs from others."""
        rows, columns = self.sweep.rows.size, self.sweep.columns.size
        if rows == 1 or columns == 1:
            return 0
        return walk.row_stride - columns * walk.column_stride


def start_of(buffer: Buffer) -> int:
    """The address of a buffer, which allocate-buffers has set."""
    assert buffer.address is not None
    return buffer.address.value.data


@dataclass(frozen=True)
class Place:
    """Where a sweep begins in a buffer: an offset to a register that walks so."""

    offset: int
    walk: Walk

    @classmethod
    def of_window(cls, op: tile.WindowOp) -> Place:
        """The first tap of the window at the first position of its sweep."""
        type_, window, sweep = op.source_type, op.window, op.sweep
        walk = Walk(
            window.stride[0] * type_.row_stride, window.stride[1] * type_.column_stride
        )
        offset = (
            type_.origin
            + op.input_row(sweep.rows.start, 0) * type_.row_stride
            + op.input_column(sweep.columns.start, 0) * type_.column_stride
        )
        return cls._in(op.source, offset, walk)

    @classmethod
    def of_store(cls, op: tile.StoreOp) -> Place:
        """The channels that are stored at the first position."""
        type_, sweep = op.target_type, op.sweep
        walk = Walk(type_.row_stride, type_.column_stride)
        offset = (
            (0 if op.padded else type_.origin)
            + op.channels.start
            + sweep.rows.start * type_.row_stride
            + sweep.columns.start * type_.column_stride
        )
        return cls._in(op.target, offset, walk)

    @classmethod
    def of_sums(cls, sums: SSAValue, sweep: tile.SweepOp) -> Place:
        """The partial sums of the first position; a ring holds those of one chain."""
        buffer, type_ = sums.owner, sums.type
        assert isinstance(buffer, tile.PartialSumsOp)
        assert isinstance(type_, tile.PartialSumsType)
        if buffer.ring is not None:
            vector = type_.column_stride
            return cls._in(sums, 0, Walk(sweep.columns.size * vector, vector))
        walk = Walk(type_.row_stride, type_.column_stride)
        offset = (
            sweep.rows.start * type_.row_stride
            + sweep.columns.start * type_.column_stride
        )
        return cls._in(sums, offset, walk)

    @classmethod
    def _in(cls, value: SSAValue, offset: int, walk: Walk) -> Place:
        buffer = value.owner
        assert isinstance(buffer, tile.FeatureMapOp | tile.PartialSumsOp)
        if buffer.ring is None:
            return cls(start_of(buffer) + offset, walk)
        return cls(offset, replace(walk, ring=buffer))
