import shutil
import subprocess
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rram_programs import (
    RequantOp,
    SetParametersOp,
    SetTableOp,
    core,
    decode,
    encode,
    from_text,
    module_of,
)
from xdsl.dialects.builtin import (
    DictionaryAttr,
    FloatAttr,
    IntegerAttr,
    StringAttr,
    f64,
    i64,
)

from cimc.backends.rram.dialect import (
    CoreOp,
    FeatureMapOp,
    FillOp,
    LayerOp,
    MemoryOp,
    SectionOp,
)
from cimc.backends.rram.isa import (
    CallOp,
    LoadOp,
    LoopOp,
    MvmOp,
    ProgramOp,
    SetOp,
    StepOp,
    StoreOp,
    WaitOp,
)
from cimc.diagnostics import InputError
from cimc.dialects.cim import WeightsRef
from tests.support.programs import to_text


def example():
    weights = WeightsRef.of("conv.weights", "0123456789abcdef")
    setup = [
        ProgramOp(xb=0, matrix=weights, row=16, rows=16, column=0, columns=8),
        SetParametersOp(
            q=0,
            bias=WeightsRef.of("conv.bias", "00"),
            multiplier=WeightsRef.of("conv.multiplier", "01"),
            column=0,
            n=8,
        ),
    ]
    sweep = [
        SetOp(a=0, value=64),
        LoopOp(
            [
                SectionOp(
                    [LoadOp(vd=0, base=0, count=2, length=8, stride=32)], layer="b"
                ),
                MvmOp(vd=1, xb=0, vs=0),
                RequantOp(vd=2, vs=1, q=0, n=8, zero=-3, low=-128, high=127),
                StoreOp(base=0, offset=1024, vs=2, length=8),
                StepOp(a=0, by=8),
            ],
            count=4,
        ),
    ]
    details = DictionaryAttr(
        {
            "bound": FloatAttr(0.1, f64),
            "copies": IntegerAttr(1, i64),
            "how": StringAttr("linear"),
        }
    )
    fmap = FeatureMapOp(
        tensor="x/0",
        layer="layer",
        address=64,
        height=2,
        width=4,
        channels=8,
        row_stride=32,
        column_stride=8,
        element="i8",
        role="input",
    )
    module = module_of(
        CoreOp(setup, [*sweep, CallOp(core=3, s=1, by=4)], number=7),
        core(3, [WaitOp(s=1, by=4)]),
        declarations=(
            FillOp(count=1, length=64, address=0, value=-3),
            fmap,
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


def test_mlir_opt_accepts_the_generic_form(tmp_path):
    tool = shutil.which("mlir-opt-19") or shutil.which("mlir-opt")
    if tool is None:
        pytest.skip("mlir-opt is not installed")
    path = tmp_path / "program.mlir"
    path.write_text(to_text(example(), generic=True))
    done = subprocess.run(
        [tool, "--allow-unregistered-dialect", "--mlir-print-op-generic", path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert encode(from_text(done.stdout)) == encode(example())


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


TABLE = SetTableOp(t=0, table=WeightsRef.of("table", "00"))


def broken(change):
    module = example()
    change(module)
    return module


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda m: m.body.block.add_op(core(7, [])),
            r"RRAM-7\] core 7 is declared twice",
        ),
        (lambda m: m.body.block.add_op(core(128, [])), r"RRAM-8\] core number 128"),
        (lambda m: m.body.block.add_op(SetOp(a=0, value=0)), r"RRAM-7\] rram.set must"),
        (
            lambda m: m.body.block.add_op(
                FillOp(count=1, length=1, address=4096, value=0)
            ),
            r"RRAM-8\] rram.fill .* ends at 4097",
        ),
        (
            lambda m: m.body.block.add_op(core(4, [MvmOp(vd=0, xb=1, vs=0)])),
            r"RRAM-9\] crossbar xb1 is not programmed \(core 4: rram.mvm v0, xb1, v0\)",
        ),
        (
            lambda m: m.body.block.add_op(
                core(4, [LoadOp(vd=0, dest=250, base=0, count=1, length=8)])
            ),
            r"RRAM-8\] byte of a vector register 258, the chip allows 256",
        ),
        (
            lambda m: m.body.block.add_op(core(4, [WaitOp(s=32, by=1)])),
            r"RRAM-8\] sequence register 32, the chip allows 31",
        ),
        (
            lambda m: m.body.block.add_op(
                FillOp(count=1, length=1, address=0, value=256)
            ),
            r"RRAM-4\] 256 is not a byte",
        ),
        (
            lambda m: m.body.block.add_op(
                CoreOp([], [SectionOp([], layer="b")], number=4)
            ),
            r"RRAM-5\] a section must not be empty",
        ),
        (
            lambda m: m.body.block.add_op(
                core(4, [SectionOp([SetOp(a=0, value=0)], layer="b")])
            ),
            r"RRAM-5\] sections must not nest",
        ),
        (
            lambda m: m.body.block.add_op(
                CoreOp([], [SectionOp([SetOp(a=0, value=0)], layer="c")], number=4)
            ),
            r"RRAM-7\] core 4: no rram.layer 'c'",
        ),
        (lambda m: m.body.block.add_op(MemoryOp(size=1)), r"RRAM-7\] 2 rram.memory"),
        (
            lambda m: m.body.block.add_op(core(4, [], [TABLE.clone(), TABLE.clone()])),
            r"RRAM-9\] rram.sett sets register 0 twice",
        ),
        (
            lambda m: m.body.block.add_op(core(4, [], [SetOp(a=0, value=0)])),
            r"RRAM-6\] rram.set must not stand in the setup section",
        ),
    ],
)
def test_rules_of_the_whole_program(change, message):
    with pytest.raises(InputError, match=message):
        encode(broken(change))
