"""Accuracy on chips that are not ideal: the same program on one specimen after another.

Specimens differ by what their devices do, and the spread of their accuracies says how
well the mean is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from cimc.diagnostics import InputError
from cimc.driver.artifact import Artifact
from cimc.driver.execution import Progress
from cimc.driver.inputs import Images
from cimc.driver.session import Session
from cimc.golden import Golden
from cimc.target import Specimen

__all__ = ["CONFIDENCE", "Robustness", "Tally", "run_specimens"]

# scipy has no type information; as Any it cannot leak unknown types.
_stats: Any = import_module("scipy.stats")

#: How likely an interval holds the mean over all specimens.
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Tally:
    """What one specimen made of the images.

    ``agreeing`` counts images whose largest output is onnxruntime's, ``correct`` those
    that have the label's, if there are labels.
    """

    seed: int
    images: int
    agreeing: int
    correct: int | None

    @property
    def rate(self) -> float:
        """The part of the images that are right: by labels, else by onnxruntime."""
        right = self.agreeing if self.correct is None else self.correct
        return right / self.images


@dataclass(frozen=True)
class Robustness:
    """The rates of several specimens, and that of an ideal chip."""

    ideal: float
    tallies: tuple[Tally, ...]

    @property
    def mean(self) -> float:
        """Mean rate of the specimens."""
        return float(np.mean([tally.rate for tally in self.tallies]))

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the mean over all specimens lies with :data:`CONFIDENCE`.

        By Student's t distribution; none for a single specimen.
        """
        count = len(self.tallies)
        if count < 2:
            return None
        deviation = float(np.std([tally.rate for tally in self.tallies], ddof=1))
        quantile = float(_stats.t.ppf((1 + CONFIDENCE) / 2, count - 1))
        reach = quantile * deviation / math.sqrt(count)
        return max(0.0, self.mean - reach), min(1.0, self.mean + reach)

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "ideal": self.ideal,
            "mean": self.mean,
            "interval": self.interval,
            "confidence": CONFIDENCE,
            "specimens": [
                {
                    "seed": tally.seed,
                    "images": tally.images,
                    "agreeing": tally.agreeing,
                    "correct": tally.correct,
                }
                for tally in self.tallies
            ],
        }


def run_specimens(
    artifact: Artifact,
    images: Images,
    specimens: Sequence[Specimen],
    progress: Progress | None = None,
) -> Robustness:
    """Run all images on each specimen and compare with onnxruntime and the labels.

    ``progress`` is told how many of how many runs are done.

    Raises:
        InputError: there are no images (E062), or the target does not know the repair
            (E027).
        VerificationError: a program trapped.
    """
    if not images.feeds:
        raise InputError("E062", "there are no images", where=images.source)
    names = [info.name for info in artifact.model.graph.output]
    golden = Golden(artifact.model)
    expected = [
        int(np.argmax(golden.run(feeds, names)[names[0]])) for feeds in images.feeds
    ]
    labels = None if images.labels is None else images.labels.tolist()
    tallies: list[Tally] = []
    for index, specimen in enumerate(specimens):
        session = Session(artifact, None, specimen)
        guesses: list[int] = []
        for number, feeds in enumerate(images.feeds):
            simulation = session.simulate(feeds)
            outputs = session.outputs(simulation, feeds)
            guesses.append(int(np.argmax(outputs[names[0]])))
            if progress is not None:
                done = index * len(images.feeds) + number + 1
                progress(done, len(specimens) * len(images.feeds))
        tallies.append(
            Tally(
                specimen.seed,
                len(guesses),
                _equal(guesses, expected),
                None if labels is None else _equal(guesses, labels),
            )
        )
    ideal = 1.0 if labels is None else _equal(expected, labels) / len(expected)
    return Robustness(ideal, tuple(tallies))


def _equal(found: Sequence[int], wanted: Sequence[int]) -> int:
    return sum(a == b for a, b in zip(found, wanted, strict=True))
