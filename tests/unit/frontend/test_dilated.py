"""Dilated AveragePools become convolutions of the same value."""

import numpy as np
import onnx
import pytest

from cimc.frontend import import_model, quantise_model
from cimc.frontend.graph import Graph, attributes
from cimc.golden import Golden, session
from tests.support import floats


def pooled(shape, **attributes):
    """Conv and a dilated pool, in float."""
    b = floats.FloatBuilder(opset=22)
    x = b.node("Relu", b.conv("image", shape[1], 4))
    return b.model(shape, b.node("AveragePool", x, **attributes))


@pytest.mark.parametrize(
    ("sizes", "place"),
    [
        ({}, "device"),
        ({"strides": [2, 2]}, "device"),
        ({"pads": [1, 1, 2, 1], "count_include_pad": 1}, "device"),
        ({"pads": [1, 1, 2, 1]}, "host"),
        ({"strides": [4, 3], "ceil_mode": 1}, "host"),
        ({"auto_pad": "VALID"}, "device"),
    ],
)
def test_a_dilated_pool_is_a_convolution(sizes, place):
    shape = [1, 3, 11, 12]
    model = pooled(shape, kernel_shape=[3, 2], dilations=[2, 3], **sizes)
    images = floats.images(3, shape)

    found = import_model(model, calibration={"image": images})

    rows = [
        row
        for row in found.coverage
        if row.node.startswith("averagepool") and row.op in ("Conv", "Mul")
    ]
    operators = ["Conv"] if place == "device" else ["Conv", "Mul"]
    assert [row.op for row in rows] == operators
    assert {row.placement for row in rows} == {place}
    (result,) = Golden(found.quantised).run({"image": images[:1]}).values()
    (real,) = session(model).run(None, {"image": images[:1]})
    graph = Graph(found.quantised)
    step = max(
        float(graph.quantisation_of_node(node).scale.max())
        for node in graph.nodes
        if node.op_type == "QuantizeLinear"
    )
    assert result.shape == real.shape
    np.testing.assert_allclose(result, real, atol=2 * step)


def test_pools_of_three_dimensions_run_on_the_host():
    b = floats.FloatBuilder(opset=22)
    x = b.node("Relu", b.conv("image", 2, 4))
    x = b.node("Unsqueeze", x, b.constant(np.array([2])))
    sizes = {"kernel_shape": [1, 2, 2], "dilations": [1, 2, 2]}
    y = b.node("Flatten", b.node("AveragePool", x, **sizes))
    shape = [1, 2, 6, 6]

    model = b.model(shape, b.gemm(y, 4 * 16, 3))
    found = import_model(model, calibration={"image": floats.images(2, shape)})

    places = [(row.op, row.placement) for row in found.coverage if row.macs]
    assert places == [("Conv", "device"), ("Conv", "host"), ("Gemm", "device")]


def test_what_stays_in_float_stays_a_pool():
    shape = [1, 3, 8, 8]
    b = floats.FloatBuilder(opset=22)
    x = b.node("Softplus", b.node("Softmax", b.conv("image", 3, 4)))
    model = b.model(shape, b.node("AveragePool", x, kernel_shape=[2, 2]))
    onnx.checker.check_model(model)

    normal = quantise_model(model, calibration={"image": floats.images(2, shape)})

    pools = [n for n in normal.graph.node if n.op_type == "AveragePool"]
    assert [attributes(n)["kernel_shape"] for n in pools] == [[2, 2]]
