"""Ranges of activations that leave rare values out, by onnxruntime's methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime as ort
from onnx import ModelProto, TensorProto, ValueInfoProto
from onnxruntime.quantization.calibrate import HistogramCollector

from cimc.frontend.calibration import Method
from cimc.frontend.graph import Graph
from cimc.weights import Array

__all__ = ["range_overrides"]

#: Bins of a histogram, and steps that entropy is measured with; the time of that grows
#: with the square of the bins.
_BINS = {"percentile": 2048, "entropy": 512}
_STEPS = 128

_PERCENTILE = 99.999


def range_overrides(
    model: ModelProto, found: Sequence[dict[str, Array]], method: Method
) -> dict[str, list[dict[str, Any]]]:
    """What makes onnxruntime use those ranges, none for ``minmax``.

    Histograms span the smallest to the largest value of all samples, which takes one
    run more; then no bin is added later, and one sample at a time is in memory.
    """
    if method == "minmax":
        return {}
    run = _Run(model)
    limits: dict[str, tuple[Array, Array]] = {}
    for sample in found:
        for name, values in run(sample).items():
            low, high = limits.get(name, (values.min(), values.max()))
            limits[name] = min(low, values.min()), max(high, values.max())
    collector = HistogramCollector(
        method, False, _BINS[method], _STEPS, _PERCENTILE, "same"
    )
    collector.collect({name: [np.array(ends)] for name, ends in limits.items()})
    for sample in found:
        collector.collect({name: [values] for name, values in run(sample).items()})
    ranges = collector.compute_collection_result()
    return {
        name: [
            {
                "rmin": np.clip(ranges[name][0], low, high),
                "rmax": np.clip(ranges[name][1], low, high),
            }
        ]
        for name, (low, high) in limits.items()
    }


class _Run:
    """Runs a float model, and gives all its float tensors that are no constants."""

    def __init__(self, model: ModelProto) -> None:
        graph = Graph(model)
        names = [
            name
            for name in (*graph.inputs, *graph.producer)
            if graph.element_type(name) == TensorProto.FLOAT
        ]
        self._inputs = set(graph.inputs)
        self._names = [name for name in names if name not in self._inputs]
        self._wanted = set(names)
        exposed = ModelProto()
        exposed.CopyFrom(model)
        known = set(graph.outputs)
        exposed.graph.output.extend(
            ValueInfoProto(name=name) for name in self._names if name not in known
        )
        options = ort.SessionOptions()
        options.log_severity_level = 3
        self._session = ort.InferenceSession(
            exposed.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, sample: dict[str, Array]) -> dict[str, Array]:
        results = self._session.run(self._names, sample)
        found = sample | dict(zip(self._names, results, strict=True))
        return {name: v for name, v in found.items() if name in self._wanted and v.size}
