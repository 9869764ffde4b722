"""Accuracy on thousands of images, in the integers of the compiled program.

The network runs at the ``tile`` level, whose integers are those of the program and of
onnxruntime, many images at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cimc.context import CompilationContext
from cimc.driver.inputs import Images
from cimc.driver.passes import parse_passes, run_passes
from cimc.frontend import ImportedModel
from cimc.interpreters import tile
from cimc.weights import Array

__all__ = ["Accuracy", "classify", "outputs_of"]

#: How a model gets to the level, whatever the machine.
_PIPELINE = "fuse-tables,convert-cnn-to-tile"

#: Images that go through a network together.
_TOGETHER = 32


@dataclass(frozen=True)
class Accuracy:
    """How many of how many images are classified as their labels say."""

    correct: int
    images: int

    @property
    def rate(self) -> float:
        """The part of the images."""
        return self.correct / self.images


def classify(model: ImportedModel, images: Images) -> Accuracy:
    """Compare the largest of the first output with the labels.

    The model is lowered: it is of no use for anything else afterwards.
    """
    assert images.labels is not None
    first = model.quantised.graph.output[0].name
    guesses = [int(np.argmax(out[first])) for out in outputs_of(model, images.feeds)]
    correct = int(np.sum(np.asarray(guesses) == images.labels[: len(guesses)]))
    return Accuracy(correct, len(guesses))


def outputs_of(
    model: ImportedModel, feeds: Sequence[Mapping[str, Array]]
) -> Iterator[dict[str, Array]]:
    """The model's outputs for each image, in their ONNX shape."""
    for segment in model.segments:
        context = CompilationContext(weights=model.weights)
        run_passes(segment.module, context, parse_passes(_PIPELINE))
    for start in range(0, len(feeds), _TOGETHER):
        known = [dict(image) for image in feeds[start : start + _TOGETHER]]
        for number, segment in enumerate(model.segments):
            inputs = [model.host.inputs(number, tensors) for tensors in known]
            together = {
                name: np.stack([found[name] for found in inputs])
                for name in segment.border.inputs
            }
            maps = tile.interpret_images(segment.module, model.weights, together)
            for image, tensors in enumerate(known):
                alone = {name: values[image] for name, values in maps.items()}
                tensors |= model.host.known(number, alone)
        for tensors in known:
            yield model.host.outputs(tensors)
