"""The instructions of a core: syntax, limits and encoding, one class each.

The tables of the ISA manual (README.md beside this file) are generated from here.
"""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.utils.exceptions import VerifyException

from cimc.backends.rram.declared import Access, Instruction
from cimc.backends.rram.fields import (
    Constant,
    Displacement,
    Flag,
    Integer,
    Real,
    Register,
)

__all__ = [
    "END",
    "HALT",
    "INSTRUCTIONS",
    "MAX_LOOP_DEPTH",
    "SYNC_BYTES",
    "AddOp",
    "BlendOp",
    "CallOp",
    "FloatSumOp",
    "LoadOp",
    "LoopOp",
    "MaxOp",
    "MvmOp",
    "ProgramOp",
    "QuantiseOp",
    "RequantOp",
    "ScaleOp",
    "SetOp",
    "SetParametersOp",
    "SetTableOp",
    "StepOp",
    "StoreOp",
    "SumOp",
    "TableOp",
    "TransferOp",
    "VectorOp",
    "WaitOp",
]

#: Opcode that closes a section (setup or main); it has no operation.
HALT = 0x00
#: Opcode that closes the body of a loop; it has no operation.
END = 0x02
#: Bytes that a CALL moves over the bus.
SYNC_BYTES = 4
#: Loops may nest this deep.
MAX_LOOP_DEPTH = 4


def _v() -> Register:
    return Register("v", 4)


def _lanes() -> Integer:
    return Integer(16, minimum=1)


class VectorOp(Instruction):
    """What the vector unit executes; all lanes of ``accesses`` are adjacent."""

    unit = "vector"

    def lane_operations(self) -> int:
        """Lane operations it performs; time is startup + ⌈these / lanes⌉."""
        return self.values["n"]


class TransferOp(Instruction):
    """What the load/store unit executes, in order, over the bus."""

    unit = "lsu"

    def transfer(self) -> tuple[int, int]:
        """Length of a segment in bytes and how many; each starts a new beat."""
        raise NotImplementedError


class LoopOp(Instruction):
    """Run the body ``count`` times.

    The encoding holds, after the count, the body's length in instructions without
    the END that closes it (u32).
    """

    name = "rram.loop"
    opcode = 0x01
    unit = "issue"
    syntax = "{count}"
    bodies = ("",)
    count = Integer(32, minimum=1)

    def verify_(self) -> None:
        """RRAM-2: a body is not empty, loops nest at most four deep."""
        super().verify_()
        if not self.body():
            raise VerifyException("[RRAM-2] the body of a loop must not be empty")
        depth, parent = 1, self.parent_op()
        while parent is not None:
            depth += isinstance(parent, LoopOp)
            parent = parent.parent_op()
        if depth > MAX_LOOP_DEPTH:
            raise VerifyException(
                f"[RRAM-2] loops nest {depth} deep, at most {MAX_LOOP_DEPTH} may"
            )


class SetOp(Instruction):
    """a = value."""

    name = "rram.set"
    opcode = 0x03
    unit = "issue"
    syntax = "{a}, {value}"
    a = Register("a", 4)
    value = Integer(32, signed=True)


class StepOp(Instruction):
    """a += by."""

    name = "rram.step"
    opcode = 0x04
    unit = "issue"
    syntax = "{a}, {by}"
    a = Register("a", 4)
    by = Integer(32, signed=True)


class LoadOp(TransferOp):
    """Copy ``count`` segments of ``length`` bytes from [base + offset] into vd + dest.

    Segments are ``stride`` bytes apart in shared memory and adjacent in the register.
    """

    name = "rram.load"
    opcode = 0x10
    syntax = "{vd}{dest}, [{base}{offset}], {count} x {length}{stride}"
    vd = _v()
    dest = Displacement(16)
    base = Register("a", 4)
    offset = Displacement(32, signed=True)
    count = _lanes()
    length = _lanes()
    stride = Integer(32, signed=True, default=0, keyword="stride")

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction writes."""
        yield Access(self.vd, self.dest, self.dest + self.count * self.length, True)

    def transfer(self) -> tuple[int, int]:
        """See base class."""
        return self.length, self.count


class StoreOp(TransferOp):
    """Copy ``length`` bytes from vs + source to [base + offset]."""

    name = "rram.store"
    opcode = 0x11
    syntax = "[{base}{offset}], {vs}{source}, {length}"
    base = Register("a", 4)
    offset = Displacement(32, signed=True)
    vs = _v()
    source = Displacement(16)
    length = _lanes()

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads."""
        yield Access(self.vs, self.source, self.source + self.length, False)

    def transfer(self) -> tuple[int, int]:
        """See base class."""
        return self.length, 1


