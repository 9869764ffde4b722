"""Count the correct predictions of the models on the full test sets."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from cimc.driver.inputs import Images, load_images
from cimc.exploration.accuracy import classify
from cimc.frontend import import_model
from cimc.frontend.quantise import Weights
from datasets import DEFAULT_CACHE, LOADERS, as_input
from quantize import FAMILY, HERE, MODELS, quantised

TYPES: tuple[Weights, ...] = ("int8", "int4")


def correct_in_float(model: Path, images: Images) -> int:
    """Count the correct predictions of a float model, by onnxruntime.

    Args:
        model: The ONNX file.
        images: Inputs with their right classes.

    Returns:
        How many images have their highest logit at the right class.
    """
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    assert images.labels is not None
    guesses = [np.argmax(session.run(["logits"], feed)[0]) for feed in images.feeds]
    return int(np.sum(np.array(guesses) == images.labels))


def correct_in_integers(model: Path, images: Images) -> int:
    """Count the correct predictions of a quantised model, in its integers.

    A default session of onnxruntime would saturate sums on some processors.
    """
    return classify(import_model(model), images).correct


def all_correct(name: str, data: str, images: Images) -> Iterator[tuple[str, int]]:
    """Give each form of a network and how many predictions of it are correct."""
    yield "float", correct_in_float(HERE / f"{name}.onnx", images)
    for weights in TYPES:
        with quantised(name, data, weights) as path:
            yield weights, correct_in_integers(path, images)


def labelled(
    image: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], what: str
) -> Images:
    """Make the inputs of a model from images and their right classes."""
    return Images([{"image": one[np.newaxis]} for one in image], what, labels)


def sample_correct(model: Path, sample: Path) -> int:
    """Count the correct predictions of a quantised model on a shipped sample."""
    return correct_in_integers(model, load_images(onnx.load(model), sample))


def main() -> None:
    """Print the scores of all models."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("names", nargs="*", default=[*MODELS, *FAMILY])
    options = parser.parse_args()
    for name in options.names:
        data = {**MODELS, **FAMILY}[name]
        test = LOADERS[data]("test", options.cache)
        images = labelled(as_input(test.images), test.labels, f"{data} test")
        for form, count in all_correct(name, data, images):
            print(f"{name} {form}: {count} of {len(test.labels)}", flush=True)


if __name__ == "__main__":
    main()
