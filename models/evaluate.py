"""Count the correct predictions of the models on the full test sets."""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from datasets import DEFAULT_CACHE, LOADERS, as_input
from quantize import HERE, MODELS


def count_correct(
    model: Path, images: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]
) -> int:
    """Run a model image by image in a default CPU session of onnxruntime.

    Args:
        model: The ONNX file.
        images: Inputs of the model, shape (count, channels, height, width).
        labels: The right classes, shape (count,).

    Returns:
        How many images have their highest logit at the right class.
    """
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    correct = 0
    for image, label in zip(images, labels, strict=True):
        logits = np.asarray(session.run(["logits"], {"image": image[np.newaxis]})[0])
        correct += int(np.argmax(logits) == label)
    return correct


def sample_correct(model: Path, sample: Path) -> int:
    """Count the correct predictions of a model on a shipped sample."""
    with np.load(sample) as arrays:
        return count_correct(model, arrays["image"], arrays["labels"])


def main() -> None:
    """Print the scores of all models."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--folder", type=Path, default=HERE)
    options = parser.parse_args()
    for name, data in MODELS.items():
        test = LOADERS[data]("test", options.cache)
        for stem in (name, f"{name}_int8"):
            model = options.folder / f"{stem}.onnx"
            full = count_correct(model, as_input(test.images), test.labels)
            sample = sample_correct(model, options.folder / f"{data}_test.npz")
            print(f"{stem}: {full} of {len(test.labels)}, sample {sample}")


if __name__ == "__main__":
    main()
