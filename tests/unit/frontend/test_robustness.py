"""What exporters write: all operator sets, harmless damage, huge claims."""

import resource

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cimc.diagnostics import CimcWarning, InputError
from cimc.frontend import import_model, quantise_model
from cimc.frontend.load import load_model
from cimc.golden import Golden
from tests.support import floats

SHAPE = [1, 3, 8, 8]


def data(count=4):
    return {"image": floats.images(count, SHAPE)}


def network(opset=17):
    b = floats.FloatBuilder(opset=opset)
    x = b.node("Relu", b.batch_norm(b.conv("image", 3, 4), 4))
    x = b.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = b.node("Concat", x, b.node("Sigmoid", b.conv(x, 4, 2)), axis=1)
    x = b.node("Flatten", b.node("GlobalAveragePool", x))
    return b.model(SHAPE, b.node("Softmax", b.gemm(x, 6, 5), axis=1))


@pytest.mark.parametrize("opset", range(7, onnx.defs.onnx_opset_version() + 1))
def test_operator_sets(opset):
    """From the oldest to the newest: the same device operators, the same numbers."""
    imported = import_model(network(opset), calibration=data())
    rows = {row.op: row.placement for row in imported.coverage}
    device = {"Conv", "MaxPool", "Concat", "GlobalAveragePool", "Gemm"}
    assert {op for op in device if rows.get(op) == "device"} == device
    feeds = {"image": floats.images(1, SHAPE, seed=9)}
    expected = import_model(network(), calibration=data()).quantised
    (found,) = Golden(imported.quantised).run(feeds).values()
    (wanted,) = Golden(expected).run(feeds).values()
    np.testing.assert_allclose(found, wanted, atol=0.01)


def test_constants_are_computed_in_the_operator_set_of_the_model():
    """Unsqueeze has its axes in an attribute up to version 12."""
    b = floats.FloatBuilder(opset=9)
    factors = b.node("Unsqueeze", b.weights(4), axes=[1, 2])
    model = b.model(SHAPE, b.node("Mul", b.conv("image", 3, 4), factors))
    imported = import_model(model, calibration=data())
    assert [row.op for row in imported.coverage if row.placement == "device"] == [
        "Conv"
    ]


def test_initialisers_listed_as_inputs():
    model = network()
    model.ir_version = 3
    model.graph.input.extend(
        helper.make_tensor_value_info(t.name, t.data_type, t.dims)
        for t in model.graph.initializer
    )
    found = quantise_model(model, calibration=data())
    assert [info.name for info in found.graph.input] == ["image"]


def test_images_in_nhwc():
    b = floats.FloatBuilder()
    x = b.node("Transpose", "image", perm=[0, 3, 1, 2])
    x = b.node("Relu", b.conv(x, 3, 4))
    shape = [1, 8, 6, 3]
    model = b.model(shape, b.conv(x, 4, 2))
    imported = import_model(model, calibration={"image": floats.images(4, shape)})
    rows = {row.op: row.placement for row in imported.coverage}
    assert rows["Conv"] == "device"
    assert rows["Transpose"] != "refused"


def reshape_as_pytorch_does(b, x):
    """Flatten, with a shape that the graph computes from that of ``x``."""
    zero = b.constant(np.array(0, np.int64))
    size = b.node("Gather", b.node("Shape", x), zero, axis=0)
    first = b.node("Unsqueeze", size, b.constant(np.array([0], np.int64)))
    shape = b.node("Concat", first, b.constant(np.array([-1], np.int64)), axis=0)
    return b.node("Reshape", x, shape)


def dynamic_batch(model):
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    del model.graph.value_info[:]
    return model


def test_dynamic_batch_is_1():
    b = floats.FloatBuilder()
    x = reshape_as_pytorch_does(b, b.conv("image", 3, 4))
    model = dynamic_batch(b.model(SHAPE, b.gemm(x, 256, 5)))
    with pytest.warns(CimcWarning, match=r"W110.*'image'"):
        imported = import_model(model, calibration=data())
    assert {row.op for row in imported.coverage} >= {"Conv", "Reshape", "Gemm"}
    assert {row.placement for row in imported.coverage if row.macs} == {"device"}


def newer(model):
    model.ir_version = onnx.IR_VERSION + 5


def unnamed(model):
    model.graph.ClearField("name")
    for node in model.graph.node:
        node.ClearField("name")


def unsorted(model):
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(reversed(nodes))


def without_output_shape(model):
    model.graph.output[0].type.tensor_type.ClearField("shape")


@pytest.mark.parametrize("damage", [newer, unnamed, unsorted, without_output_shape])
def test_harmless_damage(damage):
    model = network()
    damage(model)
    with pytest.raises(onnx.checker.ValidationError):
        onnx.checker.check_model(model)
    with pytest.warns(CimcWarning, match="W111"):
        found = quantise_model(model, calibration=data())
    feeds = {"image": floats.images(1, SHAPE, seed=9)}
    (wanted,) = (
        Golden(quantise_model(network(), calibration=data())).run(feeds).values()
    )
    (result,) = Golden(found).run(feeds).values()
    np.testing.assert_array_equal(result, wanted)


