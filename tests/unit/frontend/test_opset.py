"""Old operator sets: what operators meant then, they mean in the quantised model."""

import numpy as np
import pytest

from cimc.frontend import coverage
from cimc.frontend.opset import convert_opset
from tests.support import floats
from tests.support.qdq import QdqBuilder, assert_exact

SHAPE = [1, 3, 6, 9]


def model_of(op, *constants, opset, **attributes):
    b = floats.FloatBuilder(opset=opset)
    return b.model(
        SHAPE, b.node(op, "image", *map(b.constant, constants), **attributes)
    )


_GROWING = [(2, 3), (1.5, 2), (1.7, 1.4)]
_SHRINKING = [(1 / 3, 1 / 3), (0.5, 1)]


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize(
    ("op", "opset", "factors"),
    [
        *(("Upsample", 9, factors) for factors in _GROWING),
        *(("Resize", 10, factors) for factors in _GROWING + _SHRINKING),
    ],
)
def test_resized_maps(op, opset, factors, mode):
    height, width = factors
    scales = np.array([1, 1, height, width], np.float32)
    model = model_of(op, scales, opset=opset, mode=mode)
    image = floats.images(1, SHAPE)
    expected = floats.run(model, image)

    found = floats.run(convert_opset(model), image)

    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_the_largest_of_all_dimensions_behind_the_axis(axis):
    model = model_of("Hardmax", opset=11, axis=axis)
    image = floats.images(1, SHAPE)
    expected = floats.run(model, image)
    np.testing.assert_array_equal(floats.run(convert_opset(model), image), expected)


def test_constants_that_conversion_makes_are_none_of_the_host():
    b = QdqBuilder(opset=10)
    x = b.input([1, 2, 4, 4], 0.1, 3)
    weights = np.random.default_rng(0).integers(-9, 9, (4, 2, 3, 3)).astype(np.int8)
    y = b.dense("Conv", x, weights, 0.01, None, 0.1, 3)
    y = b.op("Clip", [y], 0.1, 3, min=-0.5, max=0.7)
    model = b.model(b.op("Pad", [y], 0.1, 3, pads=[0, 0, 1, 0, 0, 0, 0, 1]))

    assert {row.placement for row in coverage(model)} == {"device"}
    assert_exact(model)
