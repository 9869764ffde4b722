"""Values of every instruction against numpy, bit for bit."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rram_programs import (
    AddOp,
    BlendOp,
    FloatSumOp,
    MaxOp,
    MultiplyOp,
    QuantiseOp,
    RequantOp,
    ScaleOp,
    SetParametersOp,
    SetTableOp,
    ShuffleOp,
    SumOp,
    TableOp,
    core,
    module_of,
    simulate,
)

from cimc.backends.rram.isa import (
    LoadOp,
    MoveOp,
    MvmOp,
    ProgramOp,
    SplatOp,
    StoreOp,
)
from cimc.diagnostics import VerificationError
from cimc.weights import WeightStore
from tests.support.programs import constant

few = settings(max_examples=40)
LANES = st.integers(1, 16)
f32 = np.float32
bytes_ = hnp.arrays(np.uint8, 64)
int32s = hnp.arrays(np.int32, 16)
reals = hnp.arrays(
    np.float32, 16, elements=st.floats(-1e6, 1e6, width=32, allow_subnormal=False)
)
scales = st.floats(2.0**-20, 2.0**10, width=32)
zeros = st.integers(-128, 255)


def run(op, *sources, size=64, setup=(), store=None):
    """Load ``sources`` into v0, v1, …, run ``op`` on them and return v8's bytes."""
    memory = np.concatenate(
        [np.frombuffer(s.tobytes().ljust(64, b"\0"), np.uint8) for s in sources]
    )
    main = [
        LoadOp(vd=i, base=0, offset=64 * i, count=1, length=64)
        for i in range(len(sources))
    ]
    main += [op, StoreOp(base=0, offset=512, vs=8, length=size)]
    return simulate(
        module_of(core(0, main, list(setup))), memory, store or WeightStore()
    )[512 : 512 + size]


def typed(raw, unsigned):
    return raw.view(np.uint8 if unsigned else np.int8)


def sat(values, unsigned):
    low, high = (0, 255) if unsigned else (-128, 127)
    kind = np.uint8 if unsigned else np.int8
    return np.clip(values, low, high).astype(kind)


@given(int32s, int32s, LANES)
@few
def test_add(x, y, n):
    total = x.astype(np.int64) + y
    op = AddOp(vd=8, va=0, vb=1, n=n)
    if np.any(total[:n] != total[:n].astype(np.int32)):
        with pytest.raises(VerificationError, match="E044"):
            run(op, x, y, size=4 * n)
    else:
        assert (run(op, x, y, size=4 * n).view(np.int32) == total[:n]).all()


@given(
    hnp.arrays(np.int8, (20, 24)),
    hnp.arrays(np.uint8, 64),
    st.booleans(),
    st.sampled_from((0, 8)),
    st.integers(1, 16),
    st.integers(1, 16),
)
@few
def test_mvm(matrix, x, unsigned, vs, rows, columns):
    store = WeightStore()
    setup = [
        ProgramOp(
            xb=1,
            matrix=constant(store, "w", matrix),
            row=4,
            rows=rows,
            column=8,
            columns=columns,
        )
    ]
    got = run(
        MvmOp(vd=8, xb=1, vs=vs, unsigned=unsigned),
        *[x] * (vs + 1),
        size=4 * columns,
        setup=setup,
        store=store,
    )
    block = matrix[4 : 4 + rows, 8 : 8 + columns].astype(np.int32)
    expected = typed(x, unsigned)[:rows].astype(np.int32) @ block
    assert (got.view(np.int32) == expected).all()


@given(
    hnp.arrays(np.int32, 16, elements=st.integers(-(2**30), 2**30 - 1)),
    hnp.arrays(np.int32, 20, elements=st.integers(-(2**30), 2**30 - 1)),
    hnp.arrays(np.float32, 20, elements=st.floats(0, 2, width=32)),
    st.sampled_from([(-128, 127), (0, 255), (-5, 100), (3, 200)]),
    zeros,
)
@few
def test_requant(acc, bias, multiplier, bounds, zero):
    store = WeightStore()
    setup = [
        SetParametersOp(
            q=3,
            bias=constant(store, "b", bias),
            multiplier=constant(store, "m", multiplier),
            column=4,
            n=16,
        )
    ]
    low, high = bounds
    op = RequantOp(vd=8, vs=0, q=3, n=16, zero=zero, low=low, high=high)
    got = run(op, acc, size=16, setup=setup, store=store)
    scaled = np.rint((acc + bias[4:]).astype(f32) * multiplier[4:])
    expected = np.clip(scaled.astype(np.float64) + zero, low, high)
    assert (got == expected.astype(np.int64).astype(np.uint8)).all()


