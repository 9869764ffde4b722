"""Rewrites of float graphs: the same numbers, by operators that the device has."""

import itertools

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from cimc.frontend import import_model, quantise_model
from cimc.frontend.rewrites import rewrite
from cimc.frontend.shapes import fix_shapes
from cimc.golden import Golden
from tests.support import floats

SHAPE = [1, 4, 6, 5]


def ops(model):
    return [node.op_type for node in model.graph.node]


def rewritten(b, output, shape=SHAPE):
    """The model after all rules, which computes what it computed before."""
    model = b.model(shape, output)
    fix_shapes(model)
    images = floats.images(1, shape)
    expected = floats.run(model, images)
    rewrite(model)
    found = floats.run(model, images)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    names = {name for node in model.graph.node for name in node.input}
    assert {tensor.name for tensor in model.graph.initializer} <= names
    return model


@pytest.fixture
def b():
    return floats.FloatBuilder()


def per_channel(b, count=4):
    return b.constant(b.generator.uniform(0.5, 2, (count, 1, 1)).astype(np.float32))


def test_difference_of_maps(b):
    x = b.conv("image", 4, 4)
    assert ops(rewritten(b, b.node("Sub", x, "image"))) == ["Conv", "Neg", "Add"]


def test_difference_to_constants(b):
    half = b.constant(np.float32(0.5))
    assert ops(rewritten(b, b.node("Sub", "image", half))) == ["Add"]
    b = floats.FloatBuilder()
    one = b.constant(np.float32(1))
    assert ops(rewritten(b, b.node("Sub", one, "image"))) == ["Neg", "Add"]


def test_integers_stay(b):
    shape = b.node("Shape", "image")
    size = b.node("Sub", shape, b.constant(np.array([0, 0, 1, 0])))
    fill = b.node("Expand", b.constant(np.float32(1)), size)
    assert "Sub" in ops(rewritten(b, fill))


def test_sum_of_many(b):
    x, y = b.conv("image", 4, 4), b.conv("image", 4, 4)
    found = rewritten(b, b.node("Sum", x, y, "image", x))
    assert ops(found) == ["Conv", "Conv", "Add", "Add", "Add"]


def test_division_by_constants(b):
    six = b.constant(np.float32(6))
    assert ops(rewritten(b, b.node("Div", "image", six))) == ["Mul"]


def test_division_by_zero_stays(b):
    zero = b.constant(np.zeros((4, 1, 1), np.float32))
    model = b.model(SHAPE, b.node("Div", "image", zero))
    fix_shapes(model)
    rewrite(model)
    assert ops(model) == ["Div"]


def test_normalisation_behind_an_activation(b):
    x = b.node("Relu", b.conv("image", 4, 4))
    found = rewritten(b, b.node("Relu", b.batch_norm(x, 4)))
    assert ops(found) == ["Conv", "Relu", "Conv", "Relu"]
    (group,) = (a.i for a in found.graph.node[2].attribute if a.name == "group")
    assert group == 4


def test_normalisation_in_one_dimension(b):
    x = b.node("Relu", "image")
    assert ops(rewritten(b, b.batch_norm(x, 4), [1, 4, 9])) == ["Relu", "Conv"]


def test_normalisation_of_a_vector(b):
    x = b.node("Flatten", b.node("GlobalAveragePool", "image"))
    found = rewritten(b, b.gemm(b.batch_norm(x, 4), 4, 3))
    expected = ["GlobalAveragePool", "Flatten", "Reshape", "Conv", "Flatten", "Gemm"]
    assert ops(found) == expected


def test_an_expansion_in_front_of_a_product(b):
    gate = b.node("GlobalAveragePool", "image")
    wide = b.node("Expand", gate, b.constant(np.array(SHAPE)))
    y = b.node("Add", b.node("Mul", "image", wide), wide)
    assert ops(rewritten(b, y)) == ["GlobalAveragePool", "Mul", "Add"]


def test_an_expansion_that_gives_a_shape_stays(b):
    gate = b.node("GlobalAveragePool", "image")
    wide, wider = (
        b.node("Expand", gate, b.constant(np.array(SHAPE))) for _ in range(2)
    )
    y = b.node("Mul", wide, wider)
    assert "Expand" in ops(rewritten(b, y))


def test_a_chain_of_factors_and_offsets_is_one_convolution(b):
    x = b.node("Mul", per_channel(b), "image")
    x = b.node("Add", x, b.constant(np.float32(0.3)))
    x = b.batch_norm(b.node("Sub", x, per_channel(b)), 4)
    assert ops(rewritten(b, b.node("Relu", x))) == ["Conv", "Relu"]


def test_a_chain_that_somebody_reads_in_between(b):
    x = b.node("Mul", "image", per_channel(b))
    y = b.node("Add", x, per_channel(b))
    assert ops(rewritten(b, b.node("Add", x, y))) == ["Conv", "Conv", "Add"]


