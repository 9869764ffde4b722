"""Work of the vector unit: from operations of a sweep to instructions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from xdsl.ir import Operation, SSAValue

from cimc.diagnostics import DoesNotFitError
from cimc.dialects import tile
from cimc.dialects.tile.body import element_of, length_of
from cimc.isa.declared import Instruction
from cimc.isa.vector import VectorUnit
from cimc.lowering.registers import CoreRegisters, VectorRegisters

__all__ = ["Emit", "Reduction", "VectorLowering", "is_unsigned"]

#: Operations that reduce the parts of a vector to one.
Reduction = tile.MaxOp | tile.SumOp | tile.AverageOp


class Emit(Protocol):
    """Appends an instruction with these fields to the code."""

    def __call__(self, op: type[Instruction], /, **values: object) -> None:
        """Append ``op(**values)``."""
        ...


def is_unsigned(value: SSAValue) -> bool:
    """Whether a vector holds uint8."""
    return element_of(value) == tile.ui8


@dataclass
class VectorLowering:
    """Emits the instructions of one dialect's vector unit.

    Its registers have ``register_bytes`` each; ``vectors`` holds the operands;
    parameters and tables go to ``setup`` once.
    """

    unit: VectorUnit
    core: CoreRegisters
    vectors: VectorRegisters
    emit: Emit
    setup: list[Operation]
    register_bytes: int

    def accumulate(self, op: tile.AccumulateOp) -> None:
        """Add two vectors of sums."""
        lhs, rhs = self.vectors[op.lhs], self.vectors[op.rhs]
        target = self.vectors.define(op.result)
        self.emit(self.unit.add, vd=target, va=lhs, vb=rhs, n=length_of(op.result))

    def requantise(self, op: tile.RequantiseOp, source: int) -> None:
        """Requantise the sums in register ``source``."""
        parameters = self.core.parameters
        fresh = len(parameters.contents)
        q = parameters.number((op.bias, op.multiplier, op.channels))
        if q == fresh:
            self.setup.append(
                self.unit.setq(
                    q=q,
                    bias=op.bias,
                    multiplier=op.multiplier,
                    column=op.channels.start,
                    n=op.channels.size,
                )
            )
        self.emit(
            self.unit.requant,
            vd=self.vectors.define(op.result),
            vs=source,
            q=q,
            n=length_of(op.result),
            zero=op.zero.value.data,
            low=op.clamp.low,
            high=op.clamp.high,
        )

    def table(self, op: tile.TableOp) -> None:
        """Look every element up."""
        tables = self.core.tables
        fresh = len(tables.contents)
        number = tables.number(op.table)
        if number == fresh:
            self.setup.append(self.unit.sett(t=number, table=op.table))
        source = self.vectors[op.operand]
        target = self.vectors.define(op.result)
        n = length_of(op.result)
        self.emit(self.unit.table, vd=target, vs=source, t=number, n=n)

    def add(self, op: tile.AddOp) -> None:
        """fma(a, ratio_a, fma(b, ratio_b, offset)) as SCALE of b, then BLEND."""
        lhs, rhs, n = self.vectors[op.lhs], self.vectors[op.rhs], length_of(op.result)
        inner = self.vectors.take()
        self.emit(
            self.unit.scale,
            vd=inner,
            vs=rhs,
            n=n,
            ratio=op.rhs_ratio.value.data,
            offset=op.offset.value.data,
            unsigned=is_unsigned(op.rhs),
        )
        self.emit(
            self.unit.blend,
            vd=self.vectors.define(op.result),
            va=lhs,
            vf=inner,
            n=n,
            ratio=op.lhs_ratio.value.data,
            unsigned_in=is_unsigned(op.lhs),
            unsigned_out=is_unsigned(op.result),
        )
        self.vectors.give_back(inner)

    def multiply(self, op: tile.MultiplyOp) -> None:
        """Multiply two vectors and requantise the products."""
        lhs, rhs = self.vectors[op.lhs], self.vectors[op.rhs]
        self.emit(
            self.unit.mul,
            vd=self.vectors.define(op.result),
            va=lhs,
            vb=rhs,
            n=length_of(op.result),
            zero_a=op.lhs_zero.value.data,
            zero_b=op.rhs_zero.value.data,
            ratio=op.ratio.value.data,
            zero=op.zero.value.data,
            unsigned_a=is_unsigned(op.lhs),
            unsigned_b=is_unsigned(op.rhs),
            unsigned_out=is_unsigned(op.result),
        )

    def shuffle(self, op: tile.ShuffleOp) -> None:
        """Take the elements of all segments in turn.

        Raises:
            DoesNotFitError: they exceed a register (E034).
        """
        if length_of(op.result) > self.register_bytes:
            raise DoesNotFitError(
                "E034",
                f"a shuffle of {length_of(op.result)} channels exceeds a vector "
                f"register of {self.register_bytes} bytes",
                where=f"layer {op.sweep.layer.data!r}",
                hints=("a chip with more vector_register_bytes",),
            )
        source, segments = self.vectors[op.operand], op.segments.value.data
        self.emit(
            self.unit.shuffle,
            vd=self.vectors.define(op.result),
            vs=source,
            segments=segments,
            n=length_of(op.result) // segments,
        )

    def reduce(
        self, op: Reduction, sums: int, part: int, segments: int, accumulate: bool
    ) -> tuple[type[Instruction], dict[str, object]]:
        """The instruction that reduces segments in register ``part`` to ``sums``."""
        fields: dict[str, object] = {
            "vd": sums,
            "vs": part,
            "segments": segments,
            "n": length_of(op.result),
            "unsigned": is_unsigned(op.operand),
            "accumulate": accumulate,
        }
        match op:
            case tile.MaxOp():
                return self.unit.max, fields
            case tile.SumOp():
                return self.unit.sum, fields
            case tile.AverageOp():
                scale, zero = op.source.scale.data, op.source.zero.data
                return self.unit.fsum, {**fields, "scale": scale, "zero": zero}

    def quantise(self, op: tile.AverageOp, sums: int, target: int) -> None:
        """Turn float sums in register ``sums`` into the mean."""
        self.emit(
            self.unit.fquant,
            vd=target,
            vs=sums,
            n=length_of(op.result),
            count=op.count.value.data,
            scale=op.target.scale.data,
            zero=op.target.zero.data,
            unsigned=is_unsigned(op.result),
        )
