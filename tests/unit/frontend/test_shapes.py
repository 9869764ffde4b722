"""Dynamic axes, --shape and batches."""

import pytest

from cimc.diagnostics import InputError
from cimc.frontend.shapes import fix_shapes
from tests.support import floats


@pytest.fixture
def model():
    return floats.fire()


def dims(model):
    return model.graph.input[0].type.tensor_type.shape.dim


def expect(code, model, shapes, *texts):
    with pytest.raises(InputError) as caught:
        fix_shapes(model, shapes)
    assert caught.value.diagnostic.code == code
    for text in texts:
        assert text in caught.value.diagnostic.render()


def test_static_shapes_stay(model):
    fix_shapes(model)
    assert [d.dim_value for d in dims(model)] == [1, 3, 13, 13]
    output = model.graph.output[0].type.tensor_type.shape
    assert [d.dim_value for d in output.dim] == [1, 5]


def test_dynamic_axes_need_the_option(model):
    dims(model)[0].dim_param = "N"
    dims(model)[2].ClearField("dim_value")
    expect(
        "E111",
        model,
        None,
        "'image'",
        "axis 0 (N)",
        "axis 2 (unnamed)",
        "--shape image=1,3,224,13",
    )


def test_the_option_makes_them_static(model):
    dims(model)[0].dim_param = "N"
    dims(model)[2].ClearField("dim_value")
    fix_shapes(model, {"image": (1, 3, 13, 13)})
    assert [d.dim_value for d in dims(model)] == [1, 3, 13, 13]


def test_input_without_shape(model):
    model.graph.input[0].type.tensor_type.ClearField("shape")
    expect("E111", model, None, "no shape", "--shape image=")


@pytest.mark.parametrize(
    "shape", [(1, 3, 13), (1, 3, 14, 13), (1, 3, 0, 13), (1, -3, 13, 13), ()]
)
def test_option_contradicts_the_model(model, shape):
    expect("E112", model, {"image": shape}, "image=")


def test_option_for_an_unknown_input(model):
    expect("E112", model, {"picture": (1, 3, 13, 13)}, "'picture'", "inputs: image")


def test_batch(model):
    dims(model)[0].dim_value = 8
    expect("E113", model, None, "batch 8", "one image at a time")


def test_shapes_that_contradict_each_other(model):
    dims(model)[2].dim_param = "H"
    expect("E114", model, {"image": (1, 3, 99, 13)}, "contradict")


def test_more_elements_than_any_chip_has(model):
    dims(model)[2].dim_value = dims(model)[3].dim_value = 1 << 20
    expect("E118", model, None, "'image' has 1x3x1048576x1048576 elements")
