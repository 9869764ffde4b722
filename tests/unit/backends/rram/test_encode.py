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
    ArrayAttr,
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
    CreditOp,
    LoadOp,
    LoopOp,
    MoveOp,
    MvmOp,
    NextOp,
    ProgramOp,
    RingOp,
    SetOp,
    SplatOp,
    StepOp,
    StoreOp,
    WaitOp,
    WalkOp,
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
        CreditOp(s=2, count=3),
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
        RingOp(a=1, base=2048, size=64, value=-8),
        WalkOp(a=1, columns=2, column=1, step=8, jump=16),
        SplatOp(vd=3, n=8, value=255),
        MoveOp(vd=3, vs=3, start=2, n=6),
        LoopOp([StoreOp(base=1, vs=3, length=8), NextOp(a=1)], count=4),
    ]
    details = DictionaryAttr(
        {
            "bound": FloatAttr(0.1, f64),
            "copies": IntegerAttr(1, i64),
            "fused": ArrayAttr([StringAttr("a"), StringAttr("b, c")]),
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
    ring = FeatureMapOp(
        tensor="y",
        layer="b",
        address=2056,
        height=20,
        width=2,
        channels=8,
        row_stride=32,
        column_stride=8,
        element="ui8",
        role="intermediate",
        ring_base=2048,
        ring_size=64,
    )
    module = module_of(
        CoreOp(setup, [*sweep, CallOp(core=3, s=1, by=4)], number=7),
        core(3, [WaitOp(s=1, by=4)]),
        declarations=(
            FillOp(count=1, length=64, address=0, value=-3),
            fmap,
            ring,
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


def in_ring(**fields):
    """Another feature map in the ring of 64 bytes at 2048."""
    values = {"height": 1, "width": 1, "channels": 8, "element": "i8"}
    values |= {"row_stride": 8, "column_stride": 8, "role": "intermediate"}
    values |= {"address": 2048, "ring_base": 2048, "ring_size": 64}
    return FeatureMapOp(tensor="z", layer="b", **(values | fields))


RING = RingOp(a=1, base=2048, size=64, value=0)
WALK = WalkOp(a=1, columns=4, column=0, step=1, jump=0)
NEXT = NextOp(a=1)


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
        (
            lambda m: m.body.block.add_op(core(4, [CreditOp(s=0, count=1)])),
            r"RRAM-6\] rram.credit must not stand in the main section",
        ),
        (
            lambda m: m.body.block.add_op(
                core(4, [], [CreditOp(s=1, count=1), CreditOp(s=1, count=2)])
            ),
            r"RRAM-9\] rram.credit sets register 1 twice",
        ),
        (
            lambda m: m.body.block.add_op(core(4, [], [CreditOp(s=32, count=1)])),
            r"RRAM-8\] sequence register 32, the chip allows 31",
        ),
        (
            lambda m: m.body.block.add_op(
                core(4, [RingOp(a=0, base=4000, size=100, value=0)])
            ),
            r"RRAM-8\] the ring ends at 4100, memory has 4096 bytes \(core 4\)",
        ),
        (
            lambda m: m.body.block.add_op(core(4, [NEXT.clone()])),
            r"RRAM-10\] a1 has no walk \(core 4\)",
        ),
        (
            lambda m: m.body.block.add_op(
                core(4, [WALK.clone(), RING.clone(), NEXT.clone()])
            ),
            r"RRAM-10\] a1 has no walk",
        ),
        (
            lambda m: m.body.block.add_op(
                core(4, [WALK.clone(), LoopOp([NEXT.clone(), RING.clone()], count=2)])
            ),
            r"RRAM-10\] a1 has no walk",
        ),
        (
            lambda m: m.body.block.add_op(
                core(4, [RingOp(a=0, base=2048, size=32, value=0)])
            ),
            r"RRAM-11\] the ring at 2048 has two sizes \(core 4\)",
        ),
        (
            lambda m: m.body.block.add_op(in_ring(ring_size=32)),
            r"RRAM-11\] the ring at 2048 has two sizes",
        ),
        (
            lambda m: m.body.block.add_op(in_ring(ring_size=0)),
            r"RRAM-11\] a ring has a base and a size",
        ),
        (
            lambda m: m.body.block.add_op(in_ring(role="output")),
            r"RRAM-11\] an output must not lie in a ring",
        ),
        (
            lambda m: m.body.block.add_op(in_ring(address=2047)),
            r"RRAM-11\] a map must not begin before its ring",
        ),
        (
            lambda m: m.body.block.add_op(
                in_ring(address=4090, ring_base=4090, ring_size=7)
            ),
            r"RRAM-8\] rram.feature_map .* ends at 4097",
        ),
    ],
)
def test_rules_of_the_whole_program(change, message):
    with pytest.raises(InputError, match=message):
        encode(broken(change))


def test_a_walk_outlasts_the_loop_that_it_begins_in():
    walks = [LoopOp([RING.clone(), WALK.clone(), NEXT.clone()], count=2), NEXT.clone()]
    again = LoopOp([NEXT.clone(), RING.clone(), WALK.clone()], count=3)
    once = LoopOp([NEXT.clone(), SetOp(a=1, value=0)], count=1)
    module = example()
    module.body.block.add_op(core(4, [*walks, again, once]))
    assert to_text(decode(encode(module))) == to_text(module)
