"""ONNX model → quantised normal form → ``cnn`` module, weights and host segments."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx import ModelProto
from xdsl.dialects.builtin import ModuleOp

from cimc.frontend.graph import Graph
from cimc.frontend.importer import build_module
from cimc.frontend.placement import place
from cimc.weights import WeightStore

__all__ = ["ImportedModel", "import_model"]


@dataclass(frozen=True)
class ImportedModel:
    """A model that has been read.

    ``module`` and ``weights`` are the device's segment at the ``cnn`` level.
    ``quantised`` is the golden. ``inputs`` and ``outputs`` are the names of the
    integer tensors at the border of the device.
    """

    name: str
    module: ModuleOp
    weights: WeightStore
    quantised: ModelProto
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def import_model(
    source: ModelProto | bytes | Path | str, *, name: str | None = None
) -> ImportedModel:
    """Read a model."""
    model = source if isinstance(source, ModelProto) else onnx.load(source)
    placement = place(Graph(model))
    module, weights = build_module(placement, name or model.graph.name)
    return ImportedModel(
        name or model.graph.name,
        module,
        weights,
        model,
        tuple(placement.inputs),
        tuple(placement.outputs),
    )
