"""Runs of several device segments as one run of the device."""

from __future__ import annotations

from collections.abc import Sequence

from cimc.driver.totals import Metrics
from cimc.target import Simulation
from cimc.weights import Array

__all__ = ["in_a_row"]


def in_a_row(runs: Sequence[Simulation], metrics: Metrics) -> Simulation:
    """One simulation from those of all segments for an image, with its ``metrics``.

    A feature map that several segments name is that of the first one, which makes it.
    """
    maps: dict[str, Array] = {}
    segment_of: dict[str, int] = {}
    for number, run in enumerate(runs):
        for tensor, values in run.feature_maps.items():
            if tensor not in maps:
                maps[tensor], segment_of[tensor] = values, number

    def writer_of(tensor: str, index: tuple[int, int, int]) -> str:
        number = segment_of[tensor]
        writer = runs[number].writer_of(tensor, index)
        return f"segment {number}, {writer}" if len(runs) > 1 else writer

    return Simulation(maps, metrics, writer_of)
