"""The way of a model through the frontend."""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from onnx import ModelProto
from xdsl.dialects.builtin import ModuleOp

from cimc.diagnostics import CimcWarning
from cimc.dialects.cnn import InputOp, MapOp, OutputOp
from cimc.frontend.border import Border
from cimc.frontend.calibration import Calibration
from cimc.frontend.check_quantised import check_quantised
from cimc.frontend.coverage_rows import CoverageRow, check_placement, coverage_rows
from cimc.frontend.graph import Graph
from cimc.frontend.hosts import HostSegments
from cimc.frontend.load import Source, load_model
from cimc.frontend.module_builder import build_module
from cimc.frontend.normalise import normalise
from cimc.frontend.normalise.constants import name_nodes
from cimc.frontend.placement import Placement, place
from cimc.frontend.quantise import Activations, Weights, is_quantised, quantise
from cimc.frontend.refusal import refuse_what_nobody_runs
from cimc.frontend.scratch import write_scratch
from cimc.frontend.shapes import Shapes, fix_shapes
from cimc.frontend.static import load_static
from cimc.frontend.unquantised import quantise_layers, unquantised_layers
from cimc.golden import (
    ORT_ERRORS,
    StoredModel,
    float_layers,
    refused_by_onnxruntime,
)
from cimc.weights import WeightStore

__all__ = [
    "DeviceSegment",
    "ImportedModel",
    "coverage",
    "import_model",
    "quantise_model",
]


@dataclass(frozen=True)
class DeviceSegment:
    """What the device runs in one go: a ``cnn`` module, and its border to the host.

    ``bytes_across`` come from the host, and go back to it.
    """

    module: ModuleOp
    border: Border
    bytes_across: tuple[int, int]


@dataclass(frozen=True)
class ImportedModel:
    """A model that has been read.

    ``segments`` run on the device, one after the other; ``weights`` are the constants
    of all of them. ``stored`` is the whole model in normal form: the golden.
    """

    name: str
    segments: tuple[DeviceSegment, ...]
    weights: WeightStore
    stored: StoredModel
    coverage: tuple[CoverageRow, ...]

    @property
    def quantised(self) -> ModelProto:
        """The whole model in normal form."""
        return self.stored.model

    @property
    def module(self) -> ModuleOp:
        """The module of a model that has one device segment."""
        (segment,) = self.segments
        return segment.module

    @cached_property
    def host(self) -> HostSegments:
        """What computes the inputs of device segments and the model's outputs."""
        borders = tuple(segment.border for segment in self.segments)
        return HostSegments(self.quantised, borders)

    @property
    def tensors(self) -> tuple[str, ...]:
        """The integer tensors that segments and ``quantised`` name, as they come."""
        inputs = {info.name for info in self.quantised.graph.input}
        made = {name for node in self.quantised.graph.node for name in node.output}
        named = [
            op.tensor.data
            for segment in self.segments
            for op in segment.module.body.block.ops
            if isinstance(op, InputOp | MapOp | OutputOp)
        ]
        return tuple(n for n in dict.fromkeys(named) if n in inputs | made)


def quantise_model(
    source: Source,
    *,
    shapes: Shapes | None = None,
    calibration: Calibration | None = None,
    activations: Activations = "uint8",
    weights: Weights = "int8",
) -> ModelProto:
    """The model in quantised normal form: the golden of all that follows.

    A model that is quantised already keeps its numbers. Layers that it has in float are
    quantised if there is calibration data, weights as int8 and maps as the model has
    others, and stay on the host otherwise, with a warning (W112). Types are ignored
    then, and data is where there are no such layers (W101).

    Raises:
        InputError: the model, ``shapes`` or the data is at fault (E011, E101 to E141).
    """
    model = load_static(source, shapes)
    if not is_quantised(model):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            write_scratch(model, path)
            del model
            found = quantise(path, calibration, activations, weights)
        return _static(normalise(found))
    name_nodes(model)  # onnxruntime wants names that differ
    check_quantised(model)
    return _static(_completed(normalise(model), calibration, activations, weights))


