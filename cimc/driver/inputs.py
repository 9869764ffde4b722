"""Images to run: from the user's file, from samples named by the model, or random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from onnx import ModelProto

from cimc.diagnostics import InputError
from cimc.frontend.calibration import input_types, samples
from cimc.weights import Array, load_arrays

__all__ = [
    "SAMPLES_ENTRY",
    "ImageSource",
    "Images",
    "load_images",
    "named_samples",
    "random_images",
]

#: Metadata entry of an ONNX model that names an .npz of test images beside it.
SAMPLES_ENTRY = "cimc.samples"

_SEED = 0


ImageSource = Callable[[ModelProto], "Images"]
"""Gives the images to run for a quantised model."""


@dataclass(frozen=True)
class Images:
    """Feeds of a model, one image each, and their labels where they are known.

    ``source`` says where they come from.
    """

    feeds: list[dict[str, Array]]
    source: str
    labels: Array | None = None

    def first(self, count: int | None) -> Images:
        """The first so many images, or all."""
        labels = None if self.labels is None else self.labels[:count]
        return Images(self.feeds[:count], self.source, labels)


def load_images(model: ModelProto, path: Path) -> Images:
    """All images of an ``.npz`` file with one array per input of the model.

    Each array has the number of images as its first axis; an array ``labels`` holds
    the right classes. An ``.npy`` file will do for a model with one input.

    Raises:
        InputError: it cannot be read (E011), or does not fit the model or itself
            (E122).
    """
    feeds = samples(model, path)
    labels = None if path.suffix == ".npy" else load_arrays(path).get("labels")
    if labels is not None and labels.shape != (len(feeds),):
        raise InputError(
            "E122",
            f"array 'labels' has shape {labels.shape}, there are {len(feeds)} images",
            where=str(path),
            hints=("give one class number per image, or leave labels out",),
        )
    return Images(feeds, str(path), labels)


def named_samples(model: Path) -> Path | None:
    """The file of test images that a model's metadata names, if it is there.

    Only files in the model's own folder count.
    """
    for entry in ModelProto.FromString(model.read_bytes()).metadata_props:
        if entry.key == SAMPLES_ENTRY and Path(entry.value).name == entry.value:
            path = model.parent / entry.value
            return path if path.is_file() else None
    return None


def random_images(model: ModelProto, count: int = 1) -> Images:
    """Seeded images of uniform numbers in [0, 1), or of all integers of a type."""
    generator = np.random.default_rng(_SEED)

    def image(shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> Array:
        if dtype.kind not in "iu":
            return generator.random(shape).astype(dtype)
        return generator.integers(0, 256, (*shape, dtype.itemsize), np.uint8).view(
            dtype
        )[..., 0]

    inputs = input_types(model)
    feeds = [
        {name: image(*found) for name, found in inputs.items()} for _ in range(count)
    ]
    return Images(feeds, "random numbers")
