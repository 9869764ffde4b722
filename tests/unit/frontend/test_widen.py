"""Models that store constants in 4 bits: the same integers as int8 ones, exactly."""

import ml_dtypes
import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto

from cimc.diagnostics import InputError
from cimc.frontend import import_model, quantise_model
from tests.support.qdq import QdqBuilder, assert_golden, feeds_for

FOUR_BITS = {"int4": ml_dtypes.int4, "uint4": ml_dtypes.uint4}


@pytest.fixture(params=FOUR_BITS)
def four(request):
    return np.dtype(FOUR_BITS[request.param])


@pytest.fixture(params=[np.int8, np.uint8], ids=lambda dtype: dtype.__name__)
def builder(request):
    return QdqBuilder(request.param, opset=21)


def kernel(four, *shape):
    """All values that the type has, as int8."""
    low, high = (-8, 8) if four == ml_dtypes.int4 else (0, 16)
    return (
        np.random.default_rng(2)
        .permutation(np.resize(np.arange(low, high, dtype=np.int8), shape).ravel())
        .reshape(shape)
    )


def middle(four):
    return 0 if four == ml_dtypes.int4 else 7


def network(builder, four, dtype):
    """Conv, Gemm and MatMul with the values of ``four``, stored as ``dtype``."""
    x = builder.input([1, 2, 6, 6], 0.1, 3)
    layers = (
        ("Conv", kernel(four, 4, 2, 3, 3), 0, np.arange(4) * 9),
        ("Gemm", kernel(four, 64, 8), -1, np.arange(8) * 9),
        ("MatMul", kernel(four, 8, 4), 1, None),
    )
    for op, values, axis, bias in layers:
        cout = values.shape[axis]
        if op == "Gemm":
            x = builder.op("Flatten", [x], 0.2, 1)
        x = builder.dense(
            *(op, x, values.astype(dtype), np.linspace(0.01, 0.02, cout), bias),
            *(0.2, 1, axis),
            zeros=np.full(cout, middle(four)).astype(dtype),
        )
    return builder.model(x)


def constants(model):
    return {tensor.data_type for tensor in model.graph.initializer}


def assert_same_integers(model, widened):
    """onnxruntime's reference kernels, operator by operator, see no difference."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    feeds = feeds_for(model)
    expected, found = (
        ort.InferenceSession(m.SerializeToString(), options).run(None, feeds)
        for m in (model, widened)
    )
    assert len(np.unique(expected[0])) > 1
    np.testing.assert_array_equal(found[0], expected[0])


def test_constants_are_read_as_int8(builder, four):
    model = network(builder, four, four)
    assert constants(model) & {TensorProto.INT4, TensorProto.UINT4}
    imported = assert_golden(model)
    assert not constants(imported.quantised) & {TensorProto.INT4, TensorProto.UINT4}
    assert_same_integers(model, imported.quantised)
    stored = import_model(network(QdqBuilder(builder.dtype), four, np.int8))
    assert str(imported.module) == str(stored.module)


def test_zero_points_that_are_left_out(builder, four):
    model = network(builder, four, four)
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0].startswith("w"):
            del node.input[2:]
    assert_same_integers(model, assert_golden(model).quantised)


def test_a_zero_point_that_is_a_vector_of_one(builder):
    """onnxruntime.quantization writes such a one beside a scalar scale for int4."""
    x = builder.input([1, 8], 0.1, 3)
    values = kernel(np.dtype(ml_dtypes.int4), 8, 4).astype(ml_dtypes.int4)
    weights = builder.weights(values, np.float32(0.02), np.array([1], values.dtype))
    bias = builder.weights(np.arange(4, dtype=np.int32), np.float32(0.1 * 0.02))
    y = builder.node("Gemm", [builder.real(x), weights, bias])
    assert_golden(builder.model(builder.stored(y, 0.2, 1)))


def test_weights_quantised_to_4_bits_in_the_model(builder, four):
    x = builder.input([1, 2, 6, 6], 0.1, 3)
    real = np.random.default_rng(1).normal(0, 1, (4, 2, 3, 3)).astype(np.float32)
    parameters = (
        builder.constant("scale", np.full(4, 0.3, np.float32)),
        builder.constant("zero", np.full(4, 5).astype(four)),
    )
    inputs = [builder.constant("real", real), *parameters]
    stored = builder.node("QuantizeLinear", inputs, axis=0)
    weights = builder.node("DequantizeLinear", [stored, *parameters], axis=0)
    y = builder.node("Conv", [builder.real(x), weights])
    model = builder.model(builder.stored(y, 0.2, 1))
    assert_same_integers(model, assert_golden(model).quantised)


@pytest.mark.parametrize("activation", [None, "Relu"])
def test_activations_of_4_bits_still_saturate_there(builder, four, activation):
    """They stay as they are, also where weights share their zero point."""
    x = builder.input([1, 2, 6, 6], 0.1, 3)
    zero = builder.constant("zero", np.array(middle(four)).astype(four))
    small, scale = (builder.constant("scale", np.float32(s)) for s in (0.02, 0.5))
    stored = builder.constant("w", kernel(four, 4, 2, 3, 3).astype(four))
    weights = builder.node("DequantizeLinear", [stored, small, zero])
    y = builder.node("Conv", [builder.real(x), weights])
    if activation is not None:
        y = builder.node(activation, [y])
    narrow = builder.stored_as(y, (scale, zero))
    y = builder.op("MaxPool", [narrow], 0.5, 40, kernel_shape=[2, 2])
    model = builder.model(y)
    widened = quantise_model(model)
    assert_same_integers(model, widened)
    with pytest.raises(InputError) as caught:
        import_model(model)
    assert f"its activations are {four.name}" in caught.value.diagnostic.render()


def test_blocks_are_refused(builder, four):
    x = builder.input([1, 8], 0.1, 3)
    stored = builder.constant("w", kernel(four, 8, 4).astype(four))
    scale = builder.constant("scale", np.full((2, 4), 0.02, np.float32))
    weights = builder.node("DequantizeLinear", [stored, scale], axis=0, block_size=4)
    y = builder.node("MatMul", [builder.real(x), weights])
    model = builder.model(builder.stored(y, 0.2, 1))
    name = next(n.name for n in model.graph.node if stored in n.input)
    with pytest.raises(InputError) as caught:
        import_model(model)
    found = caught.value.diagnostic
    assert (found.code, found.where) == ("E116", name)
    assert f"{stored!r} is quantised in blocks of 4" in found.message
    assert any("per output channel" in hint for hint in found.hints)
