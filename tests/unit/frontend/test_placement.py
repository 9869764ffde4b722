"""Which operators run where, and what is said about those that cannot."""

import numpy as np
import pytest

from cimc.diagnostics import InputError
from cimc.frontend import coverage, import_model
from tests.support import floats
from tests.support.qdq import QdqBuilder, assert_exact

SHAPE = [1, 3, 8, 8]


def calibration(shape=SHAPE):
    return {"image": floats.images(4, shape)}


def weights(*shape):
    return np.random.default_rng(1).integers(-99, 99, shape).astype(np.int8)


def test_host_before_and_behind():
    b = floats.FloatBuilder()
    x = b.node("Transpose", "image", perm=[0, 3, 1, 2])
    x = b.node("Flatten", b.node("Relu", b.conv(x, 3, 4)))
    y = b.node("Softmax", b.gemm(x, 4 * 8 * 8, 5))
    shape = [1, 8, 8, 3]
    model = b.model(shape, y)
    imported = import_model(model, calibration=calibration(shape))
    places = {row.op: row.placement for row in imported.coverage}
    assert places["Transpose"] == places["Softmax"] == "host"
    assert places["Conv"] == places["Gemm"] == "device"
    image = floats.images(1, shape)
    maps = imported.host.inputs(0, {"image": image})
    assert [m.shape for m in maps.values()] == [(8, 8, 3)]


def test_macs_of_all_operators_are_counted():
    rows = coverage(floats.attention(), calibration=calibration())
    assert sum(row.macs for row in rows) == 64 * (8 * 27 + 8 * 8 + 4 * 72)


def test_macs_of_what_stays_on_the_host():
    b = floats.FloatBuilder()
    x = b.conv("image", 3, 4)
    y = b.node("ConvTranspose", x, b.weights(4, 5, 2, 3), strides=[1, 2])
    rows = coverage(b.model(SHAPE, y))
    (row,) = (row for row in rows if row.op == "ConvTranspose")
    assert (row.placement, row.macs) == ("host", 64 * 4 * 5 * 2 * 3)
    assert "equal strides" in row.why


def test_every_node_has_a_row():
    """Also those that run as part of another one."""
    b = floats.FloatBuilder()
    x = b.conv("image", 3, 4)
    y = b.node("Mul", x, b.node("Sigmoid", b.node("Neg", x)))
    rows = coverage(b.model(SHAPE, b.conv(y, 4, 4)))
    found = [row.op for row in rows if row.placement == "device"]
    assert found == ["Conv", "Neg", "Sigmoid", "Mul", "Conv"]


def test_bytes_of_constants_in_float():
    builder = QdqBuilder()
    x = builder.input([1, 2, 4, 4], 0.1, 3)
    y = builder.dense("Conv", x, weights(4, 2, 3, 3), [0.01] * 4, None, 0.1, 3)
    factors = builder.constant("c", np.ones((2, 2), np.float32))
    real = builder.node("Mul", [builder.real(y), factors])
    rows = coverage(builder.model(builder.stored(real, 0.1, 3)))
    assert {row.op: row.constant_bytes for row in rows} == {"Conv": 72, "Mul": 16}


def test_nothing_for_the_device():
    b = floats.FloatBuilder()
    model = b.model(SHAPE, b.node("Softmax", "image"))
    with pytest.raises(InputError) as caught:
        import_model(model, calibration=calibration())
    assert caught.value.diagnostic.code == "E132"


def test_coverage_of_a_float_model_needs_no_data():
    rows = coverage(floats.mobile())
    assert {row.placement for row in rows} == {"device", "host"}


def refusal(model):
    (row,) = (row for row in coverage(model) if row.why)
    return row.why


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"alpha": 2.0}, "alpha or beta"),
        ({"beta": 2.0}, "alpha or beta"),
    ],
)
def test_gemm_with_factors(attributes, why):
    builder = QdqBuilder()
    x = builder.input([1, 8], 0.1, 3)
    y = builder.dense("Gemm", x, weights(8, 4), 0.01, np.zeros(4), 0.2, 1, **attributes)
    assert why in refusal(builder.model(y))


