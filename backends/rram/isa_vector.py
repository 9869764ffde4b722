"""The instructions of the vector unit; isa.py has the others and the table of all."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.utils.exceptions import VerifyException

from cimc.backends.rram.declared import Access, Instruction
from cimc.backends.rram.fields import Flag, Integer, Real, Register

__all__ = [
    "AddOp",
    "BlendOp",
    "FloatSumOp",
    "MaxOp",
    "QuantiseOp",
    "RequantOp",
    "ScaleOp",
    "SumOp",
    "TableOp",
    "VectorOp",
    "lanes",
    "vector_register",
]


def vector_register() -> Register:
    """A field that names a vector register."""
    return Register("v", 4)


def lanes() -> Integer:
    """A field that counts something, at least one."""
    return Integer(16, minimum=1)


class VectorOp(Instruction):
    """What the vector unit executes; all lanes of ``accesses`` are adjacent."""

    unit = "vector"

    def lane_operations(self) -> int:
        """Lane operations it performs; time is startup + ⌈these / lanes⌉."""
        return self.values["n"]


class AddOp(VectorOp):
    """vd = va + vb on ``n`` int32 lanes; overflow traps."""

    name = "rram.add"
    opcode = 0x30
    syntax = "{vd}, {va}, {vb}, {n}"
    vd = vector_register()
    va = vector_register()
    vb = vector_register()
    n = lanes()

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads and writes."""
        yield Access(self.va, 0, 4 * self.n, False)
        yield Access(self.vb, 0, 4 * self.n, False)
        yield Access(self.vd, 0, 4 * self.n, True)


class RequantOp(VectorOp):
    """vd = clamp(rint(f32(vs + bias)·multiplier) + zero, low, high), ``n`` lanes.

    vs is int32, bias and multiplier are those of q; vs + bias outside int32 traps.
    Bounds within int8 give int8, else bounds within uint8 give uint8.
    """

    name = "rram.requant"
    opcode = 0x31
    syntax = "{vd}, {vs}, {q}, {n} zero {zero} clamp {low} to {high}"
    vd = vector_register()
    vs = vector_register()
    q = Register("q", 16)
    n = lanes()
    zero = Integer(16, signed=True)
    low = Integer(16, signed=True)
    high = Integer(16, signed=True)

    def verify_(self) -> None:
        """RRAM-3: low ≤ high, both within int8 or both within uint8."""
        super().verify_()
        low, high = self.low, self.high
        if not (-128 <= low <= high <= 127 or 0 <= low <= high <= 255):
            raise VerifyException(
                f"[RRAM-3] bounds {low} to {high} fit neither int8 nor uint8"
            )

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads and writes."""
        yield Access(self.vs, 0, 4 * self.n, False)
        yield Access(self.vd, 0, self.n, True)


class TableOp(VectorOp):
    """vd = t[vs] on ``n`` bytes; the stored byte, taken as unsigned, is the index."""

    name = "rram.table"
    opcode = 0x32
    syntax = "{vd}, {vs}, {t}, {n}"
    vd = vector_register()
    vs = vector_register()
    t = Register("t", 16)
    n = lanes()

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads and writes."""
        yield Access(self.vs, 0, self.n, False)
        yield Access(self.vd, 0, self.n, True)


class _ReductionOp(VectorOp):
    """Lane-wise reduction over ``segments`` adjacent segments of ``n`` bytes in vs."""

    vd = vector_register()
    vs = vector_register()
    segments = lanes()
    n = lanes()
    unsigned = Flag()
    accumulate = Flag()
    result_bytes = 4

    def verify_(self) -> None:
        """RRAM-3: int32 and float32 sums do not overwrite the bytes they add."""
        super().verify_()
        if self.result_bytes > 1 and self.vd == self.vs:
            raise VerifyException(
                f"[RRAM-3] vd and vs must differ, both are v{self.vd}"
            )

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads and writes."""
        yield Access(self.vs, 0, self.segments * self.n, False)
        if self.accumulate:
            yield Access(self.vd, 0, self.result_bytes * self.n, False)
        yield Access(self.vd, 0, self.result_bytes * self.n, True)

    def lane_operations(self) -> int:
        """One per byte of all segments."""
        return self.segments * self.n


class MaxOp(_ReductionOp):
    """vd = lane-wise maximum over the segments in vs (accumulate: and of old vd)."""

    name = "rram.max"
    opcode = 0x33
    syntax = "{vd}, {vs}, {segments} x {n}{unsigned}{accumulate}"
    result_bytes = 1


class SumOp(_ReductionOp):
    """vd = int32 sum over the segments in vs (accumulate: plus old vd).

    Overflow traps.
    """

    name = "rram.sum"
    opcode = 0x34
    syntax = "{vd}, {vs}, {segments} x {n}{unsigned}{accumulate}"


class FloatSumOp(_ReductionOp):
    """vd = float32 sum of f32(scale·(vs − zero)) over the segments, in their order.

    Every addition is rounded; it starts at 0, or at the old vd with accumulate.
    """

    name = "rram.fsum"
    opcode = 0x35
    syntax = (
        "{vd}, {vs}, {segments} x {n} scale {scale} zero {zero}{unsigned}{accumulate}"
    )
    scale = Real()
    zero = Integer(16, signed=True)


class QuantiseOp(VectorOp):
    """vd = sat(rint(f32(f32(f32(vs / count) / scale) + zero))), vs float32."""

    name = "rram.fquant"
    opcode = 0x36
    syntax = "{vd}, {vs}, {n} count {count} scale {scale} zero {zero}{unsigned}"
    vd = vector_register()
    vs = vector_register()
    n = lanes()
    count = lanes()
    scale = Real()
    zero = Integer(16, signed=True)
    unsigned = Flag()

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads and writes."""
        yield Access(self.vs, 0, 4 * self.n, False)
        yield Access(self.vd, 0, self.n, True)


class ScaleOp(VectorOp):
    """vd = fma(f32(vs), ratio, offset): float32 from ``n`` bytes, rounded once."""

    name = "rram.scale"
    opcode = 0x37
    syntax = "{vd}, {vs}, {n} ratio {ratio} offset {offset}{unsigned}"
    vd = vector_register()
    vs = vector_register()
    n = lanes()
    ratio = Real()
    offset = Real()
    unsigned = Flag()

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads and writes."""
        yield Access(self.vs, 0, self.n, False)
        yield Access(self.vd, 0, 4 * self.n, True)


class BlendOp(VectorOp):
    """vd = sat(rint(fma(f32(va), ratio, vf))): va bytes, vf float32."""

    name = "rram.blend"
    opcode = 0x38
    syntax = "{vd}, {va}, {vf}, {n} ratio {ratio}{unsigned_in}{unsigned_out}"
    vd = vector_register()
    va = vector_register()
    vf = vector_register()
    n = lanes()
    ratio = Real()
    unsigned_in = Flag()
    unsigned_out = Flag()

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads and writes."""
        yield Access(self.va, 0, self.n, False)
        yield Access(self.vf, 0, 4 * self.n, False)
        yield Access(self.vd, 0, self.n, True)
