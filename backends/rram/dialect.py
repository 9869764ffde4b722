"""``rram``: the program of every core, instruction by instruction.

A module holds declarations (memory, preset bytes, feature maps, layers) and one
``rram.core`` per core in use; the chip is the module attribute ``rram.chip``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Dialect, Operation
from xdsl.utils.exceptions import VerifyException

from cimc.backends.rram.declared import DeclaredOp, Instruction
from cimc.backends.rram.fields import Integer
from cimc.backends.rram.fields_text import Choice, Details, Text
from cimc.backends.rram.isa import END, HALT, INSTRUCTIONS, LoopOp

__all__ = [
    "RRAM",
    "CoreOp",
    "FeatureMapOp",
    "FillOp",
    "LayerOp",
    "Line",
    "MemoryOp",
    "SectionOp",
    "cores_of",
    "linearise",
]


class MemoryOp(DeclaredOp):
    """Bytes of shared memory that the program uses: ``rram.memory 65536``."""

    name = "rram.memory"
    syntax = "{size}"
    size = Integer(minimum=1)


class FillOp(DeclaredOp):
    """Bytes preset when the program is loaded.

    ``rram.fill 31 x 2 at 66 stride 34 with -3``: ``count`` runs of ``length`` bytes
    begin ``stride`` bytes apart. The value is a byte, signed or unsigned; halos get
    their zero point this way.
    """

    name = "rram.fill"
    syntax = "{count} x {length} at {address}{stride} with {value}"
    count = Integer(minimum=1)
    length = Integer(minimum=1)
    address = Integer()
    stride = Integer(default=0, keyword="stride")
    value = Integer(signed=True, minimum=-128)

    def verify_(self) -> None:
        """RRAM-4: the value is a byte."""
        super().verify_()
        if self.value > 255:
            raise VerifyException(f"[RRAM-4] {self.value} is not a byte")

    @property
    def stop(self) -> int:
        """One past the address of the last byte."""
        return self.address + (self.count - 1) * self.stride + self.length


class FeatureMapOp(DeclaredOp):
    """Where a feature map lies in shared memory, and what it is for.

    ``rram.feature_map "tensor" layer "stem/conv" at 64 shape 32 x 32 x 16
    strides 544, 16 i8 output``: height, width, channels; bytes from row to row and
    from column to column; channels are adjacent.
    """

    name = "rram.feature_map"
    syntax = (
        "{tensor} layer {layer} at {address} shape {height} x {width} x {channels} "
        "strides {row_stride}, {column_stride} {element} {role}"
    )
    tensor = Text()
    layer = Text()
    address = Integer()
    height = Integer(minimum=1)
    width = Integer(minimum=1)
    channels = Integer(minimum=1)
    row_stride = Integer()
    column_stride = Integer()
    element = Choice("i8", "ui8")
    role = Choice("input", "output", "intermediate")

    @property
    def stop(self) -> int:
        """One past the address of the last element."""
        return (
            self.address
            + (self.height - 1) * self.row_stride
            + (self.width - 1) * self.column_stride
            + self.channels
        )


class LayerOp(DeclaredOp):
    """A layer that sections refer to, with keys for the metrics.

    ``rram.layer "stem/conv" kind "conv" macs 442368 {copies = 1 : i64}``: values of
    the dictionary are integers, f64 numbers or strings.
    """

    name = "rram.layer"
    syntax = "{layer} kind {kind} macs {macs}{details}"
    layer = Text()
    kind = Text()
    macs = Integer()
    details = Details()


class SectionOp(DeclaredOp):
    """Attributes the instructions inside to a layer; costs nothing in the encoding."""

    name = "rram.section"
    syntax = "{layer}"
    bodies = ("",)
    layer = Text()

    def verify_(self) -> None:
        """RRAM-5: sections do not nest and are not empty."""
        super().verify_()
        if not self.body():
            raise VerifyException("[RRAM-5] a section must not be empty")
        parent = self.parent_op()
        while parent is not None:
            if isinstance(parent, SectionOp):
                raise VerifyException("[RRAM-5] sections must not nest")
            parent = parent.parent_op()


class CoreOp(DeclaredOp):
    """The program of one core: ``setup`` runs once, ``main`` once per image."""

    name = "rram.core"
    syntax = "{core}"
    bodies = ("setup", "main")
    core = Integer(16)

    @property
    def setup(self) -> tuple[Operation, ...]:
        """Operations of the setup section."""
        return self.body(0)

    @property
    def main(self) -> tuple[Operation, ...]:
        """Operations of the main section."""
        return self.body(1)

    def verify_(self) -> None:
        """RRAM-6: every instruction stands in the section it is made for."""
        super().verify_()
        for setup, body in ((True, self.setup), (False, self.main)):
            for op in _instructions(body):
                if not isinstance(op, Instruction) or op.setup != setup:
                    raise VerifyException(
                        f"[RRAM-6] {op.name} must not stand in the "
                        f"{'setup' if setup else 'main'} section of a core"
                    )


def _instructions(body: tuple[Operation, ...]) -> Iterator[Operation]:
    """Operations inside a body, without the sections around them."""
    for op in body:
        if not isinstance(op, SectionOp):
            yield op
        if isinstance(op, SectionOp | LoopOp):
            yield from _instructions(op.body())


class Line(NamedTuple):
    """One instruction as encoded: ``op`` is None for HALT and END.

    ``body`` is the length of a loop's body, ``section`` what it stands in, if any.
    """

    op: Instruction | None
    opcode: int
    section: SectionOp | None = None
    body: int = 0


def linearise(body: tuple[Operation, ...]) -> list[Line]:
    """A setup or main body in encoding order, with the END and HALT it needs."""
    lines: list[Line] = []
    _flatten(body, None, lines)
    lines.append(Line(None, HALT))
    return lines


def _flatten(
    body: tuple[Operation, ...], section: SectionOp | None, lines: list[Line]
) -> None:
    for op in body:
        if isinstance(op, SectionOp):
            _flatten(op.body(), op, lines)
        elif isinstance(op, LoopOp):
            start = len(lines)
            lines.append(Line(op, op.opcode, section))
            _flatten(op.body(), section, lines)
            lines[start] = Line(op, op.opcode, section, len(lines) - start - 1)
            lines.append(Line(None, END, section))
        else:
            assert isinstance(op, Instruction), op.name
            lines.append(Line(op, op.opcode, section))


def cores_of(module: ModuleOp) -> list[CoreOp]:
    """The cores of a module, in order of appearance."""
    return [op for op in module.ops if isinstance(op, CoreOp)]


RRAM = Dialect(
    "rram",
    [
        MemoryOp,
        FillOp,
        FeatureMapOp,
        LayerOp,
        SectionOp,
        CoreOp,
        *INSTRUCTIONS,
    ],
)
