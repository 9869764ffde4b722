"""Running an artifact on images, comparing and measuring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from cimc.driver.artifact import Artifact
from cimc.driver.inputs import Images
from cimc.driver.session import Session
from cimc.driver.verification import Verified, comparable, compare
from cimc.golden import Golden
from cimc.weights import Array

__all__ = ["Execution", "Progress", "execute_images"]

Progress = Callable[[int, int], None]
"""Called after each image with how many of how many are done."""


_OF_ONE_RUN = ("verified", "accuracy")


@dataclass(frozen=True)
class Execution:
    """What running an artifact on some images gave.

    ``outputs`` holds the network's outputs, image by image; ``metrics`` the keys of
    ``metrics.json`` of one image (programs take no data-dependent time), with the
    simulator's speed over all of them.
    """

    outputs: list[Mapping[str, Array]]
    metrics: dict[str, Any]
    verified: Verified | None

    def measured(self, artifact: Artifact) -> Artifact:
        """The artifact with what this run found, but for the simulator's speed."""
        lasting = {k: v for k, v in self.metrics.items() if k != "simulator"}
        return replace(artifact, metrics=lasting)


def execute_images(
    artifact: Artifact,
    images: Images,
    *,
    verify: bool,
    trace: Path | None = None,
    fidelity: str | None = None,
    progress: Progress | None = None,
) -> Execution:
    """Simulate every image; with ``verify`` compare every feature map of each.

    Batches are as large as the program has places for. ``trace`` records the first one.
    ``fidelity`` chooses between the simulators of targets that have several (E006).
    ``progress`` is told how many of how many images are done.
    """
    session = Session(artifact, fidelity)
    golden = Golden(artifact.model) if verify else None
    verified = Verified() if verify else None
    outputs: list[Mapping[str, Array]] = []
    expected_outputs: list[Mapping[str, Array]] = []
    measured: Mapping[str, Any] = {}
    seconds = 0.0
    for first in range(0, len(images.feeds), session.batch):
        batch = images.feeds[first : first + session.batch]
        start = perf_counter()
        simulations = session.simulate_batch(batch, trace=None if first else trace)
        seconds += perf_counter() - start
        for number, (feeds, simulation) in enumerate(
            zip(batch, simulations, strict=True), first
        ):
            measured = measured or simulation.metrics
            outputs.append(session.outputs(simulation, feeds))
            if golden is not None and verified is not None:
                found = comparable(artifact.model, simulation.feature_maps)
                names = [info.name for info in artifact.model.graph.output]
                expected = golden.run(feeds, [*found, *names])
                expected_outputs.append({name: expected[name] for name in names})
                verified += compare(found, expected, number, simulation.writer_of)
            if progress is not None:
                progress(number + 1, len(images.feeds))
    # What an artifact says of the run that it was compiled with is not of this one.
    known = {k: v for k, v in artifact.metrics.items() if k not in _OF_ONE_RUN}
    metrics: dict[str, Any] = {**known, **measured}
    if verified is not None:
        metrics["verified"] = verified.as_metrics()
    if images.labels is not None:
        metrics["accuracy"] = _accuracy(images.labels, outputs, expected_outputs)
    dynamic = metrics.get("instructions", {}).get("dynamic", 0)
    metrics["simulator"] = {
        "images": len(images.feeds),
        "source": images.source,
        "wall_s": seconds,
        "instructions_per_s": dynamic * len(images.feeds) / max(seconds, 1e-9),
    }
    return Execution(outputs, metrics, verified)


def _accuracy(
    labels: Array,
    outputs: list[Mapping[str, Array]],
    expected: list[Mapping[str, Array]],
) -> dict[str, Any]:
    """Correct classifications of the program and of onnxruntime."""

    def correct(results: list[Mapping[str, Array]]) -> int:
        guesses = [int(np.argmax(next(iter(result.values())))) for result in results]
        return int(np.sum(np.asarray(guesses) == labels[: len(guesses)]))

    found = {"images": len(labels), "correct": correct(outputs)}
    return {**found, "onnxruntime_correct": correct(expected)} if expected else found
