import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import DictionaryAttr, IntegerAttr, StringAttr, i64

from cimc.backends.racetrack.dialect import ArraysOp, BankOp, LayerOp, SectionOp
from cimc.backends.racetrack.isa import (
    VECTOR,
    CallOp,
    ClearOp,
    LoopOp,
    MacOp,
    ProgramOp,
    SetOp,
    ShiftOp,
    SlideOp,
    StepOp,
    StoreSumsOp,
    WaitOp,
)
from cimc.diagnostics import InputError
from cimc.dialects.cim import WeightsRef
from tests.support.programs import to_text
from tests.unit.backends.racetrack.racetrack_programs import (
    MAPS,
    bank,
    decode,
    encode,
    from_text,
    load,
    module_of,
    read,
    row,
    shift,
    transfer,
    write,
)

PARAMETERS = VECTOR.setq(
    q=0,
    bias=WeightsRef.of("conv.bias", "00"),
    multiplier=WeightsRef.of("conv.multiplier", "01"),
    column=0,
    n=4,
)
TABLE = VECTOR.sett(t=0, table=WeightsRef.of("table", "00"))


def program_op(**fields):
    values = {"w": 0, "row": 16, "rows": 8, "column": 0, "columns": 4, **fields}
    return ProgramOp(
        matrix=WeightsRef.of("conv.matrix", "0123456789abcdef"),
        order=WeightsRef.of("conv.order", "02"),
        **values,
    )


def mac(**fields):
    values = {"w": 0, "base": 0, "domain": 0, "at": 0, "count": 2, "vs": 0} | fields
    return MacOp(**{"index": 0, "n": 4, **values})


def example():
    sweep = [
        SetOp(a=0, value=1),
        LoopOp(
            [
                SectionOp([read(-1), load(4)], layer="b"),
                ClearOp(n=4),
                mac(unsigned=True),
                ShiftOp(w=0, base=0, by=-1),
                StoreSumsOp(vd=1, n=4),
                VECTOR.requant(vd=2, vs=1, q=0, n=4, zero=-3, low=-128, high=127),
                write(-1, vs=2),
                StepOp(a=0, by=4),
            ],
            count=2,
        ),
        shift(0, m=1),
    ]
    details = DictionaryAttr({"shift_bound": IntegerAttr(7, i64)})
    module = module_of(
        BankOp(
            [program_op(), PARAMETERS.clone()],
            [*sweep, CallOp(core=1, s=1, by=4)],
            number=0,
        ),
        bank(1, [WaitOp(s=1, by=4), SlideOp(offset=0, length=8, by=4)]),
        declarations=(
            *(op.clone() for op in MAPS),
            LayerOp(layer="b", kind="add", macs=0, details=details),
        ),
    )
    module.attributes = {"cim.model": StringAttr("example"), **module.attributes}
    return module


def test_encode_and_decode_are_inverse():
    module = example()
    data = encode(module)
    assert to_text(decode(data)) == to_text(module)
    assert encode(from_text(to_text(decode(data)))) == data


@given(st.data())
def test_truncated_and_garbled_bytes_are_refused(data):
    program = encode(example())
    cut = data.draw(st.integers(0, len(program) - 1))
    with pytest.raises(InputError, match="E023"):
        decode(program[:cut])
    flipped = bytearray(program)
    flipped[cut] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InputError, match="E023"):
        decode(bytes(flipped))


@given(st.data())
def test_bytes_garbled_under_a_good_checksum_never_crash(data):
    program = bytearray(encode(example()))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(28, len(program) - 1))
        program[at] = data.draw(st.integers(0, 255))
    program[24:28] = zlib.crc32(program[28:]).to_bytes(4, "little")
    try:
        module = decode(bytes(program))
    except InputError:
        return
    assert encode(module)


def test_a_program_of_another_target_is_refused():
    program = encode(example()).replace(b"racetrack", b"domainwal", 1)
    with pytest.raises(InputError, match=r"E023.*for target b'domainwal'"):
        decode(program)


def added(*ops):
    module = example()
    module.body.block.add_ops(ops)
    return module


def in_bank(*main, setup=()):
    return added(BankOp(setup, main, number=2))


def changed_map(**values):
    declared = row("u", 3, 4, "intermediate")[1]
    return type(declared)(**{**declared.values, **values})