@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1, 5), (1, 4, 6, 5), (6, 1)])
def test_other_factors_stay(b, shape):
    factor = b.constant(b.generator.uniform(1, 2, shape).astype(np.float32))
    assert ops(rewritten(b, b.node("Mul", "image", factor))) == ["Mul"]


def test_a_constant_that_widens_the_map_stays(b):
    shape = [1, 1, 6, 5]
    found = rewritten(b, b.node("Mul", "image", per_channel(b)), shape)
    assert ops(found) == ["Mul"]


@pytest.mark.parametrize("own", [0, 1])
def test_padding_of_a_convolution(b, own):
    pads = b.constant(np.array([0, 0, 1, 0, 0, 0, 2, 1]))
    x = b.node("Pad", "image", pads)
    found = rewritten(b, b.conv(x, 4, 3, pads=[own] * 4))
    assert ops(found) == ["Conv"]


@pytest.mark.parametrize(
    ("pads", "value"), [([0, 1, 1, 0, 0, 0, 0, 0], 0), ([0, 0, 1, 0, 0, 0, 0, 0], 3)]
)
def test_other_padding_stays(b, pads, value):
    fill = b.constant(np.float32(value))
    x = b.node("Pad", "image", b.constant(np.array(pads)), fill)
    found = rewritten(b, b.conv(x, 4 + pads[1], 3))
    assert ops(found) == ["Pad", "Conv"]


def test_padding_that_two_read_stays(b):
    x = b.node("Pad", "image", b.constant(np.array([0, 0, 1, 1, 0, 0, 1, 1])))
    y = b.node("Add", b.conv(x, 4, 4), x)
    assert ops(rewritten(b, y)) == ["Pad", "Conv", "Add"]


@pytest.mark.parametrize("activation", ["Relu", "Tanh"])
def test_padding_of_a_largest_value(b, activation):
    pads = b.constant(np.array([0, 0, 1, 1, 0, 0, 1, 1]))
    x = b.node("Pad", b.node(activation, "image"), pads)
    found = rewritten(b, b.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2]))
    assert ("Pad" in ops(found)) == (activation == "Tanh")


@pytest.mark.parametrize(
    ("pads", "include", "kept"), [(0, 0, False), (1, 1, False), (1, 0, True)]
)
def test_padding_of_an_average(b, pads, include, kept):
    outer = b.constant(np.array([0, 0, 1, 1, 0, 0, 1, 1]))
    x = b.node("Pad", "image", outer)
    y = b.node(
        "AveragePool",
        x,
        kernel_shape=[3, 3],
        pads=[pads] * 4,
        count_include_pad=include,
    )
    assert ("Pad" in ops(rewritten(b, y))) == kept


@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize(
    ("op", "pool"),
    [("ReduceMean", "GlobalAveragePool"), ("ReduceMax", "GlobalMaxPool")],
)
def test_reductions_of_maps(b, op, pool, keep):
    found = rewritten(b, b.node(op, "image", axes=[3, -2], keepdims=keep))
    assert ops(found) == [pool] + ["Flatten"] * (1 - keep)


@pytest.mark.parametrize("axes", [[1], [1, 2, 3]])
def test_other_reductions_stay(b, axes):
    found = rewritten(b, b.node("ReduceMax", "image", axes=axes))
    assert ops(found) == ["ReduceMax"]


def test_a_slope_for_each_channel(b):
    slopes = b.constant(np.linspace(-0.2, 1.2, 4).astype(np.float32).reshape(4, 1, 1))
    found = rewritten(b, b.node("PRelu", "image", slopes))
    assert ops(found) == ["Neg", "Relu", "Conv", "Add"]


@pytest.mark.parametrize("shape", [(1,), (1, 1, 1), (5,), (4, 6, 1)])
def test_other_slopes_stay(b, shape):
    slopes = b.constant(b.generator.uniform(0, 1, shape).astype(np.float32))
    assert ops(rewritten(b, b.node("PRelu", "image", slopes))) == ["PRelu"]


def transposed(b, cout, kernel, groups=1, **attributes):
    weights = b.weights(4, cout // groups, kernel, kernel)
    bias = b.weights(cout)
    return b.node("ConvTranspose", "image", weights, bias, group=groups, **attributes)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 7])
def test_transposed_convolution(kernel, stride, groups):
    for pad, extra, shape in itertools.product(
        range(min(kernel, 3)), range(min(stride, 2)), ([1, 4, 5, 4], [1, 4, 1, 3])
    ):
        b = floats.FloatBuilder()
        pads = [pad, 0, max(pad - 1, 0), pad]
        y = transposed(
            b,
            6,
            kernel,
            groups,
            strides=[stride, stride],
            pads=pads,
            output_padding=[extra, 0],
        )
        if (shape[2] - 1) * stride + kernel - pads[0] - pads[2] < 1:
            continue
        if (shape[3] - 1) * stride + kernel - pads[1] - pads[3] < 1:
            continue
        found = ops(rewritten(b, y, shape))
        assert found[0] == "Conv"
        assert ("DepthToSpace" in found) == (stride > 1)


