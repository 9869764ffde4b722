"""Calibration data, and quantised models that need none."""

import logging
import warnings

import numpy as np
import pytest
from onnx import numpy_helper

from cimc.diagnostics import CimcWarning, InputError
from cimc.frontend import import_model, quantise, quantise_model
from tests.support import floats
from tests.support.qdq import QdqBuilder

SHAPE = [1, 3, 13, 13]


@pytest.fixture
def model():
    return floats.fire()


@pytest.fixture
def images():
    return floats.images(4, SHAPE)


def expect(code, model, calibration, *texts):
    with pytest.raises(InputError) as caught:
        quantise_model(model, calibration=calibration)
    assert caught.value.diagnostic.code == code
    for text in texts:
        assert text in caught.value.diagnostic.render()


def test_missing_calibration_is_explained(model):
    expect("E121", model, None, "in float", "--calib FILE.npz", "--calib random")


def test_every_way_to_give_the_data_is_the_same(model, images, tmp_path):
    np.savez(tmp_path / "all.npz", image=images, labels=np.arange(4))
    folder = tmp_path / "folder"
    folder.mkdir()
    np.save(folder / "a.npy", images[:1])
    np.savez(folder / "b.npz", image=images[1:])
    expected = quantise_model(model, calibration={"image": images})
    for source in (tmp_path / "all.npz", str(tmp_path / "all.npz"), folder):
        assert quantise_model(model, calibration=source) == expected


def test_random_is_deterministic_and_warns(model):
    with pytest.warns(CimcWarning, match="W102"):
        first = quantise_model(model, calibration="random")
    with pytest.warns(CimcWarning, match="W102"):
        second = quantise_model(model, calibration="random")
    assert first.SerializeToString() == second.SerializeToString()


def test_nothing_is_logged(model, images, caplog, capfd):
    with caplog.at_level(logging.WARNING):
        quantise_model(model, calibration={"image": images})
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("arrays", "text"),
    [
        ({"picture": np.zeros((4, 3, 13, 13), np.float32)}, "it has: picture"),
        ({"image": np.zeros((4, 3, 13, 12), np.float32)}, "not Nx3x13x13"),
        ({"image": np.zeros((3, 13, 13), np.float32)}, "not Nx3x13x13"),
        ({"image": np.zeros((4, 3, 13, 13), np.uint8)}, "is uint8"),
        ({"image": np.full((4, 3, 13, 13), np.nan, np.float32)}, "not finite"),
        ({"image": np.zeros((0, 3, 13, 13), np.float32)}, "no sample"),
    ],
)
def test_data_that_does_not_fit(model, arrays, text):
    expect("E122", model, arrays, text)


def test_files_that_cannot_be_read(model, tmp_path):
    path = tmp_path / "c.npz"
    expect("E011", model, path, "c.npz")
    path.write_bytes(b"no archive")
    expect("E011", model, path, "c.npz")
    folder = tmp_path / "folder"
    folder.mkdir()
    expect("E122", model, folder, "no .npz or .npy")
    (folder / "c.npy").write_bytes(b"no array")
    expect("E011", model, folder, "c.npy")


def test_pickles_are_refused(model, tmp_path):
    np.save(tmp_path / "c.npy", np.array([{}], object), allow_pickle=True)
    expect("E011", model, tmp_path / "c.npy", "allow_pickle")


def test_quantised_models_keep_their_numbers():
    builder = QdqBuilder()
    x = builder.input([1, 2, 4, 4], 0.1, 3)
    y = builder.op("AveragePool", [x], 0.1, 3, kernel_shape=[2, 2])
    model = builder.model(y)
    with pytest.warns(CimcWarning, match="W101"):
        found = import_model(model, calibration={"x": np.zeros(3)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert import_model(model).quantised == found.quantised


def test_old_operator_set_is_converted():
    model = floats.FloatBuilder(opset=11)
    y = model.node("Relu", model.conv("image", 3, 4))
    found = quantise_model(
        model.model(SHAPE, y), calibration={"image": floats.images(2, SHAPE)}
    )
    assert found.opset_import[0].version >= 13


def test_weights_that_are_no_numbers(model, images):
    tensor = next(t for t in model.graph.initializer if t.dims == [8, 3, 3, 3])
    values = numpy_helper.to_array(tensor).copy()
    values[0, 0] = np.inf
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    expect("E115", model, {"image": images}, tensor.name)


def test_what_onnxruntime_logs_becomes_a_warning(model, images, monkeypatch):
    original = quantise.quantize_static

    def logging_too(*args, **options):
        logging.warning("the bias scale is too small")
        original(*args, **options)

    monkeypatch.setattr(quantise, "quantize_static", logging_too)
    handlers = list(logging.getLogger().handlers)
    with pytest.warns(CimcWarning, match=r"W105.*the bias scale is too small"):
        quantise_model(model, calibration={"image": images})
    assert logging.getLogger().handlers == handlers


def test_a_failure_of_onnxruntime_is_explained(model, images, monkeypatch):
    def failing(*_, **__):
        raise AssertionError("scale issue")

    monkeypatch.setattr(quantise, "quantize_static", failing)
    expect("E123", model, {"image": images}, "scale issue", "QDQ form")


def test_images_without_contrast(model):
    found = quantise_model(model, calibration={"image": np.zeros((2, *SHAPE[1:]), "f")})
    imported = import_model(found)
    assert all(row.placement != "refused" for row in imported.coverage)