def test_operator_sets_that_nothing_uses():
    model = network()
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 99))
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    found = quantise_model(model, calibration=data())
    assert [entry.domain for entry in found.opset_import] == [""]


def test_shapes_that_are_wrong_inside():
    model = network()
    for info in model.graph.value_info:
        for dim in info.type.tensor_type.shape.dim:
            dim.dim_value = 77
    assert import_model(model, calibration=data())


def test_damage_that_is_not_harmless():
    model = network()
    unnamed(model)
    model.graph.node[3].input[0] = "nowhere"
    with pytest.raises(InputError, match="E105"):
        load_model(model)


HUGE = 2**40


def huge_input(b):
    return [1, 3, 2**20, 2**20], b.conv("image", 3, 4)


def huge_constant(b):
    size = b.constant(np.array([1, 3, 2**20, 2**20], np.int64))
    value = numpy_helper.from_array(np.array([1], np.float32))
    fill = b.node("ConstantOfShape", size, value=value)
    return SHAPE, b.conv(b.node("Add", b.node("GlobalMaxPool", "image"), fill), 3, 4)


def huge_range(b):
    limits = [b.constant(np.array(v, np.int64)) for v in (0, HUGE, 1)]
    steps = b.node("Cast", b.node("Range", *limits), to=TensorProto.FLOAT)
    one = b.constant(np.array([1, 1, 1, 1], np.int64))
    most = b.node("Reshape", b.node("ReduceMax", steps), one)
    return SHAPE, b.node("Add", b.conv("image", 3, 4), most)


def huge_expansion(b):
    size = b.constant(np.array([2**20, 3, 2**10, 2**10], np.int64))
    x = b.node("Expand", b.node("GlobalMaxPool", "image"), size)
    return SHAPE, b.conv(x, 3, 4)


def huge_tiles(b):
    x = b.node("Tile", "image", b.constant(np.array([1, 1, 2**17, 2**17], np.int64)))
    return SHAPE, b.conv(x, 3, 4)


def huge_resize(b):
    scales = b.constant(np.array([1, 1, 2**17, 2**17], np.float32))
    x = b.node("Resize", "image", "", scales, mode="nearest")
    return SHAPE, b.conv(x, 3, 4)


def add_mean(b, vector):
    """A convolution, and beside it the mean of a vector of whole numbers."""
    mean = b.node("ReduceMean", b.node("Cast", vector, to=1), keepdims=0)
    return SHAPE, b.node("Add", b.conv("image", 3, 4), mean)


def huge_vector(b):
    size = b.constant(np.array([HUGE], np.int64))
    ones = numpy_helper.from_array(np.array([1], np.int64))
    return add_mean(b, b.node("ConstantOfShape", size, value=ones))


def huge_vector_by_padding(b):
    one, pads = (b.constant(np.array(v, np.int64)) for v in ([1], [0, HUGE]))
    return add_mean(b, b.node("Pad", one, pads))


def huge_vector_by_computed_size(b):
    factor = b.constant(np.array([2**38] * 4, np.int64))
    sizes = b.node("Mul", b.node("Shape", "image"), factor)
    size = b.node("Gather", sizes, b.constant(np.array([2], np.int64)))
    return add_mean(b, b.node("Expand", b.constant(np.array([1], np.int64)), size))


def huge_vector_by_concatenation(b):
    vector = b.node("Shape", "image")
    for _ in range(38):
        vector = b.node("Concat", vector, vector, axis=0)
    return add_mean(b, vector)


@pytest.mark.parametrize(
    "build",
    [
        *(huge_input, huge_constant, huge_range, huge_expansion),
        *(huge_tiles, huge_resize, huge_vector, huge_vector_by_padding),
        *(huge_vector_by_computed_size, huge_vector_by_concatenation),
    ],
)
def test_huge_claims_are_refused_at_once(build):
    b = floats.FloatBuilder()
    shape, output = build(b)
    model = b.model([1, 3, 8, 8], output)
    for dim, size in zip(
        model.graph.input[0].type.tensor_type.shape.dim, shape, strict=True
    ):
        dim.dim_value = size
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError) as caught:
        quantise_model(model, calibration="random")
    assert caught.value.diagnostic.code == "E118"
    assert "elements" in caught.value.diagnostic.render()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


@pytest.mark.parametrize("raw", [True, False])
def test_a_constant_that_claims_too_much(raw):
    model = network()
    tensor = TensorProto(name="huge", data_type=TensorProto.FLOAT, dims=[HUGE])
    if raw:
        tensor.raw_data = bytes(16)
    else:
        tensor.float_data.extend([0.0] * 4)
    model.graph.initializer.append(tensor)
    with pytest.raises(InputError) as caught:
        load_model(model)
    assert caught.value.diagnostic.code in ("E105", "E118")