@pytest.mark.parametrize("mode", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (4, 2), (5, 3), (2, 2), (5, 1)])
def test_transposed_convolution_that_pads_itself(mode, kernel, stride):
    b = floats.FloatBuilder()
    y = transposed(b, 6, kernel, strides=[stride, stride], auto_pad=mode)
    assert ops(rewritten(b, y))[0] == "Conv"


@pytest.mark.parametrize(
    "attributes", [{"strides": [1, 2]}, {"dilations": [2, 2], "strides": [2, 2]}]
)
def test_other_transposed_convolutions_stay(b, attributes):
    found = rewritten(b, transposed(b, 6, 3, **attributes))
    assert ops(found) == ["ConvTranspose"]


@pytest.mark.parametrize("groups", [1, 2])
def test_normalisation_and_activation_of_a_transposed_convolution(b, groups):
    y = transposed(b, 6, 4, groups, strides=[2, 2], pads=[1] * 4)
    low, high = b.constant(np.float32(0)), b.constant(np.float32(6))
    found = rewritten(b, b.node("Clip", b.batch_norm(y, 6), low, high))
    assert ops(found) == ["Conv", "Clip", "DepthToSpace", "Slice"]


def test_a_transposed_convolution_without_crop(b):
    y = transposed(b, 6, 2, strides=[2, 2])
    assert ops(rewritten(b, y)) == ["Conv", "DepthToSpace"]


def test_nothing_between_operators_of_the_device_stays_in_float():
    """Each float operator lies between its own DequantizeLinear and QuantizeLinear."""
    b = floats.FloatBuilder()
    x = b.node("HardSwish", b.conv("image", 4, 8))
    x = b.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = b.batch_norm(b.node("Concat", x, b.node("Neg", x), axis=1), 16)
    x = b.node("ConvTranspose", x, b.weights(16, 4, 2, 2), strides=[2, 2])
    x = b.node("Sub", x, b.node("AveragePool", "image", kernel_shape=[1, 1]))
    x = b.node("ReduceMax", b.node("Relu", x), axes=[2, 3], keepdims=0)
    shape = [1, 4, 8, 8]
    model = b.model(shape, b.gemm(x, 4, 3))
    found = quantise_model(model, calibration={"image": floats.images(3, shape)})
    makers = {name: node for node in found.graph.node for name in node.output}
    for node in found.graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            continue
        maker = makers[node.input[0]]
        assert maker.op_type == "DequantizeLinear", node.name
    assert {"GlobalMaxPool", "DepthToSpace"} <= set(ops(found))
    assert "ConvTranspose" not in ops(found)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (1, 3)])
def test_biases_of_other_shapes(b, shape):
    flat = b.node("Flatten", "image")
    bias = b.constant(b.generator.normal(size=shape).astype(np.float32))
    model = rewritten(b, b.node("Gemm", flat, b.weights(120, 3), bias, beta=0.5))

    (gemm,) = (node for node in model.graph.node if node.op_type == "Gemm")
    found = next(t for t in model.graph.initializer if t.name == gemm.input[2])
    assert list(found.dims) == [3]
    images = {"image": floats.images(2, SHAPE)}
    assert quantise_model(b.model(SHAPE, gemm.output[0]), calibration=images)


@pytest.mark.parametrize("shape", [(5, 3), (5, 1)])
def test_a_bias_that_differs_from_row_to_row_is_added(shape):
    b = floats.FloatBuilder()
    bias = b.constant(b.generator.normal(size=shape).astype(np.float32))
    y = b.node("Gemm", "image", b.weights(4, 3), bias, beta=0.5)
    model, rows = b.model([5, 4], y), floats.images(5, [5, 4])

    normal = quantise_model(model, calibration={"image": rows[None]})

    assert {"Conv", "Add"} <= set(ops(normal))
    (found,) = Golden(normal).run({"image": rows}).values()
    real = floats.run(model, rows)
    np.testing.assert_allclose(found, real, atol=0.1)


@pytest.mark.skipif(onnx.defs.onnx_opset_version() < 28, reason="onnx is older")
def test_space_to_depth_by_channel_is_a_shuffle():
    b = floats.FloatBuilder(opset=28)
    y = b.node("SpaceToDepth", b.conv("image", 4, 4), blocksize=2, mode="CRD")
    model = b.model([1, 4, 6, 4], b.conv(y, 16, 3))
    images = floats.images(3, [1, 4, 6, 4])

    found = import_model(model, calibration={"image": images})

    places = {row.op: row.placement for row in found.coverage}
    assert places["SpaceToDepth"] == places["Transpose"] == "device"
    (result,) = Golden(found.quantised).run({"image": images[:1]}).values()
    (real,) = ReferenceEvaluator(model).run(None, {"image": images[:1]})
    np.testing.assert_allclose(result, real, atol=0.1)
