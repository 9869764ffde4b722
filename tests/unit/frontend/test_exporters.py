"""What exporters and quantisers write: forms of the same network."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from cimc.frontend import coverage, import_model, quantise_model
from cimc.frontend.rewrites import rewrite
from cimc.frontend.shapes import fix_shapes
from cimc.golden import Golden
from tests.support import floats
from tests.support.qdq import QdqBuilder, assert_exact, assert_golden, feeds_for

SHAPE = [1, 3, 8, 8]


def weights(*shape):
    return np.random.default_rng(1).integers(-99, 99, shape).astype(np.int8)


def on_host(model, **options):
    """Operators on the host, but for what quantises inputs and outputs."""
    rows = coverage(model, **options)
    border = ("QuantizeLinear", "DequantizeLinear")
    return {r.op for r in rows if r.placement != "device" and r.op not in border}


@pytest.mark.parametrize("taken", ["Conv", "MaxPool"])
def test_layers_that_share_a_bias(taken):
    """onnxruntime copies it as ``1``, ``11``, …: another tensor may be called so."""
    b = floats.FloatBuilder()
    bias = b.weights(3)
    y = b.node("MaxPool", "image", kernel_shape=[1, 1])
    for _ in range(3):
        y = b.node("Conv", y, b.weights(3, 3, 1, 1), bias)
    model = b.model(SHAPE, y)
    names = {bias: "1"}
    names[next(n.output[0] for n in model.graph.node if n.op_type == taken)] = "11"
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for tensor in model.graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)
    del model.graph.value_info[:]

    found = quantise_model(model, calibration={"image": floats.images(2, SHAPE)})

    assert not on_host(found)


def test_the_first_reader_keeps_a_shared_bias():
    b = floats.FloatBuilder()
    bias = b.weights(3)
    first = b.node("Conv", "image", b.weights(3, 3, 1, 1), bias)
    model = b.model(SHAPE, b.node("Conv", first, b.weights(3, 3, 1, 1), bias))
    rewrite(model)
    biases = [node.input[2] for node in model.graph.node]
    assert biases[0] == bias != biases[1]
    values = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    np.testing.assert_array_equal(values[biases[0]], values[biases[1]])


def test_group_normalisation():
    b = floats.FloatBuilder(opset=21)
    scale, offset = b.constant(np.ones(8, np.float32)), b.weights(8)
    x = b.node("GroupNormalization", b.conv("image", 3, 8), scale, offset, num_groups=2)
    model = b.model(SHAPE, b.conv(x, 8, 4))
    model.ir_version = 10

    found = import_model(model, calibration={"image": floats.images(2, SHAPE)})

    convolutions = [row for row in found.coverage if row.op == "Conv"]
    assert [row.placement for row in convolutions] == ["device", "device"]


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_scales_that_float32_rounds_down(mode):
    b, shape = floats.FloatBuilder(), [1, 3, 12, 4]
    scales = b.constant(np.array([1, 1, np.float32(20 / 12), 1], np.float32))
    y = b.node("Resize", b.conv("image", 3, 4), "", scales, mode=mode)
    model = b.model(shape, b.conv(y, 4, 4))

    fix_shapes(model)

    (output,) = model.graph.output
    sizes = [dim.dim_value for dim in output.type.tensor_type.shape.dim]
    assert sizes == [1, 4, 20, 4]
    assert_runs(model, shape)


def assert_runs(model, shape):
    images = floats.images(2, shape)
    found = import_model(model, calibration={"image": images})
    (result,) = Golden(found.quantised).run({"image": images[:1]}).values()
    real = floats.run(model, images[:1])
    np.testing.assert_allclose(result, real, atol=0.05 * np.ptp(real))
    return found


def test_grouped_transposed_convolutions_of_the_host():
    b = floats.FloatBuilder()
    y = b.conv("image", 3, 4)
    y = b.node(
        *("ConvTranspose", y, b.weights(4, 2, 3, 3), b.weights(4)),
        group=2,
        strides=[1, 2],
    )
    found = assert_runs(b.model(SHAPE, y), SHAPE)
    assert {r.placement for r in found.coverage if r.op == "ConvTranspose"} == {"host"}


def test_casts_to_the_type_that_is_there():
    b = QdqBuilder(np.uint8)
    x = b.input([1, 2, 4, 4], 0.1, 3)
    y = b.dense("Conv", x, weights(4, 2, 3, 3), 0.01, None, 0.3, 5)
    same = b.node("Cast", [y], to=TensorProto.UINT8)
    b.affine[same] = b.affine[y]
    model = b.model(b.op("Relu", [same], 0.3, 5))
    assert not on_host(model)
    assert_exact(model)


def of_two_readers(*scales):
    """A convolution, quantised once for each operand of a sum."""
    b = QdqBuilder(np.uint8)
    x = b.input([1, 2, 4, 4], 0.1, 3)
    real = b.node("Conv", [b.real(x), b.weights(weights(2, 2, 1, 1), 0.01)])
    pairs = [b.stored(real, scale, 5) for scale in scales]
    return b.model(b.op("Add", pairs, 0.5, 4))


def test_a_pair_for_each_reader():
    model = of_two_readers(0.3, 0.3)
    assert not on_host(model)
    assert_exact(model)


def test_pairs_of_other_scales_stay():
    nodes = quantise_model(of_two_readers(0.3, 0.4)).graph.node
    assert sum(node.op_type == "QuantizeLinear" for node in nodes) == 3


@pytest.mark.parametrize("last", [0, 1])
def test_convolutions_that_onnxruntime_has_made(last):
    b = QdqBuilder(np.uint8)
    x = b.input([1, 6, 5, 4] if last else [1, 4, 6, 5], 0.05, 7)
    constants = [
        b.constant("w", weights(3, 4, 3, 3)),
        b.constant("s", np.float32(0.01)),
        b.constant("z", np.zeros(3, np.int8)),
    ]
    after = b.parameters(0.4, 9)
    operands = [x, *b.affine[x], *constants, *after]
    y = b.node("QLinearConv", operands, "com.microsoft", channels_last=last)
    b.affine[y] = after
    model = b.model(y)
    assert on_host(model) == ({"Transpose"} if last else set())
    assert_exact(model)


def test_what_onnxruntime_alone_knows_the_shape_of():
    b = QdqBuilder(np.uint8)
    x = b.input([1, 2, 6, 6], 0.1, 3)
    y = b.dense("Conv", x, weights(4, 2, 3, 3), 0.01, None, 0.3, 5)
    y = b.stored(b.node("QuickGelu", [b.real(y)], "com.microsoft"), 0.2, 4)
    z = b.dense("Conv", y, weights(3, 4, 3, 3), 0.01, None, 0.3, 5)

    found = assert_golden(b.model(z))

    convolutions = [row for row in found.coverage if row.op == "Conv"]
    assert [row.placement for row in convolutions] == ["device", "device"]


def test_an_output_that_is_an_input():
    b = QdqBuilder()
    x = b.input([1, 2, 4, 4], 0.1, 3)
    y = b.dense("Conv", x, weights(4, 2, 3, 3), 0.01, None, 0.3, 5)
    model = b.model(y)
    model.graph.output.append(model.graph.input[0])
    assert_exact(model)


def test_what_the_host_hands_on_twice():
    """A convolution in float with two readers: with one alone it would be fused."""
    b = QdqBuilder(np.uint8)
    x = b.input([1, 4, 6, 6], 0.02, 128)
    kernels = [b.weights(weights(8, c, 3, 3), 0.01) for c in (4, 8)]
    real = b.node("Conv", [b.real(x), kernels[0]])
    mixed = b.node("Softmax", [real], axis=1)
    y = b.stored(real, 0.05, 128)
    z = b.stored(b.node("Conv", [b.real(y), kernels[1]]), 0.1, 128)
    model = b.model(z)
    kind, shape = TensorProto.FLOAT, [1, 8, 4, 4]
    model.graph.output.append(helper.make_tensor_value_info(mixed, kind, shape))

    imported = import_model(model)

    for seed in range(12):
        feeds = feeds_for(model, seed)
        golden = Golden(imported.quantised).run(feeds, [y])[y]
        np.testing.assert_array_equal(imported.host.inputs(0, feeds)[y], device(golden))


def test_sequences_of_the_host_that_two_segments_read():
    b = QdqBuilder(np.uint8)
    x = b.input([1, 4, 4, 4], 0.05, 100)
    y = b.dense("Conv", x, weights(4, 4, 1, 1), 0.01, None, 0.3, 128)
    mixed = b.node("Softmax", [b.real(y)], axis=1)
    sizes = b.constant("sizes", np.array([2, 2]))
    parts = b.node("SplitToSequence", [mixed, sizes], axis=1)
    first, second = (
        b.node("SequenceAt", [parts, b.constant("index", np.int64(index))])
        for index in range(2)
    )
    stored = b.stored(first, 1 / 255, 0)
    z = b.dense("Conv", stored, weights(3, 2, 1, 1), 0.01, None, 0.3, 128)
    model = b.model(z)
    kind, shape = TensorProto.FLOAT, [1, 2, 4, 4]
    model.graph.output.append(helper.make_tensor_value_info(second, kind, shape))

    found = assert_golden(model)

    assert len(found.segments) == 2


def device(values):
    """(1, C, H, W) as the device has it."""
    return values[0].transpose(1, 2, 0)


def test_real_values_that_a_transpose_reads_too():
    """An output in float keeps its values, whoever quantises what it is turned to."""
    b = QdqBuilder(np.uint8)
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 6, 6])
    b.inputs.append(image)
    real = b.node("Mul", ["image", "image"])
    turned = b.stored(b.node("Transpose", [real], perm=[0, 1, 3, 2]), 0.05, 0)
    y = b.dense("Conv", turned, weights(4, 3, 3, 3), 0.01, None, 0.05, 128)
    model = b.model(y)
    kind, shape = TensorProto.FLOAT, [1, 3, 6, 6]
    model.graph.output.append(helper.make_tensor_value_info(real, kind, shape))
    values = np.random.default_rng(2).random(shape, np.float32)

    found = Golden(quantise_model(model)).run({"image": values})[real]

    np.testing.assert_allclose(found, values**2, rtol=1e-5)


def test_integers_between_positions():
    """Kernels of onnxruntime differ by one; golden and host have to use the same."""
    b = QdqBuilder(np.uint8)
    x = b.input([1, 2, 6, 6], 0.1, 3)
    y = b.dense("Conv", x, weights(4, 2, 3, 3), 0.01, None, 0.3, 5)
    scales = b.constant("scales", np.array([1, 1, 2.5, 2.5], np.float32))
    moved = b.node("Resize", [y, "", scales], mode="linear")
    b.affine[moved] = b.affine[y]
    z = b.dense("Conv", moved, weights(3, 4, 3, 3), 0.01, None, 0.3, 5)
    assert_golden(b.model(z))
