"""Static quantisation of a float model by onnxruntime, with the user's data."""

from __future__ import annotations

import io
import logging
import tempfile
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from onnx import ModelProto, TensorProto, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.registry import QDQRegistry, QLinearOpsRegistry

from cimc.diagnostics import CimcWarning, InputError
from cimc.frontend.calibration import (
    Calibration,
    Measurement,
    Method,
    measurement,
    samples,
)
from cimc.frontend.graph import attributes, label
from cimc.frontend.headroom import leave_headroom
from cimc.frontend.normalise.constants import fold_constants, name_nodes
from cimc.frontend.opset import convert_opset
from cimc.frontend.ranges import range_overrides
from cimc.frontend.rewrites import rewrite
from cimc.frontend.scratch import read_scratch, write_scratch
from cimc.frontend.shapes import fix_shapes
from cimc.frontend.simplify import ORT_ERRORS, drop_variable_parts, simplify
from cimc.frontend.stored_weights import overrides, take_weights
from cimc.weights import Array

__all__ = ["Activations", "Weights", "is_quantised", "prepare", "quantise"]

Activations = Literal["int8", "uint8"]
Weights = Literal["int8", "int4"]

# Activations are uint8 unless asked otherwise: a default session of onnxruntime on x86
# computes int8 activations with two readers in float32, uint8 ones in integers.
_TYPES = {
    "int4": QuantType.QInt4,
    "int8": QuantType.QInt8,
    "uint8": QuantType.QUInt8,
}

#: What onnxruntime quantises, and what it would if it were asked to; not what only the
#: host runs, in float.
_QUANTISED = sorted(
    {"DepthToSpace", "GlobalMaxPool", "SpaceToDepth", *QDQRegistry, *QLinearOpsRegistry}
    - {"InstanceNormalization", "LayerNormalization"}
)


_QUANTISING = frozenset({"DequantizeLinear", "QGemm", "QuantizeLinear"})

#: Operators of models whose operands are quantised anew for each image: the second
#: of them makes integers and their scale of floats, the others read them.
_DYNAMIC = frozenset({"ConvInteger", "DynamicQuantizeLinear", "MatMulInteger"})


def is_quantised(model: ModelProto) -> bool:
    """Whether activations of the model are quantised (QDQ or QLinear form)."""
    constants = {tensor.name for tensor in model.graph.initializer}
    for node in model.graph.node:
        if constants.issuperset(filter(None, node.input)):
            constants.update(node.output)
        elif node.op_type in _QUANTISING or node.op_type.startswith("QLinear"):
            return True
    return False


class _Reader(CalibrationDataReader):
    """Feeds sample after sample."""

    def __init__(self, found: Sequence[dict[str, Array]]) -> None:
        self._samples = iter(found)

    def get_next(self) -> dict[str, Array] | None:
        """The next sample, None at the end."""
        return next(self._samples, None)


def prepare(model: ModelProto) -> ModelProto:
    """The float model whose ranges are measured, in the device's operators.

    ``model`` is used up.

    Raises:
        InputError: onnxruntime does not load it (E141), or its operator set cannot be
            converted (E106).
    """
    fold_constants(model)
    prepared = simplify(convert_opset(model))
    fix_shapes(prepared)
    rewrite(prepared)
    return prepared


