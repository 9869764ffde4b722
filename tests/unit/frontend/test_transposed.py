"""Quantised ConvTranspose: convolutions of the very same integers."""

import numpy as np
import pytest
from onnx import helper

from cimc.diagnostics import CimcWarning
from cimc.frontend import quantise_model
from cimc.golden import Golden
from tests.support.precise import precise_session
from tests.support.qdq import QdqBuilder, feeds_for


def integers(*shape, dtype=np.int8):
    limits = np.iinfo(dtype)
    generator = np.random.default_rng(4)
    return generator.integers(limits.min, limits.max, shape).astype(dtype)


def transposed(builder, weights, scales, zeros, groups, activation=None, **attributes):
    """A network of one transposed convolution of 4 channels, with a bias."""
    x = builder.input([1, 4, 5, 4], 0.05, 7)
    cout = weights.shape[1] * groups
    operands = [builder.real(x), builder.weights(weights, scales, zeros, 1)]
    products = np.float32(0.05) * np.asarray(scales, np.float32)
    if products.ndim:
        products = np.tile(products, groups)
    bias = np.arange(cout, dtype=np.int32) * 100
    operands.append(builder.weights(bias, products))
    real = builder.node("ConvTranspose", operands, group=groups, **attributes)
    if activation is not None:
        real = builder.node(activation, [real])
    return builder.stored(real, 0.4, 60)


def assert_close(model):
    """The normal form is within one step of what onnxruntime makes of the model."""
    original, feeds = precise_session(model), feeds_for(model)
    (output,) = (info.name for info in original.get_outputs())
    with pytest.warns(CimcWarning, match=r"W107(.|\n)*convtranspose"):
        normal = quantise_model(model)
    assert "ConvTranspose" not in {node.op_type for node in normal.graph.node}
    (expected,) = original.run([output], feeds)
    found = Golden(normal).run(feeds)[output]
    steps = np.abs(found.astype(int) - expected.astype(int))
    assert steps.max() <= 1
    assert np.mean(steps > 0) < 0.01
    assert np.ptp(expected.astype(int)) > 60
    return normal


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("kernel", [2, 3, 4])
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_weights_of_all_kinds(dtype, per_channel, kernel, groups):
    builder = QdqBuilder(np.uint8)
    weights = integers(4, 6 // groups, kernel, kernel, dtype=dtype)
    count = 6 // groups
    scales = np.linspace(0.004, 0.02, count) if per_channel else 0.01
    zeros = np.full(count if per_channel else (), 0 if dtype == np.int8 else 120)
    y = transposed(
        builder, weights, scales, zeros, groups, strides=[2, 2], pads=[kernel // 2] * 4
    )
    assert_close(builder.model(y))


def test_activation_behind_it():
    builder = QdqBuilder(np.uint8)
    weights = integers(4, 6, 4, 4)
    y = transposed(
        builder, weights, 0.01, 0, 1, "Relu", strides=[2, 2], pads=[1, 1, 1, 1]
    )
    normal = assert_close(builder.model(y))
    ops = [n.op_type for n in normal.graph.node if not n.op_type.endswith("izeLinear")]
    assert ops == ["Conv", "DepthToSpace", "Slice", "Relu"]


def test_weights_that_are_computed_stay():
    builder = QdqBuilder(np.uint8)
    x, w = builder.input([1, 4, 5, 4], 0.05, 7), builder.input([4, 6, 2, 2], 0.01, 9)
    y = builder.op("ConvTranspose", [x, w], 0.4, 30, strides=[2, 2])
    model = builder.model(y)
    for info in model.graph.input[1:]:
        # Not an image: fix_shapes asks for batch 1 of all inputs.
        info.type.tensor_type.shape.dim[0].dim_value = 1
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(np.uint8))
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info(y, kind, [1, 6, 10, 8]))
    normal = quantise_model(model)
    assert "ConvTranspose" in {node.op_type for node in normal.graph.node}
