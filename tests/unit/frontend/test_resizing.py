"""Interpolation in float graphs: the same numbers, by pools that the device has."""

import numpy as np
import pytest

from cimc.frontend import import_model
from cimc.golden import Golden
from tests.support import floats
from tests.unit.frontend.test_rewrites import ops, rewritten

SHAPES = ([1, 3, 1, 1], [1, 3, 1, 6], [1, 3, 2, 6], [1, 3, 4, 5], [1, 3, 12, 8])


def resized(b, x, scales, mode, **attributes):
    return b.node(
        *("Resize", x, "", b.constant(np.array(scales, np.float32))),
        mode="linear",
        coordinate_transformation_mode=mode,
        **attributes,
    )


def modes(model):
    """The modes of all Resize nodes."""
    nodes = [node for node in model.graph.node if node.op_type == "Resize"]
    return {a.s for node in nodes for a in node.attribute if a.name == "mode"}


@pytest.mark.parametrize("mode", ["half_pixel", "pytorch_half_pixel", "asymmetric"])
@pytest.mark.parametrize("factors", [(2, 2), (3, 3), (4, 4), (1, 2), (5, 8)])
@pytest.mark.parametrize("shape", SHAPES)
def test_larger_maps(shape, factors, mode):
    b = floats.FloatBuilder()
    model = rewritten(b, resized(b, "image", [1, 1, *factors], mode), shape)
    sizes = list(zip(shape[2:], factors, strict=True))
    kept = mode == "pytorch_half_pixel" and (1, 1) in sizes
    between = any(size > 1 and factor > 1 for size, factor in sizes)
    assert ("AveragePool" in ops(model)) == (between and not kept)
    assert modes(model) == {b"linear" if kept else b"nearest"}


@pytest.mark.parametrize("mode", ["half_pixel", "pytorch_half_pixel", "asymmetric"])
@pytest.mark.parametrize("factors", [(2, 2), (4, 2), (3, 1), (6, 8), (4, 4)])
def test_smaller_maps(factors, mode):
    b, shape = floats.FloatBuilder(), [1, 3, 12, 8]
    scales = [1, 1, *(1 / factor for factor in factors)]
    found = ops(rewritten(b, resized(b, "image", scales, mode), shape))
    one = any(s == f for s, f in zip(shape[2:], factors, strict=True))
    if mode == "pytorch_half_pixel" and one:
        assert found == ["Resize"]
    else:
        assert found[-1] == "AveragePool"
        assert "Resize" not in found


def test_one_dimension():
    b = floats.FloatBuilder()
    found = rewritten(b, resized(b, "image", [1, 1, 2], "half_pixel"), [1, 3, 6])
    assert ops(found) == ["Resize", "AveragePool", "AveragePool"]


def test_sizes_instead_of_scales():
    b = floats.FloatBuilder()
    sizes = b.constant(np.array([1, 4, 12, 10]))
    found = rewritten(b, b.node("Resize", "image", "", "", sizes, mode="linear"))
    assert ops(found) == ["Resize", "AveragePool", "AveragePool"]


def test_what_interpolates_has_the_name():
    b = floats.FloatBuilder()
    y = resized(b, "image", [1, 1, 2, 2], "half_pixel")
    names = [node.name for node in rewritten(b, y).graph.node]
    assert names.index(y.removesuffix("_out")) == len(names) - 1


def test_given_axes():
    b = floats.FloatBuilder(opset=18)
    y = resized(b, "image", [3, 2], "half_pixel", axes=[3, 2])
    assert ops(rewritten(b, y))[1:] == ["AveragePool", "AveragePool"]


def test_one_position_becomes_many_whatever_the_corners():
    b = floats.FloatBuilder()
    y = resized(b, "image", [1, 1, 6, 5], "align_corners")
    found = rewritten(b, y, [1, 4, 1, 1])
    assert ops(found) == ["Resize"]
    assert modes(found) == {b"nearest"}


@pytest.mark.parametrize(
    ("scales", "mode", "attributes"),
    [
        ([1, 1, 1.5, 1.5], "half_pixel", {}),
        ([1, 1, 2, 0.5], "half_pixel", {}),
        ([1, 1, 2, 2], "align_corners", {}),
        ([1, 1, 2.1, 2.2], "half_pixel", {}),
        ([1, 2, 1, 1], "half_pixel", {}),
        ([1, 1, 0.5, 0.5], "half_pixel", {"antialias": 1}),
    ],
)
def test_other_interpolation_stays(scales, mode, attributes):
    b = floats.FloatBuilder(opset=18)
    y = resized(b, "image", scales, mode, **attributes)
    found = rewritten(b, y, [1, 4, 6, 6])
    assert ops(found) == ["Resize"]
    assert modes(found) == {b"linear"}


def test_all_of_it_runs_on_the_device():
    b, shape = floats.FloatBuilder(), [1, 3, 5, 6]
    x = resized(b, b.conv("image", 3, 8), [1, 1, 4, 4], "half_pixel")
    model = b.model(shape, b.conv(x, 8, 4))
    imported = import_model(model, calibration={"image": floats.images(3, shape)})
    on_host = {row.op for row in imported.coverage if row.placement == "host"}
    assert on_host == {"DequantizeLinear", "QuantizeLinear"}


def test_cubic_interpolation_keeps_values_beyond_its_operand():
    b, shape = floats.FloatBuilder(), [1, 3, 5, 6]
    scales = b.constant(np.array([1, 1, 2, 2], np.float32))
    x = b.node("Relu", b.conv("image", 3, 8))
    y = b.node("Resize", x, "", scales, mode="cubic")
    model, images = b.model(shape, y), floats.images(3, shape)

    found = import_model(model, calibration={"image": images})

    (result,) = Golden(found.quantised).run({"image": images[:1]}).values()
    real = floats.run(model, images[:1])
    assert real.min() < -0.1
    np.testing.assert_allclose(result, real, atol=0.03 * np.ptp(real))
