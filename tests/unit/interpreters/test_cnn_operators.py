"""Random quantised operators: the cnn level equals onnxruntime, integer for integer."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support.qdq import QdqBuilder, assert_exact, assert_golden

DTYPES = [np.int8, np.uint8]
EXAMPLES = settings(max_examples=40, deadline=None)


@st.composite
def quantisations(draw, dtype):
    limits = np.iinfo(dtype)
    zero = draw(
        st.one_of(
            st.sampled_from([limits.min, limits.max, 0]),
            st.integers(limits.min, limits.max),
        )
    )
    return draw(st.floats(0.003, 0.1)), zero


@st.composite
def convolutions(draw):
    dtype = draw(st.sampled_from(DTYPES))
    builder = QdqBuilder(dtype)
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    cin = groups * draw(st.integers(1, 5))
    cout = groups * draw(st.integers(1, 5))
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    dilation = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    pads = draw(st.tuples(*[st.integers(0, 2)] * 4))
    size = [
        draw(st.integers(max(1, (k - 1) * d + 1 - pads[axis] - pads[axis + 2]), 9))
        for axis, (k, d) in enumerate(zip(kernel, dilation, strict=True))
    ]
    scale, zero = draw(quantisations(dtype))
    x = builder.input([1, cin, *size], scale, zero)
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    weights = generator.integers(-128, 128, (cout, cin // groups, *kernel))
    scales = generator.uniform(0.001, 0.01, cout).astype(np.float32)
    bias = generator.integers(-5000, 5000, cout) if draw(st.booleans()) else None
    reach = 60 * scale * 0.005 * np.sqrt(cin // groups * kernel[0] * kernel[1])
    _, out_zero = draw(quantisations(dtype))
    builder_zero = draw(st.sampled_from([None, 3]))
    zeros = None
    if builder_zero is not None:
        weights = weights.clip(-124, 127)
        zeros = np.full(cout, builder_zero)
    # onnxruntime runs Conv and Relu in float where Relu does something; not the golden.
    activation = draw(st.sampled_from([None, None, "Relu"]))
    y = builder.dense(
        "Conv",
        x,
        weights.astype(np.int8),
        scales,
        bias,
        reach,
        out_zero,
        zeros=zeros,
        activation=activation,
        group=groups,
        strides=draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        dilations=dilation,
        pads=pads,
    )
    return builder.model(y), activation


@EXAMPLES
@given(convolutions())
def test_conv(found):
    model, activation = found
    check = assert_exact if activation is None else assert_golden
    check(model)


@EXAMPLES
@given(st.data())
def test_gemm_and_matmul_behind_a_flattened_map(data):
    dtype = data.draw(st.sampled_from(DTYPES))
    builder = QdqBuilder(dtype)
    shape = [1, *(data.draw(st.integers(1, 5)) for _ in range(3))]
    scale, zero = data.draw(quantisations(dtype))
    x = builder.input(shape, scale, zero)
    real = builder.node("Flatten", [builder.real(x)])
    flat = builder.stored_as(real, builder.affine[x])
    rows, cout = int(np.prod(shape)), data.draw(st.integers(1, 9))
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    matrix = generator.integers(-127, 128, (rows, cout)).astype(np.int8)
    scales = generator.uniform(0.001, 0.01, cout).astype(np.float32)
    out = 60 * scale * 0.005 * np.sqrt(rows), data.draw(quantisations(dtype))[1]
    op = data.draw(st.sampled_from(["Gemm", "MatMul"]))
    if op == "Gemm":
        transposed = data.draw(st.booleans())
        bias = generator.integers(-5000, 5000, cout)
        values = matrix.T if transposed else matrix
        axis = 0 if transposed else 1
        y = builder.dense(
            op, flat, values, scales, bias, *out, axis=axis, transB=int(transposed)
        )
    else:
        y = builder.dense(op, flat, matrix, scales, None, *out, axis=1)
    assert_exact(builder.model(y))


@EXAMPLES
@given(st.data())
def test_add(data):
    dtype = data.draw(st.sampled_from(DTYPES))
    builder = QdqBuilder(dtype)
    shape = [1, *(data.draw(st.integers(1, 9)) for _ in range(3))]
    a = builder.input(shape, *data.draw(quantisations(dtype)))
    b = builder.input(shape, *data.draw(quantisations(dtype)))
    activation = data.draw(st.booleans())
    real = builder.node("Add", [builder.real(a), builder.real(b)])
    if activation:
        real = builder.node("Relu", [real])
    y = builder.stored(real, *data.draw(quantisations(dtype)))
    check = assert_golden if activation else assert_exact
    check(builder.model(y))


def _pool_attributes(data, size, *, dilated):
    kernel = [data.draw(st.integers(1, 3)) for _ in range(2)]
    pads = [data.draw(st.integers(0, kernel[axis % 2] - 1)) for axis in range(4)]
    dilation = [1, 1]
    if dilated:
        dilation = [data.draw(st.integers(1, 2)) for _ in range(2)]
    for axis in range(2):
        extent = (kernel[axis] - 1) * dilation[axis] + 1
        size[axis] = max(size[axis], extent - pads[axis] - pads[axis + 2], 1)
    found = {
        "kernel_shape": kernel,
        "strides": [data.draw(st.integers(1, 3)) for _ in range(2)],
        "pads": pads,
    }
    if dilated:
        found["dilations"] = dilation
    return found


@EXAMPLES
@given(st.data())
def test_max_pool(data):
    dtype = data.draw(st.sampled_from(DTYPES))
    builder = QdqBuilder(dtype)
    size = [data.draw(st.integers(1, 9)) for _ in range(2)]
    attributes = _pool_attributes(data, size, dilated=True)
    attributes["ceil_mode"] = data.draw(st.integers(0, 1))
    before = data.draw(quantisations(dtype))
    after = data.draw(st.one_of(st.just(before), quantisations(dtype)))
    x = builder.input([1, data.draw(st.integers(1, 5)), *size], *before)
    y = builder.op("MaxPool", [x], *after, **attributes)
    assume(_windows_hold_elements(attributes, size))
    assert_exact(builder.model(y))


def _windows_hold_elements(attributes, size):
    """What the device refuses: windows in padding alone, or behind the map."""
    for axis in range(2):
        begin, end = attributes["pads"][axis], attributes["pads"][axis + 2]
        kernel, stride = attributes["kernel_shape"][axis], attributes["strides"][axis]
        taps = np.arange(kernel) * attributes["dilations"][axis]
        room = size[axis] + begin + end - taps[-1] - 1
        steps = -(-room // stride) if attributes["ceil_mode"] else room // stride
        if steps * stride >= size[axis] + begin:
            return False
        starts = np.arange(steps + 1) * stride - begin
        inside = starts[:, None] + taps
        if not ((inside >= 0) & (inside < size[axis])).any(1).all():
            return False
    return True


@EXAMPLES
@given(st.data())
def test_average_pool(data):
    dtype = data.draw(st.sampled_from(DTYPES))
    builder = QdqBuilder(dtype)
    size = [data.draw(st.integers(1, 9)) for _ in range(2)]
    attributes = _pool_attributes(data, size, dilated=False)
    attributes["count_include_pad"] = data.draw(st.integers(0, 1))
    channels = data.draw(st.integers(1, 9))
    x = builder.input([1, channels, *size], *data.draw(quantisations(dtype)))
    y = builder.op("AveragePool", [x], *data.draw(quantisations(dtype)), **attributes)
    assert_exact(builder.model(y))


@EXAMPLES
@given(st.data())
def test_global_pools(data):
    dtype = data.draw(st.sampled_from(DTYPES))
    builder = QdqBuilder(dtype)
    shape = [1, *(data.draw(st.integers(1, 9)) for _ in range(3))]
    before = data.draw(quantisations(dtype))
    x = builder.input(shape, *before)
    average = builder.op("GlobalAveragePool", [x], *data.draw(quantisations(dtype)))
    largest = builder.op("GlobalMaxPool", [x], *before)
    assert_exact(builder.model(average, largest))


@EXAMPLES
@given(st.data())
def test_concat_of_different_scales(data):
    dtype = data.draw(st.sampled_from(DTYPES))
    builder = QdqBuilder(dtype)
    size = [data.draw(st.integers(1, 5)) for _ in range(2)]
    after = data.draw(quantisations(dtype))
    inputs = [
        builder.input(
            [1, data.draw(st.integers(1, 4)), *size],
            *data.draw(st.one_of(st.just(after), quantisations(dtype))),
        )
        for _ in range(data.draw(st.integers(2, 4)))
    ]
    y = builder.op("Concat", inputs, *after, axis=data.draw(st.sampled_from([1, -3])))
    assert_exact(builder.model(y))


FUNCTIONS = {
    "Relu": {},
    "Sigmoid": {},
    "HardSigmoid": {"alpha": 0.3},
    "HardSwish": {},
    "LeakyRelu": {"alpha": 0.2},
    "Tanh": {},
    "Elu": {},
    "Abs": {},
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_elementwise_functions(dtype, function, data):
    builder = QdqBuilder(dtype)
    shape = [1, *(data.draw(st.integers(1, 9)) for _ in range(3))]
    x = builder.input(shape, *data.draw(quantisations(dtype)))
    after = data.draw(quantisations(dtype))
    y = builder.op(function, [x], *after, **FUNCTIONS[function])
    assert_exact(builder.model(y))


@EXAMPLES
@given(st.data())
def test_swish_as_two_quantised_operators(data):
    dtype = data.draw(st.sampled_from(DTYPES))
    builder = QdqBuilder(dtype)
    shape = [1, *(data.draw(st.integers(1, 9)) for _ in range(3))]
    x = builder.input(shape, *data.draw(quantisations(dtype)))
    gate = builder.op("Sigmoid", [x], *data.draw(quantisations(dtype)))
    y = builder.op("Mul", [x, gate], *data.draw(quantisations(dtype)))
    imported = assert_exact(builder.model(y))
    names = [op.name for op in imported.module.body.block.ops]
    assert names == ["cnn.input", "cnn.table", "cnn.output"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_change_of_quantisation_alone(dtype):
    builder = QdqBuilder(dtype)
    x = builder.input([1, 3, 5, 5], 0.05, 7)
    y = builder.stored(builder.real(x), 0.02, 30)
    assert_exact(builder.model(y))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 2])
def test_padded_kernel_larger_than_the_map(dtype, size):
    builder = QdqBuilder(dtype)
    generator = np.random.default_rng(size)
    x = builder.input([1, 4, size, size], 0.05, 7)
    weights = generator.integers(-127, 128, (6, 4, 3, 3)).astype(np.int8)
    scales = generator.uniform(0.001, 0.01, 6)
    bias = generator.integers(-500, 500, 6)
    y = builder.dense("Conv", x, weights, scales, bias, 0.1, 3, pads=[1, 1, 1, 1])
    assert_exact(builder.model(y))
