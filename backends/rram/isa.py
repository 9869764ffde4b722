"""The instructions of a core: syntax, limits and encoding, one class each.

The tables of the ISA manual (README.md beside this file) are generated from here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from xdsl.utils.exceptions import VerifyException

from cimc.backends.rram.declared import Access, Instruction
from cimc.backends.rram.fields import (
    Displacement,
    Flag,
    Integer,
    Register,
)
from cimc.backends.rram.fields_text import Constant
from cimc.backends.rram.isa_vector import (
    AddOp,
    BlendOp,
    FloatSumOp,
    MaxOp,
    QuantiseOp,
    RequantOp,
    ScaleOp,
    SumOp,
    TableOp,
    VectorOp,
    lanes,
    vector_register,
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


class TransferOp(Instruction):
    """What the load/store unit executes, in order, over the bus."""

    unit = "lsu"

    @abstractmethod
    def transfer(self) -> tuple[int, int]:
        """Length of a segment in bytes and how many; each starts a new beat."""


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
    vd = vector_register()
    dest = Displacement(16)
    base = Register("a", 4)
    offset = Displacement(32, signed=True)
    count = lanes()
    length = lanes()
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
    vs = vector_register()
    source = Displacement(16)
    length = lanes()

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
    vd = vector_register()
    xb = Register("xb", 16)
    vs = vector_register()
    unsigned = Flag()


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
    rows = lanes()
    column = Integer(24)
    columns = lanes()


class SetParametersOp(Instruction):
    """q = bias[column : column + n] (int32), multiplier[…] (float32)."""

    name = "rram.setq"
    opcode = 0x41
    unit = "vector"
    setup = True
    syntax = "{q}, {bias}, {multiplier} columns {column} + {n}"
    q = Register("q", 16)
    bias = Constant(16)
    multiplier = Constant(16)
    column = Integer(32)
    n = lanes()


class SetTableOp(Instruction):
    """t = table: a uint8 constant of 256 entries."""

    name = "rram.sett"
    opcode = 0x42
    unit = "vector"
    setup = True
    syntax = "{t}, {table}"
    t = Register("t", 16)
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
