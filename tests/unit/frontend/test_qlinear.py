"""Models in QLinear form: the normal form keeps every number."""

import numpy as np
import pytest

from cimc.frontend import coverage
from tests.support.qdq import QdqBuilder, assert_exact

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
