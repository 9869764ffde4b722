"""Write the image samples that ship with the models as .npz files."""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

from datasets import CLASSES, DEFAULT_CACHE, LOADERS, SplitName, as_input

HERE = Path(__file__).parent
COUNT = 128
SEED = 1
PARTS: dict[str, SplitName] = {"calib": "train", "test": "test"}
"""Ending of each file name, and the split that its images come from."""


def choose_balanced(
    labels: npt.NDArray[np.int64], count: int, generator: np.random.Generator
) -> npt.NDArray[np.intp]:
    """Choose images so that class sizes differ by one at most.

    Returns:
        The positions of the chosen images, ascending.
    """
    sizes = np.full(CLASSES, count // CLASSES)
    sizes[generator.permutation(CLASSES)[: count % CLASSES]] += 1
    chosen = [
        generator.choice(np.flatnonzero(labels == number), size, replace=False)
        for number, size in enumerate(sizes)
    ]
    return np.sort(np.concatenate(chosen))


def main() -> None:
    """Write the four samples from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--output", type=Path, default=HERE)
    options = parser.parse_args()
    for name, load in LOADERS.items():
        for part, split in PARTS.items():
            data = load(split, options.cache)
            generator = np.random.default_rng(SEED)
            chosen = choose_balanced(data.labels, COUNT, generator)
            np.savez_compressed(
                options.output / f"{name}_{part}.npz",
                image=as_input(data.images[chosen]),
                labels=data.labels[chosen],
            )


if __name__ == "__main__":
    main()
