"""Pools whose windows do not divide the map have the shape of onnxruntime."""

import pytest

from cimc.diagnostics import InputError
from cimc.frontend import quantise_model
from cimc.golden import Golden
from tests.support import floats


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize(
    ("kernel", "stride", "pad"), [(1, 2, 0), (2, 2, 1), (2, 3, 0), (3, 3, 1)]
)
def test_pools_that_round_up_have_the_shape_of_onnxruntime(op, kernel, stride, pad):
    b, shape = floats.FloatBuilder(), [1, 2, 8, 9]
    sizes = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [pad] * 4}
    pooled = b.node(op, "image", **sizes, ceil_mode=1)
    model = b.model(shape, b.node("Relu", b.node(op, pooled, **sizes, ceil_mode=1)))
    images = floats.images(2, shape)

    found = quantise_model(model, calibration={"image": images})

    (result,) = Golden(found).run({"image": images[:1]}).values()
    dims = found.graph.output[0].type.tensor_type.shape.dim
    assert result.shape == tuple(dim.dim_value for dim in dims)


def test_a_pool_that_rounds_up_and_counts_its_padding():
    b = floats.FloatBuilder()
    sizes = {"kernel_shape": [3, 3], "strides": [3, 3], "pads": [1] * 4}
    y = b.node("AveragePool", "image", **sizes, ceil_mode=1, count_include_pad=1)
    model = b.model([1, 2, 8, 9], y)

    with pytest.raises(InputError, match="E114"):
        quantise_model(model, calibration="random")
