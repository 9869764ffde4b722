"""The normal form: what changes, and that no number does."""

import numpy as np
import pytest
from onnx import helper

from cimc.diagnostics import CimcWarning
from cimc.frontend import quantise_model
from cimc.golden import Golden
from tests.support import floats
from tests.support.qdq import QdqBuilder, assert_exact, assert_golden, feeds_for

DTYPES = [np.int8, np.uint8]


def kernel(*shape):
    return np.random.default_rng(2).integers(-99, 99, shape).astype(np.int8)


def ops(model):
    return [node.op_type for node in model.graph.node]


def conv(builder, x, scale=0.2, zero=1, **more):
    values, scales = kernel(4, 2, 3, 3), np.linspace(0.01, 0.02, 4)
    return builder.dense(
        "Conv", x, values, scales, np.arange(4) * 50, scale, zero, **more
    )


@pytest.fixture(params=DTYPES, ids=lambda dtype: dtype.__name__)
def builder(request):
    return QdqBuilder(request.param)


def test_relu_that_saturation_does_is_dropped(builder):
    x = builder.input([1, 2, 6, 6], 0.1, 3)
    low = np.iinfo(builder.dtype).min
    model = builder.model(conv(builder, x, zero=low, activation="Relu"))
    imported = assert_exact(model)
    assert "Relu" not in ops(imported.quantised)


def test_relu_behind_the_quantisation_becomes_a_clamp(builder):
    x = builder.input([1, 2, 6, 6], 0.1, 3)
    model = builder.model(conv(builder, x, zero=5, activation="Relu"))
    imported = assert_golden(model)
    quantised = ops(imported.quantised)
    assert quantised[-4:] == [
        *("QuantizeLinear", "DequantizeLinear"),
        *("Relu", "QuantizeLinear"),
    ]
    _, found, _ = imported.module.body.block.ops
    assert (found.clamp.low, found.clamp.high) == (5, found.ofm.high)
    assert found.tensor.data == model.graph.output[0].name


def test_relu_of_a_shared_result_stays_a_table(builder):
    x = builder.input([1, 2, 6, 6], 0.1, 3)
    y = conv(builder, x, zero=5)
    z = builder.op("Relu", [y], 0.2, 5)
    imported = assert_exact(builder.model(y, z))
    names = [op.name for op in imported.module.body.block.ops]
    assert names == ["cnn.input", "cnn.conv", "cnn.table", *["cnn.output"] * 2]


def test_clip_with_quantised_bounds(builder):
    x = builder.input([1, 2, 6, 6], 0.1, 3)
    y = conv(builder, x, zero=5)
    bounds = [builder.weights(builder.dtype.type(v), np.float32(0.5)) for v in (0, 6)]
    real = builder.node("Clip", [builder.real(y), *bounds])
    imported = assert_exact(builder.model(builder.stored(real, 0.2, 5)))
    _, found, _ = imported.module.body.block.ops
    assert (found.clamp.low, found.clamp.high) == (5, 20)


def test_equal_pairs_collapse(builder):
    x = builder.input([1, 2, 6, 6], 0.1, 3)
    y = conv(builder, x)
    again = builder.stored_as(builder.real(y), builder.affine[y])
    model = builder.model(builder.op("MaxPool", [again], 0.2, 1, kernel_shape=[2, 2]))
    imported = assert_exact(model)
    assert ops(imported.quantised).count("QuantizeLinear") == 2


def test_different_pairs_keep_their_numbers(builder):
    """onnxruntime would merge the two into one of another scale."""
    x = builder.input([1, 2, 6, 6], 0.1, 3)
    y = conv(builder, x, 0.2, 1)
    again = builder.stored(builder.real(y), 0.15, 9)
    model = builder.model(builder.op("MaxPool", [again], 0.15, 9, kernel_shape=[2, 2]))
    imported = assert_golden(model)
    names = [op.name for op in imported.module.body.block.ops]
    assert names == ["cnn.input", "cnn.conv", "cnn.table", "cnn.max_pool", "cnn.output"]
    feeds, output = feeds_for(model), model.graph.output[0].name
    found = Golden(imported.quantised).run(feeds, [y, again, output])
    alone = Golden(builder.model(y)).run(feeds)[y].astype(np.float32)
    meant = np.rint((alone - 1) * np.float32(0.2) / np.float32(0.15)) + 9
    limits = np.iinfo(builder.dtype)
    np.testing.assert_array_equal(found[again], meant.clip(limits.min, limits.max))


def test_float_bias_is_rounded_with_a_warning(builder):
    x = builder.input([1, 2, 6, 6], 0.1, 3)
    weights = builder.weights(kernel(4, 2, 3, 3), np.full(4, 0.01))
    bias = builder.constant("bias", np.array([0.1, -2, 3.3, 4], np.float32))
    real = builder.node("Conv", [builder.real(x), weights, bias])
    model = builder.model(builder.stored(real, 0.2, 1))
    with pytest.warns(CimcWarning, match=r"W103(.|\n)*conv"):
        imported = assert_golden(model)
    (name,) = (n for n in imported.weights if n.endswith(".bias"))
    np.testing.assert_array_equal(imported.weights[name], [100, -2000, 3300, 4000])


