import pytest
from hypothesis import given
from xdsl.utils.exceptions import VerifyException

from cimc.backends.racetrack.dialect import ArraysOp, FeatureMapOp
from cimc.backends.racetrack.instruction_set import ISA
from cimc.backends.racetrack.isa import (
    VECTOR,
    ClearOp,
    LoadSumsOp,
    LoopOp,
    MacOp,
    ReadOp,
    SetOp,
    ShiftOp,
    SlideOp,
    StoreSumsOp,
)
from tests.support.programs import (
    any_instruction,
    check_encoding,
    check_text_round_trip,
    check_word_round_trip,
)
from tests.unit.backends.racetrack.racetrack_programs import bank, module_of, row


def test_opcodes_are_unique_and_fields_fit_the_word():
    check_encoding(ISA)


@given(any_instruction(ISA))
def test_word_round_trip(op):
    check_word_round_trip(ISA, op)


@given(any_instruction(ISA))
def test_text_round_trip(op):
    body = ([op], []) if op.setup else ([], [op])
    check_text_round_trip(ISA, module_of(bank(0, body[1], body[0])), op)


def test_fields_encode_lsb_first_after_the_opcode():
    op = MacOp(
        w=1, base=2, domain=-3, at=4, count=5, vs=6, index=7, source=-8, n=9,
        lanewise=True,
    )  # fmt: skip
    fields = (
        1 | 2 << 12 | (2**14 - 3) << 16 | 4 << 30 | 5 << 34 | 6 << 42 | 7 << 50
        | (2**20 - 8) << 54 | 9 << 74 | 1 << 87
    )  # fmt: skip
    assert op.to_word({}) == (0x29 | fields << 8).to_bytes(16, "little")


def test_sums_are_four_bytes_a_lane():
    (read,) = LoadSumsOp(vs=2, n=3).accesses()
    (written,) = StoreSumsOp(vd=1, n=3).accesses()
    assert (read.register, read.start, read.stop, read.write) == (2, 0, 12, False)
    assert (written.register, written.start, written.stop) == (1, 0, 12)
    assert written.write


def changed(op, **values):
    return type(op)(**{**op.values, **values})


MAP = row("x", 0, 4, "input")[1]


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (lambda: SetOp(a=16, value=0), r"\[RACETRACK-1\] a must be 0 to 15, not 16"),
        (
            lambda: ShiftOp(w=0, base=0, by=2**15),
            r"\[RACETRACK-1\] by must be -32768 to 32767, not 32768",
        ),
        (lambda: ShiftOp(w=4096, base=0, by=1), r"\[RACETRACK-1\] w must be 0 to 4095"),
        (lambda: ClearOp(n=0), r"\[RACETRACK-1\] n must be 1 to 65535, not 0"),
        (
            lambda: SlideOp(offset=0, length=1, by=0),
            r"\[RACETRACK-1\] by must be 1 to 16777215, not 0",
        ),
        (
            lambda: ReadOp(to=0, m=0, base=0, domain=8192, at=0, length=1),
            r"\[RACETRACK-1\] domain must be -8192 to 8191, not 8192",
        ),
        (
            lambda: ReadOp(to=0, m=0, base=0, domain=0, at=0, length=0),
            r"\[RACETRACK-1\] length must be 1 to 4095, not 0",
        ),
        (lambda: LoopOp([], count=2), r"\[RACETRACK-2\] the body of a loop"),
        (
            lambda: VECTOR.sum(vd=1, vs=1, segments=1, n=1),
            r"\[RACETRACK-3\] vd and vs must differ, both are v1",
        ),
        (
            lambda: ArraysOp(first=0, count=0, width=4, bank=0),
            r"\[RACETRACK-1\] count must be 1 to 16777215, not 0",
        ),
        (
            lambda: changed(MAP, element="f32"),
            r"\[RACETRACK-1\] element must be one of i8, ui8, not 'f32'",
        ),
        (
            lambda: changed(MAP, role="spare"),
            r"\[RACETRACK-1\] role must be one of input, output, intermediate",
        ),
    ],
)
def test_verifier(op, message):
    with pytest.raises(VerifyException, match=message):
        op().verify()


def test_constructor_names_unknown_and_missing_fields():
    with pytest.raises(
        TypeError, match=r"unknown fields \['p'\], missing fields \['base', 'by'"
    ):
        ShiftOp(w=0, p=1)
    with pytest.raises(TypeError, match=r"missing fields \['copy'"):
        FeatureMapOp(**{k: v for k, v in MAP.values.items() if k != "copy"})