def test_requant_traps_outside_int32():
    store = WeightStore()
    setup = [
        SetParametersOp(
            q=0,
            bias=constant(store, "b", np.array([0, 1], np.int32)),
            multiplier=constant(store, "m", np.ones(2, f32)),
            column=0,
            n=2,
        )
    ]
    op = RequantOp(vd=8, vs=0, q=0, n=2, zero=0, low=0, high=255)
    with pytest.raises(VerificationError, match=r"E044.*requant.*\n?.*lane 1 leaves"):
        run(op, np.full(2, 2**31 - 1, np.int32), setup=setup, store=store)


@given(bytes_, hnp.arrays(np.uint8, 256))
@few
def test_table(x, table):
    store = WeightStore()
    setup = [SetTableOp(t=2, table=constant(store, "t", table))]
    got = run(TableOp(vd=8, vs=0, t=2, n=64), x, setup=setup, store=store)
    assert (got == table[x]).all()


@given(bytes_, bytes_, st.booleans(), st.integers(1, 8), st.integers(1, 8))
@few
def test_max(x, old, unsigned, segments, n):
    got = run(MaxOp(vd=8, vs=0, segments=segments, n=n, unsigned=unsigned), x, size=n)
    parts = typed(x, unsigned)[: segments * n].reshape(segments, n)
    assert (typed(got, unsigned) == parts.max(axis=0)).all()
    op = MaxOp(vd=1, vs=0, segments=segments, n=n, unsigned=unsigned, accumulate=True)
    got = run_into(op, x, old, size=n)
    largest = np.maximum(parts.max(axis=0), typed(old, unsigned)[:n])
    assert (typed(got, unsigned) == largest).all()


def run_into(op, source, old, size):
    """Run an accumulating ``op`` on v0 and v1 and return v1's bytes."""
    memory = np.concatenate(
        [np.frombuffer(a.tobytes(), np.uint8) for a in (source, old)]
    )
    main = [LoadOp(vd=i, base=0, offset=64 * i, count=1, length=64) for i in range(2)]
    main += [op, StoreOp(base=0, offset=512, vs=1, length=size)]
    return simulate(module_of(core(0, main)), memory, WeightStore())[512 : 512 + size]


@given(
    bytes_,
    hnp.arrays(np.int32, 16, elements=st.integers(-(2**30), 2**30)),
    st.booleans(),
    st.integers(1, 4),
)
@few
def test_sum(x, old, unsigned, segments):
    parts = typed(x, unsigned).astype(np.int32)[: segments * 16].reshape(segments, 16)
    op = SumOp(vd=8, vs=0, segments=segments, n=16, unsigned=unsigned)
    assert (run(op, x).view(np.int32) == parts.sum(axis=0)).all()
    op = SumOp(vd=1, vs=0, segments=segments, n=16, unsigned=unsigned, accumulate=True)
    assert (run_into(op, x, old, 64).view(np.int32) == parts.sum(axis=0) + old).all()


@given(bytes_, reals, st.booleans(), st.integers(1, 4), scales, zeros)
@few
def test_float_sum(x, old, unsigned, segments, scale, zero):
    parts = typed(x, unsigned).astype(np.int32)[: segments * 16].reshape(segments, 16)
    for start in (None, old):
        total = np.zeros(16, f32) if start is None else start
        for part in parts:
            total = total + f32(scale) * (part - zero).astype(f32)
        fields = {
            "vs": 0,
            "segments": segments,
            "n": 16,
            "unsigned": unsigned,
            "scale": scale,
            "zero": zero,
        }
        got = (
            run(FloatSumOp(vd=8, **fields), x)
            if start is None
            else run_into(FloatSumOp(vd=1, accumulate=True, **fields), x, old, 64)
        )
        assert (got == total.view(np.uint8)).all()


@given(reals, st.integers(1, 100), scales, zeros, st.booleans())
@few
def test_quantise(x, count, scale, zero, unsigned):
    op = QuantiseOp(
        vd=8, vs=0, n=16, count=count, scale=scale, zero=zero, unsigned=unsigned
    )
    expected = sat(np.rint(x / f32(count) / f32(scale) + f32(zero)), unsigned)
    assert (typed(run(op, x, size=16), unsigned) == expected).all()


def fma(a, b, c):
    """float32 fma by exact rational arithmetic."""
    exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
    near = f32(float(exact))
    candidates = [
        np.nextafter(near, f32(-np.inf)),
        near,
        np.nextafter(near, f32(np.inf)),
    ]
    return min(
        candidates,
        key=lambda v: (abs(Fraction(float(v)) - exact), v.view(np.int32) & 1),
    )


