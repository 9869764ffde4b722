"""Structured operations from a flat list of instruction words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from xdsl.ir import Operation

from cimc.dialects.cim import WeightsRef
from cimc.isa.container import malformed
from cimc.isa.declared import Instruction
from cimc.isa.fields_text import Constant
from cimc.isa.instruction_set import InstructionSet
from cimc.isa.program import END, HALT, MAX_LOOP_DEPTH

__all__ = ["Rebuilder", "Span"]

_LENGTH_SHIFT = 40


class Span(NamedTuple):
    """Instructions [start, start + length) belong to the layer of that index."""

    start: int
    length: int
    layer: int


class Rebuilder:
    """Reads sections one after another; every step raises InputError (E023)."""

    def __init__(
        self,
        isa: InstructionSet,
        words: Sequence[int],
        spans: Sequence[Span],
        constants: Sequence[WeightsRef],
        layers: Sequence[str],
    ) -> None:
        self._isa = isa
        self._words = words
        self._spans = list(reversed(spans))
        self._constants = constants
        self._layers = layers
        self._at = 0
        self._known: dict[int, Instruction] = {}

    def section(self, length: int) -> list[Operation]:
        """The next ``length`` instructions as a setup or main body."""
        stop = self._at + length
        if not length or stop > len(self._words) or self._words[stop - 1] != HALT:
            raise malformed(f"instruction {stop - 1}: a section must end with HALT")
        ops = self._block(stop - 1, depth=0, in_span=False)
        self._at += 1
        return ops

    def finish(self) -> None:
        """Check that nothing is left over."""
        if self._at != len(self._words) or self._spans:
            raise malformed("instructions or sections belong to no unit")

    def _block(self, stop: int, depth: int, in_span: bool) -> list[Operation]:
        """The operations of instructions [at, stop)."""
        ops: list[Operation] = []
        while self._at < stop:
            if self._spans and self._spans[-1].start == self._at and not in_span:
                span = self._spans.pop()
                if not 0 < span.length <= stop - self._at:
                    raise malformed(
                        f"instruction {self._at}: section of no good length"
                    )
                if span.layer >= len(self._layers):
                    raise malformed(f"instruction {self._at}: no layer {span.layer}")
                body = self._block(self._at + span.length, depth, in_span=True)
                ops.append(self._isa.section(body, layer=self._layers[span.layer]))
            else:
                ops.append(self._instruction(stop, depth, in_span))
        return ops

    def _instruction(self, stop: int, depth: int, in_span: bool) -> Operation:
        word, at = self._words[self._at], self._at
        op = self._isa.by_opcode.get(word & 0xFF)
        if op is None:
            raise malformed(f"instruction {at}: bad opcode 0x{word & 0xFF:02x}")
        self._at += 1
        if op is self._isa.loop:
            return self._loop(word, stop, depth, in_span)
        first = self._known.get(word)
        if first is None:
            first = self._known[word] = self._first(op, word, at)
        return op.create(properties=first.properties)

    def _first(self, op: type[Instruction], word: int, at: int) -> Instruction:
        """The operation of a word that has not occurred before; most occur often."""
        values = op.values_of_word(word)
        if values is None:
            raise malformed(f"instruction {at}: bits set outside the fields")
        for name, field in op.fields().items():
            if isinstance(field, Constant):
                if values[name] >= len(self._constants):
                    raise malformed(f"instruction {at}: no constant {values[name]}")
                values[name] = self._constants[values[name]]
        return self._checked(op(**values), at)

    def _loop(self, word: int, stop: int, depth: int, in_span: bool) -> Operation:
        at = self._at - 1
        end = self._at + (word >> _LENGTH_SHIFT)
        if end >= stop or self._words[end] != END or depth == MAX_LOOP_DEPTH:
            raise malformed(f"instruction {at}: loop without END or too deep")
        body = self._block(end, depth + 1, in_span)
        self._at += 1
        return self._checked(self._isa.loop(body, count=(word >> 8) & 0xFFFFFFFF), at)

    def _checked(self, op: Instruction, at: int) -> Instruction:
        for name, field in op.fields().items():
            if (problem := field.check(field.get(op))) is not None:
                raise malformed(f"instruction {at}: {name} {problem}")
        return op
