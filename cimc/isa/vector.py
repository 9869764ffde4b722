"""The vector unit that machines share: one declaration per instruction.

A machine's ISA names them for its dialect (:func:`cimc.isa.program.named`); their
arithmetic is in :mod:`cimc.simulation.vector`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cimc.isa.declared import Access, Instruction
from cimc.isa.fields import Flag, Integer, Real, Register
from cimc.isa.fields_text import Constant
from cimc.isa.program import named
from cimc.isa.rules import broken

__all__ = [
    "Add",
    "Blend",
    "FloatSum",
    "Max",
    "Move",
    "Multiply",
    "Quantise",
    "Requant",
    "Scale",
    "SetParameters",
    "SetTable",
    "Shuffle",
    "Splat",
    "Sum",
    "Table",
    "VectorInstruction",
    "VectorUnit",
    "lanes",
    "vector_register",
]


def vector_register() -> Register:
    """A field that names a vector register."""
    return Register("v", 8)


def lanes() -> Integer:
    """A field that counts something, at least one."""
    return Integer(16, minimum=1)


class VectorInstruction(Instruction):
    """What the vector unit executes; all lanes of ``accesses`` are adjacent."""

    unit = "vector"

    def lane_operations(self) -> int:
        """Lane operations it performs; time is startup + ⌈these / lanes⌉."""
        return self.values["n"]


class Add(VectorInstruction):
    """vd = va + vb on ``n`` int32 lanes; overflow traps."""

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


class Requant(VectorInstruction):
    """vd = clamp(rint(f32(vs + bias)·multiplier) + zero, low, high), ``n`` lanes.

    vs is int32, bias and multiplier are those of q; vs + bias outside int32 traps.
    Bounds within int8 give int8, else bounds within uint8 give uint8.
    """

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
        """Rule 3: low ≤ high, both within int8 or both within uint8."""
        super().verify_()
        low, high = self.low, self.high
        if not (-128 <= low <= high <= 127 or 0 <= low <= high <= 255):
            raise broken(self, 3, f"bounds {low} to {high} fit neither int8 nor uint8")

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads and writes."""
        yield Access(self.vs, 0, 4 * self.n, False)
        yield Access(self.vd, 0, self.n, True)


class Table(VectorInstruction):
    """vd = t[vs] on ``n`` bytes; the stored byte, taken as unsigned, is the index."""

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


class _Reduction(VectorInstruction):
    """Lane-wise reduction over ``segments`` adjacent segments of ``n`` bytes in vs."""

    vd = vector_register()
    vs = vector_register()
    segments = lanes()
    n = lanes()
    unsigned = Flag()
    accumulate = Flag()
    result_bytes = 4

    def verify_(self) -> None:
        """Rule 3: int32 and float32 sums do not overwrite the bytes they add."""
        super().verify_()
        if self.result_bytes > 1 and self.vd == self.vs:
            raise broken(self, 3, f"vd and vs must differ, both are v{self.vd}")

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads and writes."""
        yield Access(self.vs, 0, self.segments * self.n, False)
        if self.accumulate:
            yield Access(self.vd, 0, self.result_bytes * self.n, False)
        yield Access(self.vd, 0, self.result_bytes * self.n, True)

    def lane_operations(self) -> int:
        """One per byte of all segments."""
        return self.segments * self.n


class Max(_Reduction):
    """vd = lane-wise maximum over the segments in vs (accumulate: and of old vd)."""

    opcode = 0x33
    syntax = "{vd}, {vs}, {segments} x {n}{unsigned}{accumulate}"
    result_bytes = 1


class Sum(_Reduction):
    """vd = int32 sum over the segments in vs (accumulate: plus old vd).

    Overflow traps.
    """

    opcode = 0x34
    syntax = "{vd}, {vs}, {segments} x {n}{unsigned}{accumulate}"


class FloatSum(_Reduction):
    """vd = float32 sum of f32(scale·(vs − zero)) over the segments, in their order.

    Every addition is rounded; it starts at 0, or at the old vd with accumulate.
    """

    opcode = 0x35
    syntax = (
        "{vd}, {vs}, {segments} x {n} scale {scale} zero {zero}{unsigned}{accumulate}"
    )
    scale = Real()
    zero = Integer(16, signed=True)


class Quantise(VectorInstruction):
    """vd = sat(rint(f32(f32(f32(vs / count) / scale) + zero))), vs float32."""

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


class Scale(VectorInstruction):
    """vd = fma(f32(vs), ratio, offset): float32 from ``n`` bytes, rounded once."""

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


class Blend(VectorInstruction):
    """vd = sat(rint(fma(f32(va), ratio, vf))): va bytes, vf float32."""

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


class Splat(VectorInstruction):
    """vd = value on ``n`` bytes; the value is an int8 or a uint8."""

    opcode = 0x39
    syntax = "{vd}, {n}, {value}"
    vd = vector_register()
    n = lanes()
    value = Integer(9, signed=True, minimum=-128)

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction writes."""
        yield Access(self.vd, 0, self.n, True)


