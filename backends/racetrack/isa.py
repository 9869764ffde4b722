"""The instructions of a bank: syntax, limits and encoding, one class each.

The tables of the ISA manual (README.md beside this file) are generated from here.
"""

from __future__ import annotations

from collections.abc import Iterator

from cimc.backends.racetrack.fields import array_register, domain, map_array, steps
from cimc.isa.declared import Access, Instruction
from cimc.isa.fields import Displacement, Flag, Integer, Register
from cimc.isa.fields_text import Constant
from cimc.isa.program import Loop, Set, Step, named
from cimc.isa.sync import SYNC_BYTES, Call, Wait
from cimc.isa.vector import VectorUnit, lanes, vector_register

__all__ = [
    "INSTRUCTIONS",
    "VECTOR",
    "AccumulatorOp",
    "AddSumsOp",
    "CallOp",
    "ClearOp",
    "FillOp",
    "LoadOp",
    "LoadSumsOp",
    "LoopOp",
    "MacOp",
    "MapShiftOp",
    "ProgramOp",
    "ReadOp",
    "SetOp",
    "ShiftOp",
    "SlideOp",
    "StepOp",
    "StoreSumsOp",
    "TransferOp",
    "WaitOp",
    "WriteOp",
]

LoopOp = named("racetrack", Loop, "loop")
SetOp = named("racetrack", Set, "set")
StepOp = named("racetrack", Step, "step")
WaitOp = named("racetrack", Wait, "wait")
VECTOR = VectorUnit.of("racetrack", set_in_main=True)


class CallOp(Call):
    """sequence[s] of ``bank`` += by, visible once earlier TRANSFERs are complete."""

    name = "racetrack.call"
    unit = "link"
    syntax = "bank {core}, {s} += {by}"

    def transfer(self) -> int:
        """Bytes over the link."""
        return SYNC_BYTES


class ShiftOp(Instruction):
    """Shift weight array w + base by a signed number of steps.

    Positive steps bring higher domains under the ports. All tracks of the array move;
    leaving the overhead domains traps.
    """

    name = "racetrack.shift"
    opcode = 0x20
    unit = "shift"
    syntax = "{w}[{base}], {by}"
    w = array_register()
    base = Register("a", 4)
    by = steps()


class MapShiftOp(Instruction):
    """Shift feature-map array m + base by a signed number of steps, see ``shift``."""

    name = "racetrack.shift_map"
    opcode = 0x21
    unit = "shift"
    syntax = "{m}[{base}], {by}"
    m = map_array()
    base = Register("a", 4)
    by = steps()


class ReadOp(Instruction):
    """Copy bytes of the word in ``domain`` + at of array m + base to the line buffer.

    ``length`` bytes from byte ``first`` of the word go to [to + offset]. A port must
    stand over the domain.
    """

    name = "racetrack.read"
    opcode = 0x22
    unit = "port"
    syntax = "[{to}{offset}], {m}[{base}] domain {domain}[{at}]{first}, {length}"
    to = Register("a", 4)
    offset = Displacement(24, signed=True)
    m = map_array()
    base = Register("a", 4)
    domain = domain()
    at = Register("a", 4)
    first = Displacement(12)
    length = Integer(12, minimum=1)


class _StoreOp(Instruction):
    """Copy ``length`` bytes of a vector register to a word of an array."""

    syntax = "{m}[{base}] domain {domain}[{at}], {vs}{source}, {length}"
    m = map_array()
    base = Register("a", 4)
    domain = domain()
    at = Register("a", 4)
    vs = vector_register()
    source = Displacement(12)
    length = Integer(12, minimum=1)

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads."""
        yield Access(self.vs, self.source, self.source + self.length, False)


class WriteOp(_StoreOp):
    """Write vs + source to ``domain`` + at of array m + base of this bank.

    The word's ``length`` bytes are all written. A port must stand over the domain.
    """

    name = "racetrack.write"
    opcode = 0x23
    unit = "port"


class TransferOp(_StoreOp):
    """Write to an array of another bank, over the link that all banks share."""

    name = "racetrack.transfer"
    opcode = 0x24
    unit = "link"

    def transfer(self) -> int:
        """Bytes over the link."""
        return self.length


class LoadOp(Instruction):
    """Copy ``count`` segments of ``length`` bytes from the line buffer into vd + dest.

    Segments are ``stride`` bytes apart from [base + offset] on, adjacent in vd.
    """

    name = "racetrack.load"
    opcode = 0x25
    unit = "vector"
    syntax = "{vd}{dest}, [{base}{offset}], {count} x {length}{stride}"
    vd = vector_register()
    dest = Displacement(16)
    base = Register("a", 4)
    offset = Displacement(24, signed=True)
    count = Integer(12, minimum=1)
    length = lanes()
    stride = Integer(24, signed=True, default=0, keyword="stride")

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction writes."""
        yield Access(self.vd, self.dest, self.dest + self.count * self.length, True)

    def lane_operations(self) -> int:
        """One per byte."""
        return self.count * self.length


