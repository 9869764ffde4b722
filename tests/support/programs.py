"""Text, constants and random instructions of any instruction set."""

from __future__ import annotations

from io import StringIO
from typing import Any

from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.parser import Parser
from xdsl.printer import Printer

from cimc.dialects.cim import CIM, WeightsRef
from cimc.isa.declared import WORD_BYTES, Instruction
from cimc.isa.fields import Field, Flag, Integer, Real
from cimc.isa.fields_text import Constant
from cimc.isa.instruction_set import InstructionSet
from cimc.isa.program import END, HALT
from cimc.isa.rebuild import Rebuilder
from cimc.weights import Array, WeightStore


def to_text(module: ModuleOp, *, generic: bool = False) -> str:
    stream = StringIO()
    Printer(stream, print_generic_format=generic).print_op(module)
    return stream.getvalue()


def parse(isa: InstructionSet, text: str) -> ModuleOp:
    context = Context()
    for dialect in (Builtin, CIM, isa.dialect):
        context.load_dialect(dialect)
    return Parser(context, text).parse_module()


def values_for(field: Field[Any]) -> st.SearchStrategy[Any]:
    match field:
        case Integer():
            return st.integers(field.minimum, field.maximum)
        case Flag():
            return st.booleans()
        case Real():
            return st.floats(width=32, allow_nan=False, allow_infinity=False)
        case Constant():
            return st.sampled_from([WeightsRef.of(n, "00") for n in ("a", "b/c", '"')])
        case _:
            raise AssertionError(field)


def instructions(op: type[Instruction]) -> st.SearchStrategy[Instruction]:
    """Random instances of an instruction without a body."""
    fields = {name: values_for(field) for name, field in op.fields().items()}
    return st.fixed_dictionaries(fields).map(lambda values: op(**values))


def any_instruction(isa: InstructionSet) -> st.SearchStrategy[Instruction]:
    """Random instances of all instructions but loops."""
    plain = [op for op in isa.instructions if op is not isa.loop]
    return st.sampled_from(plain).flatmap(instructions)


def constant(store: WeightStore, name: str, array: Array) -> WeightsRef:
    return WeightsRef.of(name, store.add(name, array))


def check_encoding(isa: InstructionSet) -> None:
    """Opcodes are unique, and the fields of each instruction fit its word."""
    opcodes = [op.opcode for op in isa.instructions]
    assert len({*opcodes, HALT, END}) == len(opcodes) + 2
    for op in isa.instructions:
        bits = 8 + sum(field.bits for field in op.fields().values())
        assert bits <= 8 * WORD_BYTES, op.name


def check_word_round_trip(isa: InstructionSet, op: Instruction) -> None:
    refs = [f.get(op) for f in op.fields().values() if isinstance(f, Constant)]
    constants = {ref: index for index, ref in enumerate(dict.fromkeys(refs))}
    word = int.from_bytes(op.to_word(constants), "little")
    (back,) = Rebuilder(isa, [word, HALT], [], list(constants), []).section(2)
    assert type(back) is type(op)
    assert back.values == op.values
    assert back.properties == op.properties


def check_text_round_trip(
    isa: InstructionSet, module: ModuleOp, op: Instruction
) -> None:
    """``module`` holds ``op``."""
    text = to_text(module)
    assert to_text(parse(isa, text)) == text
    assert to_text(parse(isa, to_text(module, generic=True))) == text
    again = next(o for o in parse(isa, text).walk() if type(o) is type(op))
    assert again.values == op.values
