"""Write the image samples that ship with the models as .npz files."""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

from datasets import CLASSES, DEFAULT_CACHE, LOADERS, SplitName, as_input

HERE = Path(__file__).parent
SEED = 1
PARTS: dict[str, tuple[SplitName, int]] = {
    "calib": ("train", 128),
    "test": ("test", 128),
    "accuracy": ("test", 1000),
}
"""Ending of each file name, the split that its images come from, and how many."""


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
    """Write the samples from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--output", type=Path, default=HERE)
    options = parser.parse_args()
    for name, load in LOADERS.items():
        for part, (split, count) in PARTS.items():
            data = load(split, options.cache)
            generator = np.random.default_rng(SEED)
            chosen = choose_balanced(data.labels, count, generator)
            np.savez_compressed(
                options.output / f"{name}_{part}.npz",
                image=as_input(data.images[chosen]),
                labels=data.labels[chosen],
            )


if __name__ == "__main__":
    main()
