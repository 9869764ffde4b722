"""Old operator sets: what operators meant then, they mean in the quantised model."""

import numpy as np
import onnxruntime
import pytest
from onnx import ModelProto, TensorProto, helper

from cimc.frontend import coverage
from cimc.frontend.opset import convert_opset
from tests.support import floats
from tests.support.qdq import QdqBuilder, assert_exact

SHAPE = [1, 3, 6, 9]


def model_of(op, *constants, opset, shape=SHAPE, **attributes) -> ModelProto:
    b = floats.FloatBuilder(opset=opset)
    y = b.node(op, "image", *map(b.constant, constants), **attributes)
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        b.nodes,
        "old",
        [info("image", TensorProto.FLOAT, shape)],
        [info(y, TensorProto.FLOAT, None)],
        b.constants,
    )
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=4)


def run(model, image):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"image": image})[0]


_GROWING = [(2, 3), (1.5, 2), (1.7, 1.4)]
_SHRINKING = [(1 / 3, 1 / 3), (0.5, 1)]


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize(
    ("op", "opset", "factors"),
    [
        *(("Upsample", 9, factors) for factors in _GROWING),
        *(("Resize", 10, factors) for factors in _GROWING + _SHRINKING),
    ],
)
def test_resized_maps(op, opset, factors, mode):
    height, width = factors
    scales = np.array([1, 1, height, width], np.float32)
    model = model_of(op, scales, opset=opset, mode=mode)
    image = floats.images(1, SHAPE)
    expected = run(model, image)

    converted = convert_opset(model)

    np.testing.assert_allclose(run(converted, image), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_the_largest_of_all_dimensions_behind_the_axis(axis):
    model = model_of("Hardmax", opset=11, axis=axis)
    image = floats.images(1, SHAPE)
    expected = run(model, image)
    np.testing.assert_array_equal(run(convert_opset(model), image), expected)


def test_constants_that_conversion_makes_are_none_of_the_host():
    b = QdqBuilder(opset=10)
    x = b.input([1, 2, 4, 4], 0.1, 3)
    weights = np.random.default_rng(0).integers(-9, 9, (4, 2, 3, 3)).astype(np.int8)
    y = b.dense("Conv", x, weights, 0.01, None, 0.1, 3)
    y = b.op("Clip", [y], 0.1, 3, min=-0.5, max=0.7)
    model = b.model(b.op("Pad", [y], 0.1, 3, pads=[0, 0, 1, 0, 0, 0, 0, 1]))

    assert {row.placement for row in coverage(model)} == {"device"}
    assert_exact(model)
