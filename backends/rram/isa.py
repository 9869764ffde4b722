"""The instructions of a core: syntax, limits and encoding, one class each.

The tables of the ISA manual (README.md beside this file) are generated from here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from cimc.isa.declared import Access, Instruction
from cimc.isa.fields import (
    Displacement,
    Flag,
    Integer,
    Register,
)
from cimc.isa.fields_text import Constant
from cimc.isa.program import Loop, Set, Step, named
from cimc.isa.rules import broken
from cimc.isa.sync import SYNC_BYTES, Call, Credit, Wait
from cimc.isa.vector import Move, Splat, VectorUnit, lanes, vector_register

__all__ = [
    "INSTRUCTIONS",
    "VECTOR",
    "CallOp",
    "CreditOp",
    "LoadOp",
    "LoopOp",
    "MoveOp",
    "MvmOp",
    "NextOp",
    "ProgramOp",
    "RingOp",
    "SetOp",
    "SlotOp",
    "SplatOp",
    "StepOp",
    "StoreOp",
    "TransferOp",
    "WaitOp",
    "WalkOp",
]


LoopOp = named("rram", Loop, "loop")
SetOp = named("rram", Set, "set")
StepOp = named("rram", Step, "step")
VECTOR = VectorUnit.of("rram")
SplatOp = named("rram", Splat, "splat")
MoveOp = named("rram", Move, "move")


class RingOp(Instruction):
    """a = value, in the ring of ``size`` bytes from ``base`` on."""

    name = "rram.ring"
    opcode = 0x05
    unit = "issue"
    syntax = "{a}, {base} + {size} from {value}"
    a = Register("a", 4)
    base = Integer(32)
    size = Integer(32, minimum=1)
    value = Integer(32, signed=True)


class WalkOp(Instruction):
    """From now on a walks over rows of ``columns`` columns and is at ``column``."""

    name = "rram.walk"
    opcode = 0x06
    unit = "issue"
    syntax = "{a}, columns {columns} from {column} step {step} jump {jump}"
    a = Register("a", 4)
    columns = lanes()
    column = Integer(16)
    step = Integer(32, signed=True)
    jump = Integer(32, signed=True)

    def verify_(self) -> None:
        """Rule 10: it stands at one of its columns."""
        super().verify_()
        if self.column >= self.columns:
            raise broken(self, 10, f"column {self.column} is not one of {self.columns}")


class NextOp(Instruction):
    """a += step of its walk; after the last column also a += jump, to column 0."""

    name = "rram.next"
    opcode = 0x07
    unit = "issue"
    syntax = "{a}"
    a = Register("a", 4)


class SlotOp(Instruction):
    """a += image · pitch; the image is that of its batch which main is run for, from 0.

    A buffer that several images of a batch go through begins there for the image.
    """

    name = "rram.slot"
    opcode = 0x08
    unit = "issue"
    syntax = "{a}, {pitch}"
    a = Register("a", 4)
    pitch = Integer(32)


class TransferOp(Instruction):
    """What the load/store unit executes, in order, over the bus."""

    unit = "lsu"

    @abstractmethod
    def transfer(self) -> tuple[int, int]:
        """Length of a segment in bytes and how many; each starts a new beat."""


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
    count = Integer(12, minimum=1)
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


class CallOp(Call, TransferOp):
    """sequence[s] of ``core`` += by, visible once all earlier STOREs are complete."""

    name = "rram.call"

    def transfer(self) -> tuple[int, int]:
        """See base class."""
        return SYNC_BYTES, 1


WaitOp = named("rram", Wait, "wait")
CreditOp = named("rram", Credit, "credit")


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
    main = False
    syntax = "{xb}, {matrix} rows {row} + {rows} columns {column} + {columns}"
    xb = Register("xb", 16)
    matrix = Constant(16)
    row = Integer(32)
    rows = lanes()
    column = Integer(24)
    columns = lanes()


#: All instructions, in order of opcode.
INSTRUCTIONS: tuple[type[Instruction], ...] = (
    LoopOp,
    SetOp,
    StepOp,
    RingOp,
    WalkOp,
    NextOp,
    SlotOp,
    LoadOp,
    StoreOp,
    CallOp,
    WaitOp,
    MvmOp,
    *VECTOR[:9],
    SplatOp,
    MoveOp,
    *VECTOR[9:11],
    ProgramOp,
    VECTOR.setq,
    VECTOR.sett,
    CreditOp,
)
