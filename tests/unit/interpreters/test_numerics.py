"""The shared arithmetic, against exact numbers and against onnxruntime's kernels."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cimc import numerics
from cimc.golden import session
from tests.support.qdq import QdqBuilder

DTYPES = [np.int8, np.uint8]
FEW = settings(max_examples=25)
f32 = np.float32


@st.composite
def scales(draw):
    """Positive float32 over many orders of magnitude, round numbers among them."""
    exponent = draw(st.integers(-12, 3))
    mantissa = draw(st.sampled_from([1.0, 1.5]) | st.floats(1.0, 2.0, width=32))
    return float(f32(mantissa * 2.0**exponent))


def zeros(dtype):
    limits = np.iinfo(dtype)
    return st.integers(limits.min, limits.max)


def run(builder, output, **feeds):
    return session(builder.model(output)).run([output], feeds)[0]


def values_of(dtype, shape, seed=0):
    limits = np.iinfo(dtype)
    numbers = np.random.default_rng(seed)
    return numbers.integers(limits.min, limits.max + 1, shape).astype(dtype)


@given(st.data())
def test_exact_matmul(data):
    """Float32 is chosen only where no sum can be rounded."""
    n, m = (data.draw(st.integers(1, 4)) for _ in range(2))
    k = data.draw(st.sampled_from([1, 7, 511, 513, 1032, 2000]))
    high = data.draw(st.sampled_from([1, 127, 255]))
    extreme = data.draw(st.booleans())
    numbers = np.random.default_rng(k)
    left = numbers.integers(-high, high + 1, (3, n, k))
    right = numbers.integers(-128, 128, (3, k, m))
    if extreme:
        left[...], right[...] = high, -127
        left[..., -1] -= 1
    expected = np.matmul(left.astype(np.int64), right.astype(np.int64))
    found = numerics.exact_matmul(left.astype(np.int16), right.astype(np.int8))
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, expected)


def rounded(value: Fraction) -> np.float32:
    """The float32 nearest to an exact value, ties to even."""
    if value == 0:
        return f32(0)
    exponent = 0
    while abs(value) >= 2 ** (exponent + 1):
        exponent += 1
    while abs(value) < Fraction(2) ** exponent:
        exponent -= 1
    unit = Fraction(2) ** (exponent - 23)
    return f32(float(round(value / unit) * unit))


@given(
    hnp.arrays(np.int8, 8),
    st.floats(2.0**-20, 2.0**4, width=32),
    st.floats(-(2.0**10), 2.0**10, width=32, allow_subnormal=False),
)
def test_fused_multiply_add_rounds_once(x, y, z):
    if z and abs(z) < 2.0**-30:
        z = 0.0
    found = numerics.fused_multiply_add(x, f32(y), f32(z))
    expected = [rounded(int(value) * Fraction(y) + Fraction(z)) for value in x]
    np.testing.assert_array_equal(found, np.array(expected, np.float32))


@pytest.mark.parametrize("dtype", DTYPES)
@FEW
@given(data=st.data())
def test_addition_of_all_pairs(dtype, data):
    parameters = [(data.draw(scales()), data.draw(zeros(dtype))) for _ in range(3)]
    limits = np.iinfo(dtype)
    every = np.arange(limits.min, limits.max + 1).astype(dtype)
    a, b = (grid.copy() for grid in np.meshgrid(every, every))
    builder = QdqBuilder(dtype)
    shape = [1, 1, 256, 256]
    inputs = [
        builder.input(shape, *parameters[0], "a"),
        builder.input(shape, *parameters[1], "b"),
    ]
    output = builder.op("Add", inputs, *parameters[2])
    expected = run(builder, output, a=a.reshape(shape), b=b.reshape(shape))
    constants = numerics.add_constants(*parameters[0], *parameters[1], *parameters[2])
    found = numerics.quantised_add(a, b, *constants, dtype)
    np.testing.assert_array_equal(found, expected.reshape(256, 256))


@pytest.mark.parametrize("dtype", DTYPES)
@FEW
@given(data=st.data())
def test_requantisation_of_a_convolution(dtype, data):
    scale, zero = data.draw(scales()), data.draw(zeros(dtype))
    cout, cin = 5, data.draw(st.integers(1, 9))
    weight_scales = f32([data.draw(scales()) for _ in range(cout)])
    out_zero = data.draw(zeros(dtype))
    out_scale = float(f32(scale * weight_scales[0] * data.draw(st.floats(20, 2000))))
    numbers = np.random.default_rng(cin)
    # Small weights: kernels for machines without VNNI would saturate larger ones.
    weights = numbers.integers(-60, 61, (cout, cin)).astype(np.int8)
    bias = numbers.integers(-9999, 9999, cout)
    x = values_of(dtype, (1, cin, 16, 16))
    builder = QdqBuilder(dtype)
    output = builder.dense(
        "Conv",
        builder.input(list(x.shape), scale, zero, "x"),
        weights.reshape(cout, cin, 1, 1),
        weight_scales,
        bias,
        out_scale,
        out_zero,
    )
    expected = run(builder, output, x=x)[0].transpose(1, 2, 0).reshape(-1, cout)
    centred = x[0].transpose(1, 2, 0).reshape(-1, cin).astype(np.int64) - zero
    limits = np.iinfo(dtype)
    found = numerics.requantise(
        numerics.exact_matmul(centred, weights.T.astype(np.int64)) + bias,
        numerics.multipliers(scale, weight_scales, out_scale),
        out_zero,
        limits.min,
        limits.max,
        dtype,
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kernel", [(2, 2), (3, 2), (1, 5)])
@FEW
@given(data=st.data())
def test_mean(dtype, kernel, data):
    scale, zero = data.draw(scales()), data.draw(zeros(dtype))
    out_scale, out_zero = scale * data.draw(st.floats(0.3, 3)), data.draw(zeros(dtype))
    x = values_of(dtype, (1, 3, 3 * kernel[0], 4 * kernel[1]))
    builder = QdqBuilder(dtype)
    source = builder.input(list(x.shape), scale, zero, "x")
    output = builder.op(
        "AveragePool",
        [source],
        out_scale,
        out_zero,
        kernel_shape=kernel,
        strides=kernel,
    )
    expected = run(builder, output, x=x)
    taps = x.reshape(3, 3, kernel[0], 4, kernel[1]).transpose(2, 4, 0, 1, 3)
    found = numerics.mean(
        taps.reshape(-1, 3, 3, 4),
        kernel[0] * kernel[1],
        scale,
        zero,
        float(f32(out_scale)),
        out_zero,
        dtype,
    )
    np.testing.assert_array_equal(found, expected[0])


@pytest.mark.parametrize("dtype", DTYPES)
@FEW
@given(data=st.data())
def test_global_mean(dtype, data):
    """Requantisation of integer sums by s_x / (s_y · count)."""
    scale, zero = data.draw(scales()), data.draw(zeros(dtype))
    out_scale = float(f32(scale * data.draw(st.floats(0.05, 2))))
    out_zero = data.draw(zeros(dtype))
    height, width = data.draw(st.integers(2, 9)), data.draw(st.integers(2, 9))
    x = values_of(dtype, (1, 33, height, width))
    builder = QdqBuilder(dtype)
    source = builder.input(list(x.shape), scale, zero, "x")
    output = builder.op("GlobalAveragePool", [source], out_scale, out_zero)
    expected = run(builder, output, x=x)
    sums = x[0].astype(np.int64).sum((1, 2)) - zero * height * width
    ratio = f32(scale) / (f32(out_scale) * f32(height * width))
    limits = np.iinfo(dtype)
    found = numerics.requantise(sums, ratio, out_zero, limits.min, limits.max, dtype)
    np.testing.assert_array_equal(found, expected.reshape(-1))


@pytest.mark.parametrize("source", DTYPES)
@pytest.mark.parametrize("target", DTYPES)
def test_lookup_reads_bytes_as_unsigned(source, target):
    table = np.arange(256, dtype=np.uint8)[::-1].copy()
    every = np.arange(256, dtype=np.uint8).view(source)
    found = numerics.lookup(every, table, target)
    assert found.dtype == target
    np.testing.assert_array_equal(found.view(np.uint8), 255 - every.view(np.uint8))


@pytest.mark.parametrize("dtype", DTYPES)
def test_saturation(dtype):
    limits = np.iinfo(dtype)
    found = numerics.saturate(np.array([-1e9, limits.min, 3.0, limits.max, 1e9]), dtype)
    assert found.tolist() == [limits.min, limits.min, 3, limits.max, limits.max]


def test_halves_are_rounded_to_even():
    sums = np.array([-5, -3, -1, 1, 3, 5])
    found = numerics.requantise(sums, f32(0.5), 0, -128, 127, np.int8)
    assert found.tolist() == [-2, -2, 0, 0, 2, 2]
