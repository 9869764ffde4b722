"""Models in QLinear form: the normal form keeps every number."""

import numpy as np
import onnx
import pytest
from onnx import helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from cimc.frontend import coverage, quantise_model
from cimc.golden import Golden
from tests.support import floats
from tests.support.precise import precise_session
from tests.support.qdq import QdqBuilder, assert_exact, feeds_for

DTYPES = [np.int8, np.uint8]
MS = "com.microsoft"


class QLinearBuilder(QdqBuilder):
    """Operators on stored integers."""

    def operand(self, stored):
        return [stored, *self.affine[stored]]

    def plain(self, op, inputs, parameters, domain=MS, **attributes):
        result = self.node(op, inputs, domain=domain, **attributes)
        self.affine[result] = parameters
        return result

    def unary(self, op, stored, scale, zero, **attributes):
        after = self.parameters(scale, zero)
        return self.plain(op, [*self.operand(stored), *after], after, **attributes)


@pytest.fixture(params=DTYPES, ids=lambda dtype: dtype.__name__)
def builder(request):
    return QLinearBuilder(request.param)


def _weights(*shape):
    return np.random.default_rng(3).integers(-127, 128, shape).astype(np.int8)


def _quantised_weights(builder, values, scales):
    return [
        builder.constant("w", values),
        builder.constant("w_scale", np.asarray(scales, np.float32)),
        builder.constant("w_zero", np.zeros(np.shape(scales), values.dtype)),
    ]


@pytest.mark.parametrize("per_channel", [True, False])
def test_conv(builder, per_channel):
    x = builder.input([1, 3, 6, 5], 0.05, 7)
    scales = np.linspace(0.002, 0.008, 4) if per_channel else 0.004
    weights = _quantised_weights(builder, _weights(4, 3, 3, 3), scales)
    bias = builder.constant("bias", np.array([1, -200, 3000, 4], np.int32))
    after = builder.parameters(0.2, 3)
    inputs = [*builder.operand(x), *weights, *after, bias]
    y = builder.plain("QLinearConv", inputs, after, "", pads=[1, 1, 1, 1])
    assert_exact(builder.model(y))


@pytest.mark.parametrize("scales", [0.004, [0.002, 0.004, 0.006, 0.008]])
def test_one_number_beside_a_row_of_them(builder, scales):
    """A scale for all channels with zero points for each, or the other way round."""
    x = builder.input([1, 3, 6, 6], 0.05, 7)
    zeros = np.zeros(() if np.ndim(scales) else 4, np.int8)
    constants = (_weights(4, 3, 3, 3), np.array(scales, np.float32), zeros)
    after = builder.parameters(0.2, 3)
    names = [builder.constant("w", values) for values in constants]
    y = builder.plain("QLinearConv", [*builder.operand(x), *names, *after], after, "")
    assert_exact(builder.model(y))


def test_a_gemm_whose_result_is_in_float():
    builder = QLinearBuilder(np.uint8)
    x = builder.input([1, 24], 0.05, 7)
    weights = _quantised_weights(builder, _weights(5, 24), 0.004)
    bias = builder.constant("bias", np.arange(5, dtype=np.int32) * 100)
    inputs = [*builder.operand(x), *weights, bias, "", ""]
    real = builder.node("QGemm", inputs, MS, transB=1)
    rows = coverage(builder.model(builder.stored(real, 0.2, 3)))
    assert {row.op: row.placement for row in rows}["QGemm"] == "host"


def test_matmul_behind_reshape_of_integers(builder):
    x = builder.input([1, 2, 3, 4], 0.05, 7)
    shape = builder.constant("shape", np.array([1, 24], np.int64))
    flat = builder.node("Reshape", [x, shape])
    builder.affine[flat] = builder.affine[x]
    weights = _quantised_weights(builder, _weights(24, 5), 0.004)
    after = builder.parameters(0.2, 3)
    inputs = [*builder.operand(flat), *weights, *after]
    y = builder.plain("QLinearMatMul", inputs, after, "")
    assert_exact(builder.model(y))


def test_gemm(builder):
    x = builder.input([1, 24], 0.05, 7)
    weights = _quantised_weights(builder, _weights(5, 24), np.linspace(0.001, 0.01, 5))
    bias = builder.constant("bias", np.arange(5, dtype=np.int32) * 100)
    after = builder.parameters(0.2, 3)
    inputs = [*builder.operand(x), *weights, bias, *after]
    y = builder.plain("QGemm", inputs, after, transB=1)
    assert_exact(builder.model(y))


def test_add(builder):
    a, b = builder.input([1, 3, 4, 5], 0.05, 7), builder.input([1, 3, 4, 5], 0.03, 1)
    after = builder.parameters(0.06, 9)
    inputs = [*builder.operand(a), *builder.operand(b), *after]
    assert_exact(builder.model(builder.plain("QLinearAdd", inputs, after)))


