"""Channels whose bias is large against their weights run on the device all the same."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import numpy_helper

from cimc.frontend import coverage, quantise, quantise_model
from cimc.frontend.graph import Graph
from cimc.golden import Golden
from tests.support import floats
from tests.support.qdq import QdqBuilder

SHAPE = [1, 4, 5, 5]

#: The weights of one channel, whose others are of size 1.
TINY = 1e-6


@pytest.fixture
def images():
    return floats.images(4, SHAPE)


def layer(op):
    """A model of one operator with a channel of tiny weights and a usual bias."""
    b = floats.FloatBuilder()
    channel = np.where(np.arange(6) == 2, TINY, 1).astype(np.float32)
    bias = b.constant(np.full(6, 0.5, np.float32))
    weights = b.generator.uniform(-1, 1, (6, 4, 3, 3)).astype(np.float32)
    if op == "Conv":
        kernel = b.constant(weights * channel[:, None, None, None])
        return b.model(SHAPE, b.node("Conv", "image", kernel, bias))
    matrix = b.constant(weights[:, :, 0, 0].T.repeat(25, 0) * channel)
    return b.model(SHAPE, b.node("Gemm", b.node("Flatten", "image"), matrix, bias))


def places(model, **options):
    return {row.op: row.placement for row in coverage(model, **options)}


@pytest.mark.parametrize("weights", ["int8", "int4"])
@pytest.mark.parametrize("op", ["Conv", "Gemm"])
def test_a_channel_of_tiny_weights(op, weights, images):
    model = layer(op)
    found = quantise_model(model, calibration={"image": images}, weights=weights)

    assert places(found)[op] == "device"
    expected = Golden(model).run({"image": images[:1]})
    result = Golden(found).run({"image": images[:1]})
    for name, values in expected.items():
        step = np.ptp(values) / 255
        tolerance = 3 * step if weights == "int8" else np.ptp(values) / 8
        np.testing.assert_allclose(result[name], values, atol=tolerance)


def test_other_channels_stay_as_they_are(images, monkeypatch):
    calibration = {"image": images}
    found = _constants(quantise_model(layer("Conv"), calibration=calibration))
    monkeypatch.setattr(quantise, "leave_headroom", lambda model, fixed: None)
    plain = _constants(quantise_model(layer("Conv"), calibration=calibration))

    for (values, scale), (expected, old) in zip(found, plain, strict=True):
        ratio = scale / old
        assert ratio[2] in (2, 4)
        np.testing.assert_array_equal(np.delete(ratio, 2), 1)
        others = np.delete(np.arange(6), 2)
        np.testing.assert_array_equal(values[others], expected[others])
        rounded = np.rint(expected[2] / ratio[2])
        np.testing.assert_array_equal(values[2], rounded)


def _constants(model):
    """Stored values and scales of weights and bias."""
    graph = Graph(model)
    (node,) = (node for node in graph.nodes if node.op_type == "Conv")
    sources = [graph.dequantised(name) for name in node.input[1:]]
    return [tuple(graph.constant(name) for name in s.input[:2]) for s in sources]


def test_integers_of_quantised_models_stay():
    b = QdqBuilder()
    x = b.input([1, 1, 3, 3], 0.1, 3)
    weights = np.ones((1, 1, 1, 1), np.int8)
    bias = np.array([2**31 - 1], np.int32)
    y = b.dense("Conv", x, weights, [0.1], bias, 0.1, 3)

    found = quantise_model(b.model(y))

    stored = [numpy_helper.to_array(t) for t in found.graph.initializer]
    assert any(np.array_equal(array, bias) for array in stored)
    assert places(found)["Conv"] == "host"
