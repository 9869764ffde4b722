"""Weights and biases that do not fit what they are applied to are named."""

import numpy as np
import pytest
from onnx import numpy_helper

from cimc.diagnostics import InputError
from cimc.frontend import coverage, quantise_model
from tests.support import floats
from tests.support.qdq import QdqBuilder

SHAPE = [1, 4, 6, 6]


def expect(model, *texts):
    with pytest.raises(InputError) as caught:
        quantise_model(model, calibration="random")
    assert caught.value.diagnostic.code == "E114"
    for text in texts:
        assert text in caught.value.diagnostic.message


@pytest.mark.parametrize(
    ("shape", "groups", "text"),
    [
        ((6, 5, 3, 3), 1, "are for 5 channels, and an operand of shape (1, 4, 6, 6)"),
        ((6, 4, 3, 3), 2, "are for 8 channels"),
        ((3, 2, 3, 3), 2, "2 groups of 4 to 3 channels"),
    ],
)
def test_weights_of_other_channels(shape, groups, text):
    b = floats.FloatBuilder()
    y = b.node("Conv", "image", b.weights(*shape), group=groups)
    expect(b.model(SHAPE, y), f"Conv '{b.nodes[0].name}'", text)


def test_weights_of_a_transposed_convolution():
    b = floats.FloatBuilder()
    y = b.node("ConvTranspose", "image", b.weights(5, 4, 2, 2))
    expect(b.model(SHAPE, y), "ConvTranspose", "are for 5 channels")


def test_a_bias_of_other_channels():
    b = floats.FloatBuilder()
    y = b.node("Conv", "image", b.weights(6, 4, 1, 1), b.weights(4))
    expect(b.model(SHAPE, y), "a bias of shape (4,), and 6 output channels")


@pytest.mark.parametrize("shape", [(4,), (2, 5), (1, 1, 5)])
def test_a_bias_of_a_gemm(shape):
    b = floats.FloatBuilder()
    y = b.node("Gemm", b.node("Flatten", "image"), b.weights(144, 5), b.weights(*shape))
    expect(b.model(SHAPE, y), "Gemm", f"a bias of shape {shape}")


def test_a_float_bias_that_differs_from_row_to_row_stays():
    b = QdqBuilder(np.uint8)
    x = b.input([5, 4], 0.02, 3)
    scales = np.full(3, 0.01, np.float32)
    y = b.dense("Gemm", x, np.ones((3, 4), np.int8), scales, [1] * 3, 0.1, 0, transB=1)
    model = b.model(y)
    bias = numpy_helper.from_array(np.ones((5, 3), np.float32), "by_row")
    model.graph.initializer.append(bias)
    (gemm,) = (node for node in model.graph.node if node.op_type == "Gemm")
    gemm.input[2] = "by_row"

    normal = quantise_model(model)

    (gemm,) = (node for node in normal.graph.node if node.op_type == "Gemm")
    assert gemm.input[2] == "by_row"


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_quantised_models_do_not_fall_back_to_the_host(dtype):
    b = QdqBuilder(dtype)
    x = b.input(SHAPE, 0.02, 3)
    scales = np.full(6, 0.01, np.float32)
    x = b.dense("Conv", x, np.ones((6, 4, 3, 3), np.int8), scales, None, 0.1, 0)
    y = b.dense("Conv", x, np.ones((6, 5, 3, 3), np.int8), scales, None, 0.1, 0)

    with pytest.raises(InputError, match="are for 5 channels"):
        coverage(b.model(y))
