"""Products of several rows with a matrix: convolutions of the very same integers."""

import numpy as np
import pytest

from cimc.frontend import import_model, quantise_model
from cimc.golden import Golden
from tests.support import floats
from tests.support.qdq import QdqBuilder, assert_exact

#: (C, H, W) of the map whose positions are the rows, and columns of the matrix.
SHAPE, COLUMNS = (6, 4, 5), 7


class Rows:
    """A convolution, and what it makes as rows of channels."""

    def __init__(self, dtype, *, wide):
        self.b = QdqBuilder(dtype)
        self.numbers = np.random.default_rng(3)
        x = self.b.input([1, 3, *SHAPE[1:]], 0.05, 4)
        kernel = self.integers(6, 3, 1, 1)
        y = self.b.dense("Conv", x, kernel, 0.01, np.arange(6), 0.1, 3)
        if wide:
            self.rows = self.b.op("Transpose", [y], 0.1, 3, perm=[0, 2, 3, 1])
        else:
            flat = self.described(y, 1, 6, 20)
            self.rows = self.b.op("Transpose", [flat], 0.1, 3, perm=[0, 2, 1])

    def integers(self, *shape):
        return self.numbers.integers(-100, 100, shape).astype(np.int8)

    def described(self, x, *sizes):
        sizes = self.b.constant("sizes", np.array(sizes))
        real = self.b.node("Reshape", [self.b.real(x), sizes])
        return self.b.stored_as(real, self.b.affine[x])

    def back(self, y, *, wide):
        order = [0, 3, 1, 2] if wide else [0, 2, 1]
        y = self.b.op("Transpose", [y], 0.3, 5, perm=order)
        return y if wide else self.described(y, 1, COLUMNS, *SHAPE[1:])


def places(imported):
    """Where each operator runs."""
    return {(row.op, row.placement) for row in imported.coverage}


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
@pytest.mark.parametrize("wide", [False, True])
def test_rows_of_an_image(wide, dtype, per_channel):
    rows = Rows(dtype, wide=wide)
    scales = np.linspace(0.004, 0.02, COLUMNS) if per_channel else 0.01
    matrix = rows.integers(6, COLUMNS)
    y = rows.b.dense("MatMul", rows.rows, matrix, scales, None, 0.3, 5, axis=1)

    imported = assert_exact(rows.b.model(rows.back(y, wide=wide)))

    assert {place for _, place in places(imported)} == {"device"}


def test_what_is_computed_of_rows():
    rows = Rows(np.int8, wide=True)
    matrix = rows.integers(6, COLUMNS)
    y = rows.b.dense("MatMul", rows.rows, matrix, 0.01, None, 0.3, 5, axis=1)
    y = rows.b.op("Sigmoid", [y], 0.3, 5)
    y = rows.b.op("Add", [y, rows.b.op("Relu", [y], 0.3, 5)], 0.3, 5)

    imported = assert_exact(rows.b.model(rows.back(y, wide=True)))

    assert {place for _, place in places(imported)} == {"device"}


@pytest.mark.parametrize("transposed", [0, 1])
def test_rows_without_a_leading_one(transposed):
    rows = Rows(np.uint8, wide=True)
    x = rows.described(rows.rows, 20, 6)
    scales = np.linspace(0.004, 0.02, COLUMNS)
    matrix = rows.integers(*((COLUMNS, 6) if transposed else (6, COLUMNS)))
    bias = np.arange(COLUMNS) * 100
    y = rows.b.dense(
        *("Gemm", x, matrix, scales, bias, 0.3, 5),
        axis=1 - transposed,
        transB=transposed,
    )
    y = rows.back(rows.described(y, 1, *SHAPE[1:], COLUMNS), wide=True)

    imported = assert_exact(rows.b.model(y))

    assert {place for _, place in places(imported)} == {"device"}


@pytest.mark.parametrize("shape", [(), (1,), (1, COLUMNS), (20, 1)])
def test_biases_of_other_shapes(shape):
    rows = Rows(np.uint8, wide=True)
    x = rows.described(rows.rows, 20, 6)
    bias = rows.numbers.integers(-500, 500, shape)
    y = rows.b.dense("Gemm", x, rows.integers(6, COLUMNS), 0.01, bias, 0.3, 5, axis=1)

    imported = assert_exact(rows.b.model(y))

    products = {row.op for row in imported.coverage if row.macs}
    assert products == ({"Conv", "Gemm"} if shape == (20, 1) else {"Conv"})


def test_results_that_are_quantised_by_columns_stay():
    b = QdqBuilder()
    x = b.input([1, 9, 6], 0.05, 4)
    matrix = np.eye(6, 5, dtype=np.int8)
    real = b.node("MatMul", [b.real(x), b.weights(matrix, 0.01)])
    scale = b.constant("s", np.linspace(0.1, 0.3, 5).astype(np.float32))
    zero = b.constant("z", np.zeros(5, np.int8))
    model = b.model(b.node("QuantizeLinear", [real, scale, zero], axis=2))

    assert "MatMul" in [node.op_type for node in quantise_model(model).graph.node]


def test_the_host_turns_what_crosses_the_border():
    b = QdqBuilder()
    numbers = np.random.default_rng(3)
    x = b.input([1, 9, 6], 0.05, 4)
    matrix = numbers.integers(-100, 100, (6, 5)).astype(np.int8)
    y = b.dense("MatMul", x, matrix, 0.01, None, 0.3, 5, axis=1)

    imported = assert_exact(b.model(y))

    assert places(imported) == {("Transpose", "host"), ("Conv", "device")}


@pytest.mark.parametrize(
    ("sizes", "attributes"), [((2, 3, 6), {}), ((1, 6), {}), ((4, 6), {"alpha": 0.5})]
)
def test_other_products_stay(sizes, attributes):
    b = QdqBuilder()
    matrix = np.eye(6, 5, dtype=np.int8)
    x = b.input([*sizes], 0.05, 4)
    kind = "Gemm" if attributes else "MatMul"
    y = b.dense(kind, x, matrix, 0.01, None, 0.3, 5, axis=1, **attributes)

    nodes = quantise_model(b.model(y)).graph.node

    assert "Conv" not in [node.op_type for node in nodes]


def test_a_dense_layer_behind_every_position_of_a_float_model():
    b = floats.FloatBuilder()
    x = b.node("Transpose", b.conv("image", 3, 8), perm=[0, 2, 3, 1])
    x = b.node("Add", b.node("MatMul", x, b.weights(8, 5)), b.weights(5))
    x = b.node("Transpose", b.node("Relu", x), perm=[0, 3, 1, 2])
    shape = [1, 3, 6, 6]
    model, images = b.model(shape, b.conv(x, 5, 4)), floats.images(3, shape)

    imported = import_model(model, calibration={"image": images})

    on_host = {op for op, place in places(imported) if place == "host"}
    assert on_host == {"DequantizeLinear", "QuantizeLinear"}
    (found,) = Golden(imported.quantised).run({"image": images[:1]}).values()
    assert found.shape == (1, 4, 6, 6)