ARRAY = ArraysOp(first=3, count=1, width=4, bank=0)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            lambda: added(ArraysOp(first=4, count=1, width=4, bank=0)),
            r"RACETRACK-4\] racetrack.arrays m4 x 1 width 4 bank 0 must begin at m3",
        ),
        (
            lambda: added(changed_map()),
            r"RACETRACK-4\] feature map 'u' needs 1 arrays of width 4 from m3 on",
        ),
        (
            lambda: added(ARRAY.clone(), changed_map(height=2)),
            r"RACETRACK-4\] feature map 'u' needs 2 arrays of width 4 from m3 on",
        ),
        (
            lambda: added(ARRAY.clone(), changed_map(width=9)),
            r"RACETRACK-4\] feature map 'u' needs 2 arrays of width 4 from m3 on",
        ),
        (
            lambda: added(ARRAY.clone(), changed_map(channels=3)),
            r"RACETRACK-4\] feature map 'u' needs 1 arrays of width 3 from m3 on",
        ),
        (
            lambda: added(ARRAY.clone(), changed_map(channel=1)),
            r"RACETRACK-4\] feature map 'u' has 4 channels",
        ),
        (
            lambda: added(BankOp([], [SectionOp([], layer="b")], number=2)),
            r"RACETRACK-5\] a section must not be empty",
        ),
        (
            lambda: added(bank(2, [SectionOp([SetOp(a=0, value=0)], layer="b")])),
            r"RACETRACK-5\] sections must not nest",
        ),
        (
            lambda: in_bank(setup=[SetOp(a=0, value=0)]),
            r"RACETRACK-6\] racetrack.set must not stand in the setup section of a "
            r"bank",
        ),
        (
            lambda: added(SetOp(a=0, value=0)),
            r"RACETRACK-7\] racetrack.set must not stand in the module",
        ),
        (lambda: added(bank(1, [])), r"RACETRACK-7\] bank 1 is declared twice"),
        (
            lambda: added(BankOp([], [], number=2, phase=1)),
            r"RACETRACK-7\] bank 2 phase 1: banks have no phases",
        ),
        (
            lambda: added(LayerOp(layer="b", kind="add", macs=0)),
            r"RACETRACK-7\] layer 'b' is declared twice",
        ),
        (
            lambda: in_bank(SectionOp([SetOp(a=0, value=0)], layer="c")),
            r"RACETRACK-7\] bank 2: no racetrack.layer 'c'",
        ),
        (lambda: added(bank(4, [])), r"RACETRACK-8\] bank 4, the chip allows 3"),
        (
            lambda: added(ArraysOp(first=3, count=1, width=4, bank=4)),
            r"RACETRACK-8\] bank 4, the chip allows 3",
        ),
        (
            lambda: added(ArraysOp(first=3, count=61, width=4, bank=0)),
            r"RACETRACK-8\] macro units of buffers 65, the chip allows 64",
        ),
        (
            lambda: in_bank(*(SetOp(a=0, value=0) for _ in range(63))),
            r"RACETRACK-8\] instructions of bank 2 65, the chip allows 64",
        ),
        (
            lambda: in_bank(setup=[program_op(w=2)]),
            r"RACETRACK-8\] weight array 2, the chip allows 1 \(bank 2: racetrack.prog",
        ),
        (
            lambda: in_bank(setup=[program_op(rows=9)]),
            r"RACETRACK-8\] rows of a block 9, the chip allows 8",
        ),
        (
            lambda: in_bank(setup=[program_op(columns=5)]),
            r"RACETRACK-8\] columns of a block 5, the chip allows 4",
        ),
        (lambda: in_bank(mac(count=3)), r"RACETRACK-8\] ports 3, the chip allows 2"),
        (lambda: in_bank(mac(n=5)), r"RACETRACK-8\] lanes 5, the chip allows 4"),
        (
            lambda: in_bank(mac(vs=4)),
            r"RACETRACK-8\] vector register 4, the chip allows 3",
        ),
        (lambda: in_bank(ClearOp(n=5)), r"RACETRACK-8\] lanes 5, the chip allows 4"),
        (
            lambda: in_bank(load(8, dest=60)),
            r"RACETRACK-8\] byte of a vector register 68, the chip allows 64",
        ),
        (
            lambda: in_bank(transfer(0, source=60)),
            r"RACETRACK-8\] byte of a vector register 68, the chip allows 64",
        ),
        (
            lambda: in_bank(WaitOp(s=4, by=1)),
            r"RACETRACK-8\] sequence register 4, the chip allows 3",
        ),
        (
            lambda: in_bank(CallOp(core=4, s=0, by=1)),
            r"RACETRACK-8\] bank 4, the chip allows 3",
        ),
        (
            lambda: in_bank(setup=[TABLE.clone(), TABLE.clone()]),
            r"RACETRACK-9\] racetrack.sett sets register 0 twice",
        ),
        (
            lambda: in_bank(VECTOR.table(vd=0, vs=0, t=1, n=1)),
            r"RACETRACK-9\] table t1 is not set \(bank 2: racetrack.table",
        ),
        (
            lambda: in_bank(
                VECTOR.requant(vd=0, vs=1, q=0, n=5, zero=0, low=0, high=255),
                setup=[PARAMETERS.clone()],
            ),
            r"RACETRACK-9\] parameters q0 are not set for 5 lanes",
        ),
    ],
)
def test_rules_of_the_whole_program(module, message):
    with pytest.raises(InputError, match=message) as caught:
        encode(module())
    assert caught.value.diagnostic.code == "E024"


def test_a_program_without_a_chip_is_checked_as_far_as_possible():
    module = example()
    del module.attributes["racetrack.chip"]
    module.body.block.add_op(bank(400, [mac(n=4000, count=200)]))
    assert to_text(decode(encode(module))) == to_text(module)
