"""Weights in integers, 16-bit floats, dynamic quantisation, ways to find ranges."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cimc.diagnostics import CimcWarning, InputError
from cimc.frontend import import_model, quantise_model
from cimc.frontend.calibration import calibration_with
from cimc.frontend.graph import Graph
from cimc.golden import Golden
from tests.support import floats

SHAPE = [1, 3, 8, 8]


def data(count=6, seed=5):
    return {"image": floats.images(count, SHAPE, seed)}


def stored_weights(model):
    """The stored weights of each Conv and Gemm, with scale and zero point."""
    arrays = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    readers = {node.output[0]: node for node in model.graph.node}
    return [
        tuple(arrays[name] for name in readers[node.input[1]].input)
        for node in model.graph.node
        if node.op_type in ("Conv", "Gemm")
    ]


class WeightOnly(floats.FloatBuilder):
    """Weights are integers with a DequantizeLinear; nothing else is quantised."""

    def __init__(self, dtype, per_channel):
        super().__init__()
        self.dtype, self.per_channel = np.dtype(dtype), per_channel
        self.given = []

    def integers(self, *shape, axis=0):
        limits = np.iinfo(self.dtype)
        values = self.generator.integers(limits.min + 3, limits.max - 3, shape)
        count = shape[axis] if self.per_channel else ()
        scale = self.generator.uniform(0.002, 0.01, count).astype(np.float32)
        middle = 0 if self.dtype == np.int8 else 128
        zero = np.full(count, middle, self.dtype)
        triple = (values.astype(self.dtype), scale, zero)
        self.given.append(triple)
        names = [self.constant(value) for value in triple]
        return self.node("DequantizeLinear", *names, axis=axis)


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_integers_of_weights_are_kept(dtype, per_channel):
    b = WeightOnly(dtype, per_channel)
    bias = b.constant(np.array([1e-6, 0, 2, -1], np.float32))
    x = b.node("Relu", b.node("Conv", "image", b.integers(4, 3, 3, 3), bias))
    x = b.node("Flatten", b.node("MaxPool", x, kernel_shape=[2, 2]))
    y = b.node("Gemm", x, b.integers(100, 5, axis=1), b.weights(5))
    model = b.model(SHAPE, y)
    normal = quantise_model(model, calibration=data())
    found = stored_weights(normal)
    assert len(found) == len(b.given) == 2
    for kept, given in zip(found, b.given, strict=True):
        for own, expected in zip(kept, given, strict=True):
            np.testing.assert_array_equal(own, expected)
            assert own.dtype == expected.dtype
    assert {row.op for row in import_model(normal).coverage} >= {"Conv", "Gemm"}


def test_weights_alone_need_calibration():
    b = WeightOnly(np.int8, True)
    model = b.model(SHAPE, b.node("Conv", "image", b.integers(4, 3, 3, 3)))
    with pytest.raises(InputError) as caught:
        quantise_model(model)
    assert caught.value.diagnostic.code == "E121"


def test_weights_that_are_folded_are_quantised_anew():
    b = WeightOnly(np.int8, True)
    x = b.node("Conv", "image", b.integers(4, 3, 3, 3), b.weights(4))
    model = b.model(SHAPE, b.batch_norm(x, 4))
    with pytest.warns(CimcWarning, match="W109"):
        quantise_model(model, calibration=data())


def halved(model):
    """The model in float16 throughout, as exporters write it."""
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            half = numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(numpy_helper.from_array(half, tensor.name))
    for info in (*model.graph.input, *model.graph.output):
        info.type.tensor_type.elem_type = TensorProto.FLOAT16
    del model.graph.value_info[:]
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(inferred)
    return inferred


def test_half_precision_keeps_its_interface():
    b = floats.FloatBuilder()
    x = b.node("Flatten", b.node("Relu", b.conv("image", 3, 4)))
    model = halved(b.model(SHAPE, b.gemm(x, 4 * 64, 5)))
    images = {"image": floats.images(6, SHAPE).astype(np.float16)}
    with pytest.warns(CimcWarning, match="W108"):
        normal = quantise_model(model, calibration=images)
    infos = (*normal.graph.input, *normal.graph.output)
    assert [i.type.tensor_type.elem_type for i in infos] == [TensorProto.FLOAT16] * 2
    kinds = {tensor.data_type for tensor in normal.graph.initializer}
    assert TensorProto.FLOAT16 not in kinds
    (found,) = Golden(normal).run({"image": images["image"][:1]}).values()
    assert found.dtype == np.float16
    imported = import_model(normal)
    places = {row.op: row.placement for row in imported.coverage}
    assert places["Conv"] == places["Gemm"] == "device"
    assert places["Cast"] == "host"
    maps = imported.host.inputs(0, {"image": images["image"][:1]})
    assert [array.dtype for array in maps.values()] == [np.uint8]


def test_half_precision_of_quantised_models():
    b = floats.FloatBuilder()
    model = b.model(SHAPE, b.node("Relu", b.conv("image", 3, 4)))
    normal = quantise_model(model, calibration=data())
    quantised = halved(onnx.version_converter.convert_version(normal, 19))
    with pytest.warns(CimcWarning, match="W108"):
        imported = import_model(quantised)
    assert {row.op: row.placement for row in imported.coverage}["Conv"] == "device"


def test_dynamic_quantisation_is_explained():
    b = floats.FloatBuilder()
    names = ["x", "x_scale", "x_zero"]
    b.nodes.append(helper.make_node("DynamicQuantizeLinear", ["image"], names, "dyn"))
    weights = b.constant(np.ones((4, 3, 3, 3), np.int8))
    sums = b.node("ConvInteger", "x", weights, "x_zero")
    real = b.node("Cast", sums, to=TensorProto.FLOAT)
    model = b.model(SHAPE, b.node("Mul", real, "x_scale"))
    with pytest.raises(InputError) as caught:
        quantise_model(model, calibration=data())
    found = caught.value.diagnostic
    assert found.code == "E117"
    assert "dyn, convinteger" in found.render()
    assert "one scale for a feature map" in found.render()


def scales(model):
    arrays = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    return {
        node.input[0]: arrays[node.input[1]].item()
        for node in model.graph.node
        if node.op_type == "QuantizeLinear"
    }


def test_methods_of_calibration(capfd):
    b = floats.FloatBuilder()
    x = b.node("Relu", b.conv("image", 3, 4))
    model = b.model(SHAPE, b.gemm(b.node("Flatten", x), 256, 5))
    images = data(8)
    images["image"][-1, 0, 0, 0] = 1000  # one pixel of hundreds is out of bounds
    found = {
        method: quantise_model(model, calibration=calibration_with(images, method))
        for method in ("minmax", "percentile", "entropy")
    }
    assert found["minmax"] == quantise_model(model, calibration=images)
    again = quantise_model(model, calibration=calibration_with(images, "entropy"))
    assert again == found["entropy"]
    widest = scales(found["minmax"])["image"]
    assert widest == pytest.approx(1003 / 255, rel=0.01)
    assert scales(found["entropy"])["image"] < 0.6 * widest
    assert scales(found["percentile"])["image"] <= widest
    for model in found.values():
        assert import_model(model)
    assert capfd.readouterr() == ("", "")


def test_unknown_method():
    with pytest.raises(InputError) as caught:
        calibration_with("random", "guess")
    found = caught.value.diagnostic
    assert (found.code, found.where) == ("E003", "--calib-method")
    assert "entropy" in found.render()


@pytest.mark.parametrize(
    "kind", [TensorProto.BFLOAT16, TensorProto.FLOAT8E4M3FN, TensorProto.INT4]
)
def test_float32_stands_for_types_that_numpy_lacks(kind):
    b = floats.FloatBuilder(opset=23)
    real = b.node("Cast", "image", to=TensorProto.FLOAT)
    y = b.node("Cast", b.conv(real, 3, 4), to=TensorProto.BFLOAT16)
    model = b.model(SHAPE, y)
    model.graph.input[0].type.tensor_type.elem_type = kind
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.BFLOAT16
    numbers = np.random.default_rng(0).integers(-7, 8, (4, *SHAPE[1:]))
    images = numbers.astype(np.float32)

    with pytest.warns(CimcWarning, match="W113") as caught:
        found = import_model(model, calibration={"image": images})

    assert TensorProto.DataType.Name(kind) in str(caught[-1].message)
    assert {r.op: r.placement for r in found.coverage}["Conv"] == "device"
    (result,) = Golden(found.quantised).run({"image": images[:1]}).values()
    assert result.dtype == np.float32
    assert result.any()


def test_integer_operators_alone_are_the_hosts():
    b = floats.FloatBuilder()
    weights = b.constant(np.ones((4, 3, 3, 3), np.int8))
    sums = b.node("ConvInteger", "image", weights)
    y = b.node(
        "Conv", b.node("Cast", sums, to=TensorProto.FLOAT), b.weights(2, 4, 1, 1)
    )
    model = b.model(SHAPE, y)
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8
    images = np.arange(2 * 192, dtype=np.uint8).reshape(2, *SHAPE[1:])

    found = import_model(model, calibration={"image": images})

    places = {row.op: row.placement for row in found.coverage}
    assert (places["ConvInteger"], places["Conv"]) == ("host", "device")


def test_a_zero_point_left_out_has_the_type_that_the_node_names():
    b = floats.FloatBuilder(opset=21)
    scale = b.constant(np.float32(0.01))
    wide = b.node("QuantizeLinear", "image", scale, output_dtype=TensorProto.INT16)
    model = b.model(SHAPE, b.node("DequantizeLinear", wide, scale))

    normal = quantise_model(model)

    (node,) = (n for n in normal.graph.node if n.op_type == "QuantizeLinear")
    assert Graph(normal).constant(node.input[2]).dtype == np.int16
