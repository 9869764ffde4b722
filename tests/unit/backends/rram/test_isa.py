import pytest
from hypothesis import given
from rram_programs import AddOp, RequantOp, SumOp, core, module_of
from xdsl.utils.exceptions import VerifyException

from cimc.backends.rram.instruction_set import ISA
from cimc.backends.rram.isa import LoadOp, LoopOp, RingOp, SetOp, SplatOp, WalkOp
from tests.support.programs import (
    any_instruction,
    check_encoding,
    check_text_round_trip,
    check_word_round_trip,
)


def test_opcodes_are_unique_and_fields_fit_the_word():
    check_encoding(ISA)


@given(any_instruction(ISA))
def test_word_round_trip(op):
    check_word_round_trip(ISA, op)


@given(any_instruction(ISA))
def test_text_round_trip(op):
    body = ([op], []) if op.setup else ([], [op])
    check_text_round_trip(ISA, module_of(core(0, body[1], body[0])), op)


def test_fields_encode_lsb_first_after_the_opcode():
    word = LoadOp(vd=1, dest=2, base=3, offset=-4, count=5, length=6, stride=7).to_word(
        {}
    )
    fields = 1 | 2 << 8 | 3 << 24 | (2**32 - 4) << 28 | 5 << 60 | 6 << 72 | 7 << 88
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
        (lambda: AddOp(vd=256, va=0, vb=0, n=1), r"\[RRAM-1\] vd must be 0 to 255"),
        (
            lambda: SplatOp(vd=0, n=1, value=256),
            r"\[RRAM-1\] value must be -128 to 255",
        ),
        (
            lambda: RingOp(a=0, base=0, size=0, value=0),
            r"\[RRAM-1\] size must be 1 to 4294967295, not 0",
        ),
        (
            lambda: WalkOp(a=0, columns=3, column=3, step=1, jump=0),
            r"\[RRAM-10\] column 3 is not one of 3",
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
