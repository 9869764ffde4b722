"""The models that are shipped, compiled once per run of the tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cimc
from cimc.driver import Artifact, Images, load_images
from cimc.objective import Objective

MODELS = Path(__file__).parents[2] / "models"
SAMPLES = {"lenet5": "mnist", "resnet8": "cifar10"}


def samples_of(network: str, split: str = "test") -> Path:
    return MODELS / f"{SAMPLES[network]}_{split}.npz"


@cache
def compiled(
    network: str,
    chip: str,
    pipeline: str | None = None,
    target: str = "rram",
    objective: Objective = "latency",
    batch: int = 1,
) -> Artifact:
    return cimc.compile(
        MODELS / f"{network}_int8.onnx",
        target=target,
        chip=chip,
        pipeline=pipeline,
        objective=objective,
        batch=batch,
    )


def images(artifact: Artifact, network: str, count: int | None = None) -> Images:
    """The first test images of a network, by default all."""
    return load_images(artifact.model, samples_of(network)).first(count)