def quantise(
    source: Path,
    calibration: Calibration | None,
    activations: Activations = "uint8",
    weights: Weights = "int8",
) -> ModelProto:
    """The model in ``source`` (float, static shapes) in QDQ form.

    Weights are symmetric, per output channel, int4 ones in 4-bit tensors; activations
    take the range that the calibration data gives. Weights that the model has as
    integers, with activations in float, stay what they are. Equal inputs give equal
    bytes. Between the steps the model is in files only: onnxruntime makes several
    copies of its own.

    Raises:
        InputError: there is no calibration data (E121), it cannot be read (E011),
            does not fit (E122), a constant is not finite (E115) or quantised in blocks
            (E116), activations are quantised anew for each image (E117), or
            onnxruntime does not run (E141) or quantise (E123) the model.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "quantised.onnx"
        floats = Path(folder) / "float.onnx"
        plan = _prepare_file(source, floats, calibration)
        with _logged_warnings(), _silence():
            _quantise_file(floats, path, plan, activations, weights)
        result = read_scratch(path)
    leave_headroom(result, fixed=plan.kept)
    drop_variable_parts(result)
    return result


@dataclass(frozen=True)
class _Plan:
    """What is to be measured how, weights whose integers are known, nodes in float."""

    samples: list[dict[str, Array]]
    method: Method
    kept: dict[str, list[dict[str, Any]]]
    floats: list[str]


def _prepare_file(source: Path, path: Path, calibration: Calibration | None) -> _Plan:
    """Write the model whose ranges are measured to ``path``."""
    model = read_scratch(source)
    _check_static(model)
    measured = _required(calibration)
    given = take_weights(model)
    prepared = prepare(model)
    found = samples(prepared, measured.data)
    # onnxruntime.quantization warns on the root logger about models without this.
    entry = prepared.metadata_props.add()
    entry.key, entry.value = "onnx.quant.pre_process", "onnxruntime.quant"
    _check_finite(prepared)
    kept, floats = overrides(prepared, given), _in_float(prepared)
    write_scratch(prepared, path)
    return _Plan(found, measured.method, kept, floats)


def _in_float(model: ModelProto) -> list[str]:
    """Nodes that run on the host, and that onnxruntime quantises badly or not at all.

    It gives Resize the quantisation of what it reads, which cubic interpolation leaves,
    and the bias of a ConvTranspose in groups the scales of one group.
    """
    name_nodes(model)
    return [
        node.name
        for node in model.graph.node
        if (node.op_type, attributes(node).get("mode")) == ("Resize", "cubic")
        or (node.op_type == "ConvTranspose" and attributes(node).get("group", 1) > 1)
    ]


def _quantise_file(
    source: Path,
    path: Path,
    plan: _Plan,
    activations: Activations,
    weights: Weights,
) -> None:
    """Let onnxruntime measure ranges and write the quantised model to ``path``."""
    found, kept = plan.samples, plan.kept
    try:
        ranges = range_overrides(source, found, plan.method)
        quantize_static(
            source,
            path,
            _Reader(found),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=_TYPES[activations],
            weight_type=_TYPES[weights],
            use_external_data_format=True,
            calibrate_method=CalibrationMethod.MinMax,
            op_types_to_quantize=_QUANTISED,
            nodes_to_exclude=plan.floats,
            # onnxruntime's own operators have 4-bit types at every opset, those of
            # ONNX from 21 on; the normal form has none of both.
            extra_options={
                "UseQDQContribOps": weights == "int4",
                # Pools and the like then never stay in float between operators
                # for the device.
                "ForceQuantizeNoInputCheck": True,
                "TensorQuantOverrides": kept | ranges,
                "QDQDisableWeightAdjustForInt32Bias": bool(kept),
            },
        )
    except (AssertionError, RuntimeError, ValueError, *ORT_ERRORS) as error:
        raise InputError(
            "E123",
            f"onnxruntime cannot quantise the model: {error}",
            hints=("quantise it yourself, in QDQ form, and compile the result",),
        ) from error


def _required(calibration: Calibration | None) -> Measurement:
    if calibration is not None:
        return measurement(calibration)
    raise InputError(
        "E121",
        "the model is in float and there is no calibration data",
        notes=(
            "the hardware computes with 8-bit integers, whose ranges are measured "
            "on examples",
        ),
        hints=(
            "--calib FILE.npz (in Python: calibration=) with some 100 inputs, "
            "arrays named as the inputs",
            "--calib random to compile without regard to accuracy",
        ),
    )


def _check_static(model: ModelProto) -> None:
    dynamic = [node for node in model.graph.node if node.op_type in _DYNAMIC]
    if any(node.op_type == "DynamicQuantizeLinear" for node in dynamic):
        raise InputError(
            "E117",
            "the model quantises its activations anew for each image",
            notes=(
                f"nodes: {', '.join(label(node) for node in dynamic)}",
                "the device has one scale for a feature map, known when it is compiled",
            ),
            hints=(
                "give the float model and calibration data",
                "quantise it statically (onnxruntime.quantization.quantize_static)",
            ),
        )


def _check_finite(model: ModelProto) -> None:
    for tensor in model.graph.initializer:
        if (
            tensor.data_type == TensorProto.FLOAT
            and not np.isfinite(numpy_helper.to_array(tensor)).all()
        ):
            raise InputError(
                "E115",
                f"constant {tensor.name!r} holds infinities or no numbers",
                hints=("check the training, and export the model again",),
            )


def _silence() -> redirect_stdout[io.StringIO]:
    """Keeps from standard output what onnxruntime.quantization prints there."""
    return redirect_stdout(io.StringIO())


@contextmanager
def _logged_warnings() -> Generator[None]:
    """What onnxruntime.quantization logs becomes a warning of ours (W105).

    It logs on the root logger, which would print.
    """
    records: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING:
                records.append(record.getMessage())

    collector, root = Collector(), logging.getLogger()
    root.addHandler(collector)
    try:
        yield
    finally:
        root.removeHandler(collector)
    for text in records:
        warnings.warn(CimcWarning("W105", text), stacklevel=4)
