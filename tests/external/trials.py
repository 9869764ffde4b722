"""Third-party models as cimc reads them, and inputs for them."""

from __future__ import annotations

from functools import cache

import numpy as np
import onnx

from cimc.frontend import ImportedModel, import_model
from cimc.frontend.shapes import model_inputs
from tests.external.fetch import path_of
from tests.external.models import MODELS
from tests.support.shipped import samples_of
from tests.support.trial import Trial, failed, quietly, try_on

#: Random inputs, and as many real ones.
IMAGES = 3


@cache
def imported(name: str) -> ImportedModel:
    """The model as the frontend reads it, calibrated on its domain."""
    samples = inputs_of(name, count=8, seed=1)
    arrays = {key: np.stack([sample[key] for sample in samples]) for key in samples[0]}
    calibration = {key: a[:, 0] if a.shape[1] == 1 else a for key, a in arrays.items()}
    return quietly(
        import_model, path_of(name), shapes=shapes_of(name), calibration=calibration
    )


def shapes_of(name: str) -> dict[str, tuple[int, ...]]:
    """The shapes of all inputs, with batch 1."""
    given = MODELS[name].shapes
    return {
        info.name: given.get(info.name)
        or tuple(dim.dim_value or 1 for dim in info.type.tensor_type.shape.dim)
        for info in model_inputs(onnx.load(path_of(name)))
    }


def inputs_of(name: str, count: int, seed: int) -> list[dict[str, np.ndarray]]:
    """Random inputs of the model's domain."""
    model, generator = MODELS[name], np.random.default_rng(seed)
    return [
        {
            key: (generator.random(shape) * model.spread + model.offset).astype("f4")
            for key, shape in shapes_of(name).items()
        }
        for _ in range(count)
    ]


def digits(name: str) -> list[dict[str, np.ndarray]]:
    """Real inputs of the one model that there are data for."""
    if name != "mnist-conv":
        return []
    images = np.load(samples_of("lenet5"))["image"][:IMAGES]
    scaled = (images - images.min()) / (images.max() - images.min()) * 255
    return [{"Input3": image[None].astype("f4")} for image in scaled]


def trial_of(name: str, target: str) -> Trial:
    """Compile a model that has been fetched, and compare random and real inputs."""
    try:
        model = imported(name)
    except Exception as error:
        return failed(error)
    feeds = inputs_of(name, IMAGES, seed=0) + digits(name)
    return try_on(model, target, feeds, MODELS[name].chips[target])
