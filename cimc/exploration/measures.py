"""What a trial measures, and which way is better."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["MEASURES", "Measure", "MeasureName", "measured"]

MeasureName = Literal[
    "accuracy",
    "nonideal_accuracy",
    "latency_us",
    "energy_uj",
    "area_mm2",
    "memory_kb",
]

Metrics = Mapping[str, Any]


@dataclass(frozen=True)
class Measure:
    """A number of a trial; ``read`` finds it in ``metrics.json``."""

    unit: str
    maximise: bool
    read: Callable[[Metrics], float] | None = None
    """None for accuracies, which are not metrics of the program."""


MEASURES: Mapping[MeasureName, Measure] = {
    "accuracy": Measure("", maximise=True),
    "nonideal_accuracy": Measure("", maximise=True),
    "latency_us": Measure("us", False, lambda metrics: metrics["time_ns"] / 1e3),
    "energy_uj": Measure("uJ", False, lambda m: m["energy_pj"]["total"] / 1e6),
    "area_mm2": Measure("mm2", False, lambda m: m["area_mm2"]["total"]),
    "memory_kb": Measure("kB", False, lambda m: sum(m["memory_bytes"].values()) / 1e3),
}


def measured(metrics: Metrics) -> dict[str, float]:
    """All measures but accuracies, from the metrics of a run."""
    return {
        name: float(measure.read(metrics))
        for name, measure in MEASURES.items()
        if measure.read is not None
    }