class Move(VectorInstruction):
    """vd = the ``n`` bytes of vs from byte ``start`` on; vd may be vs."""

    opcode = 0x3A
    syntax = "{vd}, {vs} + {start}, {n}"
    vd = vector_register()
    vs = vector_register()
    start = Integer(16)
    n = lanes()

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads and writes."""
        yield Access(self.vs, self.start, self.start + self.n, False)
        yield Access(self.vd, 0, self.n, True)


class Multiply(VectorInstruction):
    """vd = sat(rint(f32(f32((va − zero_a)·(vb − zero_b))·ratio) + zero)), all bytes."""

    opcode = 0x3B
    syntax = (
        "{vd}, {va} - {zero_a}, {vb} - {zero_b}, {n} ratio {ratio} zero {zero}"
        "{unsigned_a}{unsigned_b}{unsigned_out}"
    )
    vd = vector_register()
    va = vector_register()
    vb = vector_register()
    n = lanes()
    zero_a = Integer(9, signed=True, minimum=-128)
    zero_b = Integer(9, signed=True, minimum=-128)
    ratio = Real()
    zero = Integer(9, signed=True, minimum=-128)
    unsigned_a = Flag()
    unsigned_b = Flag()
    unsigned_out = Flag()

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads and writes."""
        yield Access(self.va, 0, self.n, False)
        yield Access(self.vb, 0, self.n, False)
        yield Access(self.vd, 0, self.n, True)


class Shuffle(VectorInstruction):
    """vd[i·segments + k] = vs[k·n + i]: the bytes of all segments in turn."""

    opcode = 0x3C
    syntax = "{vd}, {vs}, {segments} x {n}"
    vd = vector_register()
    vs = vector_register()
    segments = lanes()
    n = lanes()

    def verify_(self) -> None:
        """Rule 3: it does not overwrite the bytes that it reads."""
        super().verify_()
        if self.vd == self.vs:
            raise broken(self, 3, f"vd and vs must differ, both are v{self.vd}")

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads and writes."""
        yield Access(self.vs, 0, self.segments * self.n, False)
        yield Access(self.vd, 0, self.segments * self.n, True)

    def lane_operations(self) -> int:
        """One per byte of all segments."""
        return self.segments * self.n


class SetParameters(Instruction):
    """q = bias[column : column + n] (int32), multiplier[…] (float32)."""

    opcode = 0x41
    unit = "vector"
    setup = True
    main = False
    syntax = "{q}, {bias}, {multiplier} columns {column} + {n}"
    q = Register("q", 16)
    bias = Constant(16)
    multiplier = Constant(16)
    column = Integer(32)
    n = lanes()


class SetTable(Instruction):
    """t = table: a uint8 constant of 256 entries."""

    opcode = 0x42
    unit = "vector"
    setup = True
    main = False
    syntax = "{t}, {table}"
    t = Register("t", 16)
    table = Constant(16)


class VectorUnit(NamedTuple):
    """The vector instructions of one dialect."""

    add: type[Add]
    requant: type[Requant]
    table: type[Table]
    max: type[Max]
    sum: type[Sum]
    fsum: type[FloatSum]
    fquant: type[Quantise]
    scale: type[Scale]
    blend: type[Blend]
    mul: type[Multiply]
    shuffle: type[Shuffle]
    setq: type[SetParameters]
    sett: type[SetTable]

    @classmethod
    def of(cls, dialect: str, *, set_in_main: bool = False) -> VectorUnit:
        """The instructions ``dialect.add``, ``dialect.requant`` and so on.

        ``set_in_main``: parameters and tables may be set while an image runs, too.
        """
        return cls(
            named(dialect, Add, "add"),
            named(dialect, Requant, "requant"),
            named(dialect, Table, "table"),
            named(dialect, Max, "max"),
            named(dialect, Sum, "sum"),
            named(dialect, FloatSum, "fsum"),
            named(dialect, Quantise, "fquant"),
            named(dialect, Scale, "scale"),
            named(dialect, Blend, "blend"),
            named(dialect, Multiply, "mul"),
            named(dialect, Shuffle, "shuffle"),
            named(dialect, SetParameters, "setq", main=set_in_main),
            named(dialect, SetTable, "sett", main=set_in_main),
        )