class CallOp(TransferOp):
    """sequence[s] of ``core`` += by, visible once all earlier STOREs are complete."""

    name = "rram.call"
    opcode = 0x12
    syntax = "core {core}, {s} += {by}"
    core = Integer(16)
    s = Register("s", 16)
    by = Integer(32, minimum=1)

    def transfer(self) -> tuple[int, int]:
        """See base class."""
        return SYNC_BYTES, 1


class WaitOp(Instruction):
    """expected[s] += by, then block until sequence[s] >= expected[s]."""

    name = "rram.wait"
    opcode = 0x13
    unit = "issue"
    syntax = "{s} += {by}"
    s = Register("s", 16)
    by = Integer(32, minimum=1)


class MvmOp(Instruction):
    """vd = Wᵀ·vs: int32 × columns from int8 or (unsigned) uint8 × rows.

    Rows and columns are those that PROGRAM gave to the crossbar; sums are exact.
    """

    name = "rram.mvm"
    opcode = 0x20
    unit = "crossbar"
    syntax = "{vd}, {xb}, {vs}{unsigned}"
    vd = _v()
    xb = Register("xb", 16)
    vs = _v()
    unsigned = Flag()


class AddOp(VectorOp):
    """vd = va + vb on ``n`` int32 lanes; overflow traps."""

    name = "rram.add"
    opcode = 0x30
    syntax = "{vd}, {va}, {vb}, {n}"
    vd = _v()
    va = _v()
    vb = _v()
    n = _lanes()

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
    vd = _v()
    vs = _v()
    q = Register("q", 4, 8)
    n = _lanes()
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
    vd = _v()
    vs = _v()
    t = Register("t", 4, 4)
    n = _lanes()

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads and writes."""
        yield Access(self.vs, 0, self.n, False)
        yield Access(self.vd, 0, self.n, True)


class _ReductionOp(VectorOp):
    """Lane-wise reduction over ``segments`` adjacent segments of ``n`` bytes in vs."""

    vd = _v()
    vs = _v()
    segments = _lanes()
    n = _lanes()
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
    vd = _v()
    vs = _v()
    n = _lanes()
    count = _lanes()
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
    vd = _v()
    vs = _v()
    n = _lanes()
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
    vd = _v()
    va = _v()
    vf = _v()
    n = _lanes()
    ratio = Real()
    unsigned_in = Flag()
    unsigned_out = Flag()

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads and writes."""
        yield Access(self.va, 0, self.n, False)
        yield Access(self.vf, 0, 4 * self.n, False)
        yield Access(self.vd, 0, self.n, True)


class ProgramOp(Instruction):
    """Program crossbar xb with matrix[row : row + rows, column : column + columns].

    The matrix is an int8 constant; the block stands at the crossbar's origin.
    """

    name = "rram.program"
    opcode = 0x40
    unit = "crossbar"
    setup = True
    syntax = "{xb}, {matrix} rows {row} + {rows} columns {column} + {columns}"
    xb = Register("xb", 16)
    matrix = Constant(16)
    row = Integer(32)
    rows = _lanes()
    column = Integer(24)
    columns = _lanes()


class SetParametersOp(Instruction):
    """q = bias[column : column + n] (int32), multiplier[…] (float32)."""

    name = "rram.setq"
    opcode = 0x41
    unit = "vector"
    setup = True
    syntax = "{q}, {bias}, {multiplier} columns {column} + {n}"
    q = Register("q", 4, 8)
    bias = Constant(16)
    multiplier = Constant(16)
    column = Integer(32)
    n = _lanes()


class SetTableOp(Instruction):
    """t = table: a uint8 constant of 256 entries."""

    name = "rram.sett"
    opcode = 0x42
    unit = "vector"
    setup = True
    syntax = "{t}, {table}"
    t = Register("t", 4, 4)
    table = Constant(16)


#: All instructions, in order of opcode.
INSTRUCTIONS: tuple[type[Instruction], ...] = (
    LoopOp,
    SetOp,
    StepOp,
    LoadOp,
    StoreOp,
    CallOp,
    WaitOp,
    MvmOp,
    AddOp,
    RequantOp,
    TableOp,
    MaxOp,
    SumOp,
    FloatSumOp,
    QuantiseOp,
    ScaleOp,
    BlendOp,
    ProgramOp,
    SetParametersOp,
    SetTableOp,
)
