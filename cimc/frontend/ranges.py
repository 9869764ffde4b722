"""Ranges of activations: all values, or without rare ones by onnxruntime's methods."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from onnx import ModelProto, TensorProto, ValueInfoProto
from onnxruntime.quantization.calibrate import HistogramCollector

from cimc.frontend.calibration import Method
from cimc.frontend.graph import Graph
from cimc.golden import ORT_ERRORS, refused_by_onnxruntime, run
from cimc.weights import Array

__all__ = ["Limits", "range_overrides", "ranges"]

#: The least and the greatest value of each tensor.
Limits = Mapping[str, tuple[Array, Array]]

#: Bins of a histogram, and steps that entropy is measured with; the time of that grows
#: with the square of the bins.
_BINS = {"percentile": 2048, "entropy": 512}
_STEPS = 128

_PERCENTILE = 99.999


def range_overrides(
    source: Path, found: Sequence[dict[str, Array]], method: Method
) -> dict[str, list[dict[str, Any]]]:
    """What makes onnxruntime use those ranges, none for ``minmax``."""
    if method == "minmax":
        return {}
    return {
        name: [{"rmin": low, "rmax": high}]
        for name, (low, high) in ranges(source, found, method).items()
    }


def ranges(source: Path, found: Sequence[dict[str, Array]], method: Method) -> Limits:
    """The range of each float tensor that is no constant, over all samples.

    Histograms span the smallest to the largest value of all samples, which takes one
    run more; then no bin is added later, and one sample at a time is in memory.
    """
    exposed = _Run(source)
    limits: dict[str, tuple[Array, Array]] = {}
    for sample in found:
        for name, values in exposed(sample).items():
            low, high = limits.get(name, (values.min(), values.max()))
            limits[name] = min(low, values.min()), max(high, values.max())
    if method == "minmax":
        return limits
    with redirect_stdout(io.StringIO()):  # it tells how it gets on
        collector = HistogramCollector(
            method, False, _BINS[method], _STEPS, _PERCENTILE, "same"
        )
        collector.collect({name: [np.array(ends)] for name, ends in limits.items()})
        for sample in found:
            collector.collect({name: [v] for name, v in exposed(sample).items()})
        common = collector.compute_collection_result()
    return {
        name: (
            np.clip(common[name][0], low, high),
            np.clip(common[name][1], low, high),
        )
        for name, (low, high) in limits.items()
    }


class _Run:
    """Runs a model, and gives all its float tensors that are no constants."""

    def __init__(self, source: Path) -> None:
        model = ModelProto.FromString(source.read_bytes())
        graph = Graph(model)
        names = [
            name
            for name in (*graph.inputs, *graph.producer)
            if graph.element_type(name) == TensorProto.FLOAT
        ]
        self._inputs = set(graph.inputs)
        self._names = [name for name in names if name not in self._inputs]
        self._wanted = set(names)
        known = set(graph.outputs)
        model.graph.output.extend(
            ValueInfoProto(name=name) for name in self._names if name not in known
        )
        exposed = source.with_name("exposed.onnx")  # beside the constants
        exposed.write_bytes(model.SerializeToString())
        options = ort.SessionOptions()
        options.log_severity_level = 4
        try:
            self._session = ort.InferenceSession(
                str(exposed), options, providers=["CPUExecutionProvider"]
            )
        except ORT_ERRORS as error:
            raise refused_by_onnxruntime(error) from error

    def __call__(self, sample: dict[str, Array]) -> dict[str, Array]:
        results = run(self._session, self._names, sample)
        found = sample | dict(zip(self._names, results, strict=True))
        return {name: v for name, v in found.items() if name in self._wanted and v.size}
