import pytest
from hypothesis import given
from hypothesis import strategies as st
from rram_programs import (
    AddOp,
    RequantOp,
    SumOp,
    core,
    from_text,
    instructions,
    module_of,
    to_text,
)
from xdsl.utils.exceptions import VerifyException

from cimc.backends.rram.instruction_set import RRAM
from cimc.backends.rram.isa import INSTRUCTIONS, LoadOp, LoopOp, SetOp
from cimc.isa.declared import WORD_BYTES
from cimc.isa.fields_text import Constant
from cimc.isa.program import END, HALT
from cimc.isa.rebuild import Rebuilder

PLAIN = [op for op in INSTRUCTIONS if op is not LoopOp]


def test_opcodes_are_unique_and_fields_fit_the_word():
    opcodes = [op.opcode for op in INSTRUCTIONS]
    assert len({*opcodes, HALT, END}) == len(opcodes) + 2
    for op in INSTRUCTIONS:
        bits = 8 + sum(field.bits for field in op.fields().values())
        assert bits <= 8 * WORD_BYTES, op.name


@given(st.sampled_from(PLAIN).flatmap(instructions))
def test_word_round_trip(op):
    refs = [f.get(op) for f in op.fields().values() if isinstance(f, Constant)]
    constants = {ref: index for index, ref in enumerate(dict.fromkeys(refs))}
    word = int.from_bytes(op.to_word(constants), "little")
    (back,) = Rebuilder(RRAM, [word, HALT], [], list(constants), []).section(2)
    assert type(back) is type(op)
    assert back.values == op.values
    assert back.properties == op.properties


@given(st.sampled_from(PLAIN).flatmap(instructions))
def test_text_round_trip(op):
    body = ([op], []) if op.setup else ([], [op])
    module = module_of(core(0, body[1], body[0]))
    text = to_text(module)
    assert to_text(from_text(text)) == text
    assert to_text(from_text(to_text(module, generic=True))) == text
    again = next(o for o in from_text(text).walk() if type(o) is type(op))
    assert again.values == op.values


def test_fields_encode_lsb_first_after_the_opcode():
    word = LoadOp(vd=1, dest=2, base=3, offset=-4, count=5, length=6, stride=7).to_word(
        {}
    )
    fields = 1 | 2 << 4 | 3 << 20 | (2**32 - 4) << 24 | 5 << 56 | 6 << 72 | 7 << 88
    assert word == (0x10 | fields << 8).to_bytes(16, "little")


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (lambda: SetOp(a=16, value=0), r"\[RRAM-1\] a must be 0 to 15, not 16"),
        (lambda: SetOp(a=0, value=2**31), r"\[RRAM-1\] value must be"),
        (lambda: AddOp(vd=0, va=0, vb=0, n=0), r"\[RRAM-1\] n must be 1 to 65535"),
        (lambda: LoopOp([], count=2), r"\[RRAM-2\] the body of a loop"),
        (
            lambda: RequantOp(vd=0, vs=1, q=0, n=1, zero=0, low=-1, high=128),
            r"\[RRAM-3\] bounds -1 to 128 fit neither",
        ),
        (
            lambda: SumOp(vd=1, vs=1, segments=1, n=1),
            r"\[RRAM-3\] vd and vs must differ, both are v1",
        ),
    ],
)
def test_verifier(op, message):
    with pytest.raises(VerifyException, match=message):
        op().verify()


def test_constructor_names_unknown_and_missing_fields():
    with pytest.raises(
        TypeError, match=r"unknown fields \['b'\], missing fields \['a'"
    ):
        SetOp(b=1)


def test_loops_nest_four_deep():
    body = [SetOp(a=0, value=0)]
    for _ in range(5):
        body = [LoopOp(body, count=2)]
    with pytest.raises(VerifyException, match=r"\[RRAM-2\] loops nest 5 deep"):
        body[0].verify()
