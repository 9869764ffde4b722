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
from cimc.frontend.calibration import Calibration
from cimc.frontend.coverage import CoverageRow, check_placement, coverage_rows
from cimc.frontend.graph import Graph
from cimc.frontend.hosts import HostSegments
from cimc.frontend.importer import build_module
from cimc.frontend.load import Source, load_model
from cimc.frontend.normalise import normalise
from cimc.frontend.placement import Placement, place
from cimc.frontend.precision import compute_in_float32
from cimc.frontend.quantise import Activations, Weights, is_quantised, quantise
from cimc.frontend.quantised import check_quantised
from cimc.frontend.shapes import Shapes, fix_shapes
from cimc.frontend.simplify import ORT_ERRORS, move_to, refused_by_onnxruntime
from cimc.golden import StoredModel, float_layers
from cimc.weights import WeightStore

__all__ = ["ImportedModel", "coverage", "import_model", "quantise_model"]


@dataclass(frozen=True)
class ImportedModel:
    """A model that has been read.

    ``module`` and ``weights`` are the device's segment at the ``cnn`` level,
    ``stored`` is the whole model in normal form: the golden. ``inputs`` and
    ``outputs`` name the integer tensors at the border of the device, ``host`` computes
    the former and reads the latter. ``tensors`` are all integer tensors that both
    ``module`` and ``quantised`` name, in the order of ``module``.
    """

    name: str
    module: ModuleOp
    weights: WeightStore
    stored: StoredModel
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tensors: tuple[str, ...]
    coverage: tuple[CoverageRow, ...]

    @property
    def quantised(self) -> ModelProto:
        """The whole model in normal form."""
        return self.stored.model

    @cached_property
    def host(self) -> HostSegments:
        """What runs before and after the device."""
        return HostSegments(self.quantised, self.inputs, self.outputs)


def quantise_model(
    source: Source,
    *,
    shapes: Shapes | None = None,
    calibration: Calibration | None = None,
    activations: Activations = "uint8",
    weights: Weights = "int8",
) -> ModelProto:
    """The model in quantised normal form: the golden of all that follows.

    A model that is quantised already keeps its numbers; calibration data and types are
    then ignored with a warning (W101).

    Raises:
        InputError: the model, ``shapes`` or the data is at fault (E011, E101 to E141).
    """
    model = load_model(source)
    compute_in_float32(model)
    fix_shapes(model, shapes)
    if not is_quantised(model):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            move_to(model, path)
            del model
            found = quantise(path, calibration, activations, weights)
        return _static(normalise(found))
    if calibration is not None or (activations, weights) != ("uint8", "int8"):
        warnings.warn(
            CimcWarning(
                "W101", "the model is quantised: calibration data and types are ignored"
            ),
            stacklevel=2,
        )
    check_quantised(model)
    return _static(normalise(model))


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
    check_placement(placement)
    _check_golden(placement)
    called = name or _name(source, quantised)
    module, store = build_module(placement, called)
    inputs, outputs = tuple(placement.inputs), tuple(placement.outputs)
    return ImportedModel(
        called,
        module,
        store,
        stored,
        inputs,
        outputs,
        _shared_tensors(module, placement),
        coverage_rows(placement),
    )


def _check_golden(placement: Placement) -> None:
    """The golden must run, and should run in integers.

    Raises:
        InputError: onnxruntime does not load it (E141).
    """
    layers = [item.name for item in placement.at("device")]
    try:
        found = float_layers(placement.graph.model, layers)
    except ORT_ERRORS as error:
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
    return coverage_rows(place(Graph(quantised)))


def _name(source: Source, model: ModelProto) -> str:
    if isinstance(source, str | Path):
        return Path(source).stem
    return model.graph.name or "model"


def _shared_tensors(module: ModuleOp, placement: Placement) -> tuple[str, ...]:
    known = {*placement.graph.inputs, *placement.graph.producer}
    named = [
        op.tensor.data
        for op in module.body.block.ops
        if isinstance(op, InputOp | MapOp | OutputOp)
    ]
    return tuple(dict.fromkeys(name for name in named if name in known))