def test_weights_that_leave_int8():
    builder = QdqBuilder(np.uint8)
    x = builder.input([1, 2, 4, 4], 0.1, 3)
    values = np.array([0, 255], np.uint8).reshape(1, 2, 1, 1)
    y = builder.dense("Conv", x, values, 0.01, None, 0.2, 1, zeros=np.uint8(10))
    assert "leave int8 (they span [-10, 245])" in refusal(builder.model(y))


def test_uint8_weights_around_their_zero_point():
    builder = QdqBuilder(np.uint8)
    x = builder.input([1, 2, 4, 4], 0.1, 3)
    values = np.array([0, 255], np.uint8).reshape(1, 2, 1, 1)
    y = builder.dense("Conv", x, values, 0.01, None, 0.2, 1, zeros=np.uint8(128))
    assert_exact(builder.model(y))


def test_add_with_broadcasting():
    builder = QdqBuilder()
    a, b = builder.input([1, 3, 4, 4], 0.1, 3), builder.input([1, 3, 4, 1], 0.1, 3)
    why = refusal(builder.model(builder.op("Add", [a, b], 0.1, 3)))
    assert "differ in shape: (1, 3, 4, 4) and (1, 3, 4, 1)" in why


def test_concat_along_another_axis():
    builder = QdqBuilder()
    a, b = builder.input([1, 3, 4, 4], 0.1, 3), builder.input([1, 3, 4, 4], 0.1, 3)
    why = refusal(builder.model(builder.op("Concat", [a, b], 0.1, 3, axis=2)))
    assert "joins along axis 2" in why


def test_sums_that_could_leave_int32():
    builder = QdqBuilder()
    x = builder.input([1, 2, 4, 4], 0.1, 3)
    bias = [2**31 - 1000]
    y = builder.dense("Conv", x, weights(1, 2, 3, 3), [0.01], bias, 0.1, 3)
    assert "can leave int32" in refusal(builder.model(y))


def test_large_weights_and_biases_whose_sums_stay_in_int32():
    builder = QdqBuilder()
    x = builder.input([1, 2, 4, 4], 0.1, 3)
    bias = [2**31 - 20 * 131 - 1]
    values = np.zeros((1, 2, 3, 3), np.int8)
    values.ravel()[:20] = 1
    y = builder.dense("Conv", x, values, [0.01], bias, 1e6, 3)
    places = {row.op: row.placement for row in coverage(builder.model(y))}
    assert places["Conv"] == "device"


@pytest.mark.parametrize(("rows", "outputs"), [(300, 130), (128, 256), (1, 129)])
def test_transposed_matrices_of_several_blocks(rows, outputs):
    builder = QdqBuilder()
    x = builder.input([1, rows], 0.1, 3)
    matrix, scales = weights(outputs, rows), np.full(outputs, 0.01)
    y = builder.dense("Gemm", x, matrix, scales, None, 5.0, 1, transB=1)
    assert_exact(builder.model(y))


def test_result_that_is_not_quantised_goes_to_the_host():
    builder = QdqBuilder()
    x = builder.input([1, 2, 4, 4], 0.1, 3)
    y = builder.dense("Conv", x, weights(4, 2, 3, 3), 0.01, None, 0.1, 3)
    flat = builder.stored_as(
        builder.node("Flatten", [builder.real(y)]), builder.affine[y]
    )
    kernel = builder.weights(weights(16, 5), np.float32(0.01))
    real = builder.node("MatMul", [builder.real(flat), kernel])
    model = builder.model(real)
    rows = {row.op: row for row in coverage(model)}
    assert rows["MatMul"].placement == "host"
    assert "not quantised" in rows["MatMul"].why
    assert rows["MatMul"].macs == 80
    assert rows["Conv"].placement == "device"
    assert_exact(model)


def test_flatten_on_the_host_hides_the_map():
    """Flatten feeds Gemm and, first, an operator that only the host has."""
    builder = QdqBuilder()
    x = builder.input([1, 2, 3, 3], 0.1, 3)
    flat = builder.stored_as(
        builder.node("Flatten", [builder.real(x)]), builder.affine[x]
    )
    gate = builder.op("Softmax", [flat], 1 / 256, -128)
    mixed = builder.op("Mul", [flat, gate], 0.1, 3)
    matrix, scales = weights(18, 4), np.full(4, 0.01)
    y = builder.dense("Gemm", flat, matrix, scales, np.zeros(4), 0.2, 1, axis=1)
    z = builder.dense("Gemm", mixed, matrix, scales, np.zeros(4), 0.2, 1, axis=1)
    model = builder.model(y, z)
    places = {(row.op, row.placement) for row in coverage(model)}
    assert ("Flatten", "host") in places
    assert ("Gemm", "device") in places
    assert_exact(model)