class FillOp(Instruction):
    """Set ``length`` bytes of the line buffer from [base + offset] on to ``value``."""

    name = "racetrack.fill"
    opcode = 0x26
    unit = "vector"
    syntax = "[{base}{offset}], {length} with {value}"
    base = Register("a", 4)
    offset = Displacement(24, signed=True)
    length = Integer(24, minimum=1)
    value = Integer(16, signed=True)

    def lane_operations(self) -> int:
        """One per byte."""
        return self.length


class SlideOp(Instruction):
    """Copy ``length`` bytes of the line buffer from offset + by down to ``offset``."""

    name = "racetrack.slide"
    opcode = 0x27
    unit = "vector"
    syntax = "{offset}, {length} by {by}"
    offset = Integer(24)
    length = Integer(24, minimum=1)
    by = Integer(24, minimum=1)

    def lane_operations(self) -> int:
        """One per byte."""
        return self.length


class ProgramOp(Instruction):
    """Store a block of a matrix in weight array w, which must stand at offset 0.

    Domain d of lane c holds matrix[row + order[d], column + c], or nothing where the
    int32 constant ``order`` is negative. The array ends at the highest offset that it
    wrote; when a program is loaded it is then shifted back.
    """

    name = "racetrack.program"
    opcode = 0x28
    unit = "port"
    setup = True
    syntax = (
        "{w}, {matrix} rows {row} + {rows} columns {column} + {columns} order {order}"
    )
    w = array_register()
    matrix = Constant(16)
    row = Integer(28)
    rows = Integer(12, minimum=1)
    column = Integer(24)
    columns = Integer(12, minimum=1)
    order = Constant(16)


class MacOp(Instruction):
    """accumulator[lane] += weight · activation, for ``count`` ports in turn.

    Port i multiplies the weights in ``domain`` + at + i·(N_dom / N_ports) of array
    w + base, one per lane, with byte ``source`` + index + i of vs, the same for all
    ``n`` lanes; with ``lanewise`` with bytes source + index + i·n + lane. A port must
    stand over each domain. Leaving the accumulator's width traps.
    """

    name = "racetrack.mac"
    opcode = 0x29
    unit = "mac"
    syntax = (
        "{w}[{base}] domain {domain}[{at}] x {count}, {vs}[{index}{source}], {n}"
        "{unsigned}{lanewise}"
    )
    w = array_register()
    base = Register("a", 4)
    domain = domain()
    at = Register("a", 4)
    count = Integer(8, minimum=1)
    vs = vector_register()
    index = Register("a", 4)
    source = Displacement(20, signed=True)
    n = Integer(12, minimum=1)
    unsigned = Flag()
    lanewise = Flag()


class AccumulatorOp(Instruction):
    """What works on the accumulators of ``n`` lanes, with a vector register or none."""

    unit = "mac"
    n = lanes()

    def lane_operations(self) -> int:
        """One per lane."""
        return self.values["n"]


class ClearOp(AccumulatorOp):
    """accumulator[lane] = 0 for the first ``n`` lanes."""

    name = "racetrack.clear"
    opcode = 0x2A
    syntax = "{n}"


class LoadSumsOp(AccumulatorOp):
    """accumulator[lane] = vs[lane], int32; leaving the accumulator's width traps."""

    name = "racetrack.load_sums"
    opcode = 0x2B
    syntax = "{vs}, {n}"
    vs = vector_register()

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction reads."""
        yield Access(self.vs, 0, 4 * self.n, False)


class AddSumsOp(LoadSumsOp):
    """accumulator[lane] += vs[lane], int32; leaving the accumulator's width traps."""

    name = "racetrack.add_sums"
    opcode = 0x2C


class StoreSumsOp(AccumulatorOp):
    """vd[lane] = accumulator[lane], int32."""

    name = "racetrack.store_sums"
    opcode = 0x2D
    syntax = "{vd}, {n}"
    vd = vector_register()

    def accesses(self) -> Iterator[Access]:
        """Register bytes that the instruction writes."""
        yield Access(self.vd, 0, 4 * self.n, True)


#: All instructions, in order of opcode.
INSTRUCTIONS: tuple[type[Instruction], ...] = (
    LoopOp,
    SetOp,
    StepOp,
    CallOp,
    WaitOp,
    ShiftOp,
    MapShiftOp,
    ReadOp,
    WriteOp,
    TransferOp,
    LoadOp,
    FillOp,
    SlideOp,
    ProgramOp,
    MacOp,
    ClearOp,
    LoadSumsOp,
    AddSumsOp,
    StoreSumsOp,
    *VECTOR[:11],
    VECTOR.setq,
    VECTOR.sett,
)