def test_bias_of_another_scale_is_rounded_with_a_warning(builder):
    x = builder.input([1, 2, 6, 6], 0.1, 3)
    bias = builder.weights(np.array([1, -2, 3, 4], np.int32), np.full(4, 0.5))
    weights = builder.weights(kernel(4, 2, 3, 3), np.full(4, 0.01))
    real = builder.node("Conv", [builder.real(x), weights, bias])
    model = builder.model(builder.stored(real, 0.2, 1))
    with pytest.warns(CimcWarning, match=r"W103(.|\n)*conv"):
        imported = assert_golden(model)
    (name,) = (n for n in imported.weights if n.endswith(".bias"))
    np.testing.assert_array_equal(imported.weights[name], [500, -1000, 1500, 2000])


def test_weights_quantised_in_the_model_and_constants_as_nodes(builder):
    x = builder.input([1, 2, 6, 6], 0.1, 3)
    real = np.random.default_rng(1).normal(0, 1, (4, 2, 3, 3)).astype(np.float32)
    scale, zero = np.full(4, 0.02, np.float32), np.zeros(4, np.int8)
    names = []
    for value in (real, scale, zero):
        tensor = helper.make_tensor(
            "v", helper.np_dtype_to_tensor_dtype(value.dtype), value.shape, value
        )
        names.append(builder.node("Constant", [], value=tensor))
    stored = builder.node("QuantizeLinear", names, axis=0)
    weights = builder.node("DequantizeLinear", [stored, *names[1:]], axis=0)
    y = builder.node("Conv", [builder.real(x), weights])
    imported = assert_exact(builder.model(builder.stored(y, 0.2, 1)))
    assert set(ops(imported.quantised)) == {
        "Conv",
        "DequantizeLinear",
        "QuantizeLinear",
    }


def test_missing_zero_points_and_vectors_of_one():
    builder = QdqBuilder(np.uint8)
    x = builder.input([1, 2, 6, 6], 0.1, 0)
    scale = builder.constant("scale", np.array([0.1], np.float32))
    real = builder.node("DequantizeLinear", [x, scale])
    pooled = builder.node("GlobalAveragePool", [real])
    y = builder.node("QuantizeLinear", [pooled, scale])
    imported = assert_exact(builder.model(y))
    for node in imported.quantised.graph.node:
        if node.op_type.endswith("Linear"):
            assert len(node.input) == 3


def test_shapes_computed_in_the_graph(builder):
    x = builder.input([1, 2, 6, 6], 0.1, 3)
    y = conv(builder, x)
    real = builder.real(y)
    index = builder.constant("index", np.array([0], np.int64))
    rest = builder.constant("rest", np.array([-1], np.int64))
    batch = builder.node("Gather", [builder.node("Shape", [real]), index])
    shape = builder.node("Concat", [batch, rest], axis=0)
    flat = builder.stored_as(builder.node("Reshape", [real, shape]), builder.affine[y])
    z = builder.dense(
        "MatMul", flat, kernel(64, 3), np.float32(0.01), None, 0.5, 1, axis=1
    )
    assert_exact(builder.model(z))


def test_identity_dropout_and_unnamed_nodes(builder):
    x = builder.input([1, 2, 6, 6], 0.1, 3)
    y = conv(builder, x)
    real = builder.node("Identity", [builder.node("Dropout", [builder.real(y)])])
    again = builder.stored_as(real, builder.affine[y])
    model = builder.model(builder.op("MaxPool", [again], 0.2, 1, kernel_shape=[2, 2]))
    for node in model.graph.node:
        node.ClearField("name")
    imported = assert_exact(model)
    assert "Identity" not in ops(imported.quantised)
    layers = [node.name for node in imported.quantised.graph.node]
    assert all(layers)
    assert len(set(layers)) == len(layers)


def test_normal_form_is_its_own_normal_form():
    data = {"image": floats.images(4, [1, 3, 13, 13])}
    once = quantise_model(floats.fire(), calibration=data)
    assert quantise_model(once) == once


def test_mean_over_a_map_is_a_global_average_pool():
    b = floats.FloatBuilder(opset=17)
    x = b.node("ReduceMean", b.conv("image", 3, 4), axes=[2, 3], keepdims=0)
    model = b.model([1, 3, 6, 6], b.gemm(x, 4, 2))
    data = {"image": floats.images(4, [1, 3, 6, 6])}
    quantised = quantise_model(model, calibration=data)
    assert "GlobalAveragePool" in ops(quantised)
    assert "ReduceMean" not in ops(quantised)