def _completed(
    model: ModelProto,
    calibration: Calibration | None,
    activations: Activations,
    weights: Weights,
) -> ModelProto:
    """A quantised model, with the layers that it has in float quantised if it can be.

    ``model`` is used up.
    """
    left = unquantised_layers(model)
    typed = (activations, weights) != ("uint8", "int8")
    if typed or (calibration is not None and not left):
        ignored = "types" if left else "calibration data and types"
        warnings.warn(
            CimcWarning("W101", f"the model is quantised: {ignored} are ignored"),
            stacklevel=3,
        )
    if left and calibration is not None:
        return normalise(quantise_layers(model, calibration))
    if left:
        warnings.warn(
            CimcWarning(
                "W112",
                f"{len(left)} layer(s) of the quantised model are in float, and run on "
                "the host",
                notes=(f"layers: {', '.join(left)}",),
                hints=("--calib FILE.npz quantises them, and keeps the others",),
            ),
            stacklevel=3,
        )
    return model


def _static(model: ModelProto) -> ModelProto:
    """Shapes and types of all tensors, written into the model."""
    fix_shapes(model)
    return model


def import_model(
    source: Source,
    *,
    shapes: Shapes | None = None,
    calibration: Calibration | None = None,
    activations: Activations = "uint8",
    weights: Weights = "int8",
    name: str | None = None,
) -> ImportedModel:
    """Read a model: an ONNX file, its contents, or a ModelProto.

    Raises:
        InputError: the model, ``shapes`` or the data is at fault, or the device
            cannot run the model (E011, E101 to E141).
    """
    quantised = quantise_model(
        source,
        shapes=shapes,
        calibration=calibration,
        activations=activations,
        weights=weights,
    )
    stored = StoredModel(quantised.SerializeToString(deterministic=True))
    placement = place(Graph(quantised))
    _check_golden(placement)
    check_placement(placement)
    called = name or _name(source, quantised)
    store = WeightStore()
    host = HostSegments(quantised, tuple(placement.borders))
    segments = tuple(
        DeviceSegment(
            build_module(placement.graph, items, border, called, store),
            border,
            host.bytes_across(number),
        )
        for number, (items, border) in enumerate(
            zip(placement.segments(), placement.borders, strict=True)
        )
    )
    return ImportedModel(called, segments, store, stored, coverage_rows(placement))


def _check_golden(placement: Placement) -> None:
    """The golden must run, and should run in integers.

    Raises:
        InputError: onnxruntime does not load it (E131, E141).
    """
    layers = [item.name for item in placement.at("device")]
    try:
        found = float_layers(placement.graph.model, layers)
    except ORT_ERRORS as error:
        refuse_what_nobody_runs(placement)
        check_placement(placement)
        raise refused_by_onnxruntime(error) from error
    if found:
        warnings.warn(
            CimcWarning(
                "W104",
                "onnxruntime runs layers in float32 that the device runs in integers",
                notes=(
                    f"layers: {', '.join(found)}",
                    "results may differ where float32 rounds",
                ),
                hints=("quantise activations and weights both as int8",),
            ),
            stacklevel=3,
        )


def coverage(
    source: Source,
    *,
    shapes: Shapes | None = None,
    calibration: Calibration | None = None,
    activations: Activations = "uint8",
) -> tuple[CoverageRow, ...]:
    """Which operator would run where; like :func:`import_model`, but never refuses
    a model for its operators. A float model without calibration data is calibrated
    at random: where operators run does not depend on it.

    Raises:
        InputError: the model, ``shapes`` or the data is at fault.
    """
    model = load_model(source)
    if calibration is None and not is_quantised(model):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CimcWarning)
            quantised = quantise_model(
                model, shapes=shapes, calibration="random", activations=activations
            )
    else:
        quantised = quantise_model(
            model, shapes=shapes, calibration=calibration, activations=activations
        )
    placement = place(Graph(quantised))
    refuse_what_nobody_runs(placement)
    return coverage_rows(placement)


def _name(source: Source, model: ModelProto) -> str:
    if isinstance(source, str | Path):
        return Path(source).stem
    return model.graph.name or "model"
