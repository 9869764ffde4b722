"""The frame of a program: layers, sections, loops, and the units that run them.

Each machine's dialect derives its operations from these (see :func:`named`), and an
encoded program is the same list of lines on all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, NamedTuple, TypeVar, cast

from xdsl.ir import Operation

from cimc.isa.declared import DeclaredOp, Instruction
from cimc.isa.fields import Integer, Register
from cimc.isa.fields_text import Details, Text
from cimc.isa.rules import broken

__all__ = [
    "END",
    "HALT",
    "MAX_LOOP_DEPTH",
    "Layer",
    "Line",
    "Loop",
    "Section",
    "Set",
    "Step",
    "Unit",
    "executed",
    "linearise",
    "named",
]

#: Opcode that closes a section (setup or main); it has no operation.
HALT = 0x00
#: Opcode that closes the body of a loop; it has no operation.
END = 0x02
#: Loops may nest this deep.
MAX_LOOP_DEPTH = 4

D = TypeVar("D", bound=DeclaredOp)


def named(dialect: str, base: type[D], mnemonic: str, **changes: object) -> type[D]:
    """The operation ``dialect.mnemonic``, declared by ``base`` but for ``changes``."""
    members = {
        **changes,
        "name": f"{dialect}.{mnemonic}",
        "__doc__": base.__doc__,
        "__module__": base.__module__,
    }
    return cast("type[D]", type(base.__name__, (base,), members))


class Layer(DeclaredOp):
    """A layer that sections refer to, with keys for the metrics.

    ``rram.layer "stem/conv" kind "conv" macs 442368 {copies = 1 : i64}``: values of
    the dictionary are integers, f64 numbers, strings or arrays of strings.
    """

    syntax = "{layer} kind {kind} macs {macs}{details}"
    layer = Text()
    kind = Text()
    macs = Integer()
    details = Details()


class Section(DeclaredOp):
    """Attributes the instructions inside to a layer; costs nothing in the encoding."""

    syntax = "{layer}"
    bodies = ("",)
    layer = Text()

    def verify_(self) -> None:
        """Rule 5: sections do not nest and are not empty."""
        super().verify_()
        if not self.body():
            raise broken(self, 5, "a section must not be empty")
        parent = self.parent_op()
        while parent is not None:
            if isinstance(parent, Section):
                raise broken(self, 5, "sections must not nest")
            parent = parent.parent_op()


class Loop(Instruction):
    """Run the body ``count`` times.

    The encoding holds, after the count, the body's length in instructions without
    the END that closes it (u32).
    """

    opcode = 0x01
    unit = "issue"
    syntax = "{count}"
    bodies = ("",)
    count = Integer(32, minimum=1)

    def verify_(self) -> None:
        """Rule 2: a body is not empty, loops nest at most four deep."""
        super().verify_()
        if not self.body():
            raise broken(self, 2, "the body of a loop must not be empty")
        depth, parent = 1, self.parent_op()
        while parent is not None:
            depth += isinstance(parent, Loop)
            parent = parent.parent_op()
        if depth > MAX_LOOP_DEPTH:
            raise broken(
                self, 2, f"loops nest {depth} deep, at most {MAX_LOOP_DEPTH} may"
            )


class Set(Instruction):
    """a = value."""

    opcode = 0x03
    unit = "issue"
    syntax = "{a}, {value}"
    a = Register("a", 4)
    value = Integer(32, signed=True)


class Step(Instruction):
    """a += by."""

    opcode = 0x04
    unit = "issue"
    syntax = "{a}, {by}"
    a = Register("a", 4)
    by = Integer(32, signed=True)


class Unit(DeclaredOp):
    """The program of one core or bank: ``setup`` runs once, ``main`` per image.

    A machine that is set up several times for one image has one for every ``phase``.
    """

    syntax = "{number}{phase}"
    bodies = ("setup", "main")
    number = Integer(16)
    phase = Integer(16, default=0, keyword="phase")
    kind: ClassVar[str]
    """What the machine calls it: core or bank."""

    @property
    def setup(self) -> tuple[Operation, ...]:
        """Operations of the setup section."""
        return self.body(0)

    @property
    def main(self) -> tuple[Operation, ...]:
        """Operations of the main section."""
        return self.body(1)

    def verify_(self) -> None:
        """Rule 6: every instruction stands in a section it is made for."""
        super().verify_()
        for name, body in (("setup", self.setup), ("main", self.main)):
            for op in _instructions(body):
                if not isinstance(op, Instruction) or not getattr(op, name):
                    raise broken(
                        self,
                        6,
                        f"{op.name} must not stand in the {name} section of a "
                        f"{self.kind}",
                    )


def _instructions(body: tuple[Operation, ...]) -> Iterator[Operation]:
    """Operations inside a body, without the sections around them."""
    for op in body:
        if not isinstance(op, Section):
            yield op
        if isinstance(op, Section | Loop):
            yield from _instructions(op.body())


class Line(NamedTuple):
    """One instruction as encoded: ``op`` is None for HALT and END.

    ``body`` is the length of a loop's body, ``section`` what it stands in, if any.
    """

    op: Instruction | None
    opcode: int
    section: Section | None = None
    body: int = 0

    @property
    def text(self) -> str:
        """The instruction as the dialect writes it."""
        if self.op is None:
            return "end" if self.opcode else "halt"
        return f"{self.op.name} {self.op.text()}"


def linearise(body: tuple[Operation, ...]) -> list[Line]:
    """A setup or main body in encoding order, with the END and HALT it needs."""
    lines: list[Line] = []
    _flatten(body, None, lines)
    lines.append(Line(None, HALT))
    return lines


def executed(lines: Iterable[Line]) -> list[tuple[Line, int]]:
    """The lines of a section with how often each runs."""
    found: list[tuple[Line, int]] = []
    times, counts = 1, list[int]()
    for line in lines:
        if line.opcode == END:
            times //= counts.pop()
        found.append((line, times))
        if isinstance(line.op, Loop):
            counts.append(line.op.count)
            times *= line.op.count
    return found


def _flatten(
    body: tuple[Operation, ...], section: Section | None, lines: list[Line]
) -> None:
    for op in cast(tuple[Instruction, ...], body):
        if not op.bodies:
            lines.append(Line(op, op.opcode, section))
        elif isinstance(op, Section):
            _flatten(op.body(), op, lines)
        else:
            start = len(lines)
            lines.append(Line(op, op.opcode, section))
            _flatten(op.body(), section, lines)
            lines[start] = Line(op, op.opcode, section, len(lines) - start - 1)
            lines.append(Line(None, END, section))