def test_concat(builder):
    a, b = builder.input([1, 3, 4, 5], 0.05, 7), builder.input([1, 2, 4, 5], 0.03, 1)
    after = builder.parameters(0.05, 7)
    inputs = [*after, *builder.operand(a), *builder.operand(b)]
    y = builder.plain("QLinearConcat", inputs, after, axis=1)
    assert_exact(builder.model(y))


def test_pools(builder):
    x = builder.input([1, 3, 6, 6], 0.05, 7)
    largest = builder.node("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])
    builder.affine[largest] = builder.affine[x]
    average = builder.unary(
        "QLinearAveragePool", largest, 0.04, 3, kernel_shape=[2, 2], pads=[1, 1, 0, 0]
    )
    y = builder.unary("QLinearGlobalAveragePool", average, 0.03, 2)
    assert_exact(builder.model(y))


@pytest.mark.parametrize("op", ["QLinearSigmoid", "QLinearLeakyRelu"])
def test_functions(builder, op):
    x = builder.input([1, 3, 6, 6], 0.05, 7)
    assert_exact(builder.model(builder.unary(op, x, 0.01, 3)))


@pytest.mark.parametrize("same", [True, False])
def test_concat_of_stored_values(builder, same):
    """Bytes side by side: a feature map only if they mean the same."""
    a = builder.input([1, 3, 4, 4], 0.05, 7)
    b = builder.input([1, 2, 4, 4], 0.05 if same else 0.03, 7)
    moved = [builder.stored_as(builder.real(x), builder.affine[x]) for x in (a, b)]
    joined = builder.node("Concat", moved, axis=1)
    builder.affine[joined] = builder.affine[a]
    y = builder.unary("QLinearSigmoid", joined, 0.01, 3)
    model = builder.model(y)
    if same:
        assert_exact(model)
    else:
        rows = {row.op: row.placement for row in coverage(model)}
        assert rows["Concat"] != "device"


def assert_same_numbers(model):
    """onnxruntime gives the same integers for a model and for its normal form."""
    original, feeds = precise_session(model), feeds_for(model)
    names = [info.name for info in original.get_outputs()]
    normal = quantise_model(model)
    found = Golden(normal).run(feeds, names)
    for name, expected in zip(names, original.run(names, feeds), strict=True):
        np.testing.assert_array_equal(found[name], expected, err_msg=name)
    assert not any(node.domain for node in normal.graph.node)
    return normal


def of_type(model, op):
    return [node for node in model.graph.node if node.op_type == op]


def test_conv_in_one_dimension(builder):
    x = builder.input([1, 3, 12], 0.05, 7)
    weights = _quantised_weights(builder, _weights(4, 3, 3), np.full(4, 0.004))
    after = builder.parameters(0.2, 3)
    inputs = [*builder.operand(x), *weights, *after]
    y = builder.plain("QLinearConv", inputs, after, "", pads=[1, 1])
    assert of_type(assert_same_numbers(builder.model(y)), "Conv")


def test_product_and_softmax_and_choice(builder):
    a, b = builder.input([1, 3, 4, 5], 0.05, 7), builder.input([1, 3, 4, 5], 0.03, 1)
    after = builder.parameters(0.06, 9)
    operands = [*builder.operand(a), *builder.operand(b), *after]
    y = builder.plain("QLinearMul", operands, after)
    z = builder.unary("QLinearSoftmax", y, 1 / 256, 0, axis=1, opset=17)
    which = builder.constant("which", np.arange(60).reshape(1, 3, 4, 5) % 3 == 0)
    chosen = [which, *builder.operand(y), *builder.operand(z), *after]
    w = builder.plain("QLinearWhere", chosen, after)
    normal = assert_same_numbers(builder.model(z, w))
    assert {"Mul", "Softmax", "Where"} <= {node.op_type for node in normal.graph.node}


@pytest.mark.parametrize("op", ["QLinearAveragePool", "QLinearGlobalAveragePool"])
def test_pools_in_nhwc(builder, op):
    x = builder.input([1, 6, 6, 8], 0.05, 7)
    window = {} if "Global" in op else {"kernel_shape": [2, 2]}
    y = builder.unary(op, x, 0.04, 3, channels_last=1, **window)
    normal = assert_same_numbers(builder.model(y))
    assert len(of_type(normal, "Transpose")) == 2


@pytest.mark.parametrize("keep", [0, 1])
def test_mean_of_a_map(builder, keep):
    """onnxruntime defines QLinearReduceMean, but cannot run it."""
    x = builder.input([1, 3, 6, 5], 0.05, 7)
    after = builder.parameters(0.04, 3)
    builder.nodes.append(
        helper.make_node(
            "QLinearReduceMean",
            [*builder.operand(x), *after],
            ["mean"],
            domain=MS,
            axes=[2, 3],
            keepdims=keep,
        )
    )
    kind = helper.np_dtype_to_tensor_dtype(builder.dtype)
    graph = helper.make_graph(
        builder.nodes,
        "mean",
        builder.inputs,
        [helper.make_tensor_value_info("mean", kind, [1, 3, 1, 1][: 4 if keep else 2])],
        list(builder.constants.values()),
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(MS, 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    normal = quantise_model(model)
    assert of_type(normal, "GlobalAveragePool")
    assert len(of_type(normal, "Flatten")) == 1 - keep


MOVES = {
    "Transpose": ([], {"perm": [0, 2, 3, 1]}),
    "Resize": (["", np.array([1, 1, 2, 2], np.float32)], {"mode": "nearest"}),
    "Pad": ([np.array([0, 0, 1, 2, 0, 0, 2, 1])], {}),
    "Slice": ([np.array([1, 0]), np.array([4, 3]), np.array([2, 3])], {}),
    "DepthToSpace": ([], {"blocksize": 2}),
    "SpaceToDepth": ([], {"blocksize": 2}),
    "Gather": ([np.array([2, 0, 1])], {"axis": 1}),
    "Tile": ([np.array([1, 2, 1, 1])], {}),
    "Expand": ([np.array([1, 4, 6, 6])], {}),
    "ReduceMax": ([], {"axes": [2, 3]}),
}


@pytest.mark.parametrize("op", MOVES)
def test_moves_of_stored_values(builder, op):
    rest, found = MOVES[op]
    x = builder.input([1, 4, 6, 6], 0.05, 7)
    operands = [v if isinstance(v, str) else builder.constant("c", v) for v in rest]
    moved = builder.node(op, [x, *operands], **found)
    builder.affine[moved] = builder.affine[x]
    model = builder.model(builder.unary("QLinearSigmoid", moved, 0.01, 3))
    normal = assert_same_numbers(model)
    made = next(node for node in normal.graph.node if node.op_type == op)
    makers = {node.output[0]: node.op_type for node in normal.graph.node}
    assert makers[made.input[0]] == "DequantizeLinear"


@pytest.mark.parametrize("value", [None, 7, 100])
def test_padding_with_a_stored_constant(builder, value):
    x = builder.input([1, 2, 4, 4], 0.05, 7)
    pads = builder.constant("pads", np.array([0, 0, 1, 1, 0, 0, 1, 1]))
    fill = [] if value is None else [builder.constant("v", builder.dtype.type(value))]
    moved = builder.node("Pad", [x, pads, *fill])
    builder.affine[moved] = builder.affine[x]
    model = builder.model(builder.unary("QLinearSigmoid", moved, 0.01, 3))
    (pad,) = of_type(assert_same_numbers(model), "Pad")
    assert len(pad.input) == 3


def test_split_of_stored_values(builder):
    x = builder.input([1, 4, 6, 6], 0.05, 7)
    sizes = builder.constant("sizes", np.array([1, 3]))
    node = helper.make_node("Split", [x, sizes], ["s1", "s2"], "split", axis=1)
    builder.nodes.append(node)
    builder.affine |= dict.fromkeys(node.output, builder.affine[x])
    model = builder.model(
        *(builder.unary("QLinearSigmoid", name, 0.01, 3) for name in node.output)
    )
    (split,) = of_type(assert_same_numbers(model), "Split")
    assert len(split.output) == 2


def test_interpolation_of_stored_values_stays(builder):
    """onnxruntime's kernel for integers rounds otherwise than QuantizeLinear."""
    x = builder.input([1, 4, 6, 6], 0.05, 7)
    scales = builder.constant("scales", np.array([1, 1, 2, 2], np.float32))
    moved = builder.node("Resize", [x, "", scales], mode="linear")
    builder.affine[moved] = builder.affine[x]
    model = builder.model(builder.unary("QLinearSigmoid", moved, 0.01, 3))
    (resize,) = of_type(assert_same_numbers(model), "Resize")
    assert resize.input[0] == x


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("network", [floats.fire, floats.mobile, floats.separable])
def test_what_onnxruntime_quantises_in_qoperator_format(network, per_channel, tmp_path):
    model, path = network(), tmp_path / "q.onnx"
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    samples = iter([{"image": image[None]} for image in floats.images(4, shape)])

    class Reader(CalibrationDataReader):
        def get_next(self):
            return next(samples, None)

    quantize_static(
        model,
        path,
        Reader(),
        quant_format=QuantFormat.QOperator,
        per_channel=per_channel,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    quantised = onnx.load(path)
    assert any(node.op_type == "QLinearConv" for node in quantised.graph.node)
    normal = quantise_model(path)
    assert not any(node.domain for node in normal.graph.node)
    feeds = {"image": floats.images(1, shape, seed=3)}
    (expected,) = precise_session(quantised).run(None, feeds)
    (found,) = Golden(normal).run(feeds).values()
    np.testing.assert_array_equal(found, expected)