@given(
    hnp.arrays(np.uint8, 16),
    scales,
    st.floats(-1e6, 1e6, width=32, allow_subnormal=False),
    st.booleans(),
)
@few
def test_scale_rounds_once(x, ratio, offset, unsigned):
    op = ScaleOp(vd=8, vs=0, n=16, ratio=ratio, offset=offset, unsigned=unsigned)
    got = run(op, x).view(f32)
    assert got.tolist() == [fma(v, f32(ratio), f32(offset)) for v in typed(x, unsigned)]


@given(hnp.arrays(np.uint8, 16), reals, scales, st.booleans(), st.booleans())
@few
def test_blend(x, y, ratio, unsigned_in, unsigned_out):
    op = BlendOp(
        vd=8,
        va=0,
        vf=1,
        n=16,
        ratio=ratio,
        unsigned_in=unsigned_in,
        unsigned_out=unsigned_out,
    )
    exact = [
        fma(a, f32(ratio), b) for a, b in zip(typed(x, unsigned_in), y, strict=True)
    ]
    expected = sat(np.rint(np.array(exact, f32)), unsigned_out)
    assert (typed(run(op, x, y, size=16), unsigned_out) == expected).all()


def test_instructions_may_work_in_place():
    x = np.arange(-8, 8, dtype=np.int8).view(np.uint8)
    main = [
        LoadOp(vd=8, base=0, count=1, length=16),
        ScaleOp(vd=8, vs=8, n=16, ratio=1.5, offset=0.25),
        QuantiseOp(vd=8, vs=8, n=16, count=1, scale=1.0, zero=0),
        MaxOp(vd=8, vs=8, segments=2, n=8),
        StoreOp(base=0, offset=512, vs=8, length=8),
    ]
    got = simulate(module_of(core(0, main)), x, WeightStore())[512:520]
    scaled = np.rint(np.arange(-8, 8) * 1.5 + 0.25)
    assert (got.view(np.int8) == np.maximum(scaled[:8], scaled[8:])).all()


@given(st.integers(1, 64), st.integers(-128, 255))
@few
def test_splat(n, value):
    old = np.full(64, 7, np.uint8)
    main = [
        LoadOp(vd=8, base=0, count=1, length=64),
        SplatOp(vd=8, n=n, value=value),
        StoreOp(base=0, offset=512, vs=8, length=64),
    ]
    got = simulate(module_of(core(0, main)), old, WeightStore())[512:576]
    assert (got[:n] == value % 256).all()
    assert (got[n:] == 7).all()


@given(st.integers(0, 40), st.integers(1, 24), st.booleans())
@few
def test_move(start, n, inside):
    old = np.arange(64, dtype=np.uint8)
    target = 8 if inside else 9
    main = [
        LoadOp(vd=8, base=0, count=1, length=64),
        LoadOp(vd=9, base=0, count=1, length=64),
        MoveOp(vd=target, vs=8, start=start, n=n),
        StoreOp(base=0, offset=512, vs=target, length=64),
    ]
    got = simulate(module_of(core(0, main)), old, WeightStore())[512:576]
    assert (got[:n] == old[start : start + n]).all()
    assert (got[n:] == old[n:]).all()


bytes_ = hnp.arrays(np.uint8, 16)
points = st.integers(-128, 255)


@given(bytes_, bytes_, points, points, points, scales, *[st.booleans()] * 3)
@few
def test_multiply(x, y, zero_a, zero_b, zero, ratio, in_a, in_b, out):
    op = MultiplyOp(
        vd=8, va=0, vb=1, n=16, zero_a=zero_a, zero_b=zero_b, ratio=ratio, zero=zero,
        unsigned_a=in_a, unsigned_b=in_b, unsigned_out=out,
    )  # fmt: skip
    a, b = (typed(v, u).astype(np.int64) for v, u in ((x, in_a), (y, in_b)))
    products = ((a - zero_a) * (b - zero_b)).astype(f32)
    expected = sat(np.rint(products * f32(ratio) + f32(zero)), out)
    assert (typed(run(op, x, y, size=16), out) == expected).all()


@given(st.integers(1, 8), st.integers(1, 8))
@few
def test_shuffle(segments, n):
    old = np.arange(64, dtype=np.uint8)
    op = ShuffleOp(vd=8, vs=0, segments=segments, n=n)
    got = run(op, old, size=segments * n)
    assert got.tolist() == [k * n + i for i in range(n) for k in range(segments)]