def test_what_the_device_has_in_another_order_stays_on_the_host():
    """A transposed tensor that is no image: the device moves nothing for it."""
    builder = QdqBuilder()
    x = builder.input([1, 2, 4, 4], 0.1, 3)
    y = builder.dense("Conv", x, weights(4, 2, 3, 3), [0.01] * 4, None, 0.1, 3)
    sizes = builder.constant("sizes", np.array([1, 4, 4]))
    rows = builder.node("Reshape", [builder.real(y), sizes])
    rows = builder.stored_as(rows, builder.affine[y])
    turned = builder.node("Transpose", [builder.real(rows)], perm=[0, 2, 1])
    turned = builder.stored_as(turned, builder.affine[y])
    model = builder.model(builder.op("Softmax", [turned], 1 / 256, -128), turned)
    places = {row.op: (row.placement, row.why) for row in coverage(model)}
    assert places["Conv"][0] == "device"
    assert places["Transpose"][0] == "host"
    assert "another order" in places["Transpose"][1]
    assert_exact(model)


def test_a_vector_of_the_host_is_an_image_for_a_convolution():
    builder = QdqBuilder()
    x = builder.input([1, 2, 4, 4], 0.1, 3)
    y = builder.dense("Conv", x, weights(4, 2, 3, 3), [0.01] * 4, None, 0.1, 3)

    def described(z, *sizes):
        sizes = builder.constant("sizes", np.array(sizes))
        real = builder.node("Reshape", [builder.real(z), sizes])
        return builder.stored_as(real, builder.affine[z])

    mixed = builder.op("Softmax", [described(y, 1, 1, 16)], 1 / 256, -128)
    image = described(mixed, 1, 4, 2, 2)
    z = builder.dense("Conv", image, weights(4, 4, 1, 1), [0.01] * 4, None, 0.1, 3)
    model = builder.model(z)

    imported = assert_exact(model)

    convolutions = [row for row in imported.coverage if row.op == "Conv"]
    assert {row.placement for row in convolutions} == {"device"}


@pytest.mark.parametrize("width", [4, 3])
def test_who_else_reads_what_a_convolution_takes_as_an_image(width):
    """A Transpose of the input, which the host runs for one and so for all."""
    builder = QdqBuilder()
    x = builder.input([1, 4, width, 4], 0.1, 3)
    turned = builder.op("Transpose", [x], 0.1, 3, perm=[0, 3, 1, 2])
    flat = builder.op("Flatten", [turned], 0.1, 3)
    matrix = weights(16 * width, 5)
    y = builder.dense("Gemm", flat, matrix, [0.01] * 5, None, 0.3, 1, axis=1)
    z = builder.dense("Conv", turned, weights(4, 4, 3, 3), [0.01] * 4, None, 0.1, 3)
    both = builder.op("Add", [turned, turned], 0.2, 3)
    model = builder.model(y, z, both)

    imported = assert_exact(model)

    places = {row.op: row.placement for row in imported.coverage}
    assert places.pop("Transpose") == "host"
    assert set(places.values()) == {"device"}


def test_what_no_output_depends_on_is_left_out():
    builder = QdqBuilder()
    x = builder.input([1, 2, 4, 4], 0.1, 3)
    y = builder.dense("Conv", x, weights(4, 2, 3, 3), [0.01] * 4, None, 0.1, 3)
    dead = builder.op("LRN", [y], 0.1, 3, size=3)
    builder.dense("Conv", dead, weights(4, 4, 1, 1), [0.01] * 4, None, 0.1, 3)
    model = builder.model(y)
    assert len(assert_exact(model).segments) == 1


def test_a_model_without_macs_has_one_segment():
    builder = QdqBuilder()
    x = builder.op("Relu", [builder.input([1, 2, 4, 4], 0.1, 3)], 0.1, 3)
    x = builder.op("Relu", [builder.op("LRN", [x], 0.1, 3, size=3)], 0.2, 3)
    imported = assert_exact(builder.model(x))
    assert len(imported.segments) == 1
    assert [row.placement for row in imported.coverage] == ["device", "host", "host"]
