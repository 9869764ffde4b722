"""Whole networks: float → quantised → cnn equals onnxruntime in every tensor."""

from pathlib import Path

import numpy as np
import pytest

from cimc.frontend import import_model, quantise_model
from cimc.golden import Golden, float_layers, unsaturated
from cimc.interpreters.cnn import interpret
from tests.support import floats

MODELS = Path(__file__).parents[3] / "models"
SAMPLES = {"lenet5": "mnist", "resnet8": "cifar10"}


def compare(imported, images, name):
    """Every shared tensor and every output, on every image."""
    golden = Golden(imported.quantised)
    exact = Golden(unsaturated(imported.quantised))
    outputs = [info.name for info in imported.quantised.graph.output]
    for image in images:
        feeds = {name: image[np.newaxis]}
        expected = golden.run(feeds, [*imported.tensors, *outputs])
        maps = interpret(
            imported.module, imported.weights, imported.host.inputs(0, feeds)
        )
        assert imported.tensors
        for tensor in imported.tensors:
            found = imported.host.to_onnx(tensor, maps[tensor])
            np.testing.assert_array_equal(found, expected[tensor], err_msg=tensor)
        for tensor, found in exact.run(feeds, imported.tensors).items():
            np.testing.assert_array_equal(found, expected[tensor], err_msg=tensor)
        known = feeds | imported.host.known(0, maps)
        for output, found in imported.host.outputs(known).items():
            np.testing.assert_array_equal(found, expected[output], err_msg=output)


def assert_in_integers(imported):
    layers = [row.node for row in imported.coverage if row.placement == "device"]
    assert float_layers(imported.quantised, layers) == []
    assert float_layers(unsaturated(imported.quantised), layers) == []


@pytest.mark.parametrize("model", SAMPLES)
def test_quantised_models_on_all_samples(model):
    imported = import_model(MODELS / f"{model}_int8.onnx")
    with np.load(MODELS / f"{SAMPLES[model]}_test.npz") as samples:
        images = samples["image"]
    assert_in_integers(imported)
    compare(imported, images, "image")


@pytest.mark.parametrize("activations", ["int8", "uint8"])
@pytest.mark.parametrize("model", SAMPLES)
def test_float_models_with_calibration_data(model, activations):
    calibration = MODELS / f"{SAMPLES[model]}_calib.npz"
    path = MODELS / f"{model}.onnx"
    imported = import_model(path, calibration=calibration, activations=activations)
    again = quantise_model(path, calibration=calibration, activations=activations)
    assert again.SerializeToString(deterministic=True) == (
        imported.quantised.SerializeToString(deterministic=True)
    )
    with np.load(MODELS / f"{SAMPLES[model]}_test.npz") as samples:
        images = samples["image"][:16]
    assert_in_integers(imported)
    compare(imported, images, "image")


@pytest.mark.parametrize("activations", ["int8", "uint8"])
@pytest.mark.parametrize("network", [floats.mobile, floats.fire])
def test_operators_of_real_networks(network, activations):
    model = network()
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    imported = import_model(
        model,
        calibration={"image": floats.images(16, shape)},
        activations=activations,
    )
    assert_in_integers(imported)
    compare(imported, floats.images(16, shape, seed=9), "image")
