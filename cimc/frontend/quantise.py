"""Static quantisation of a float model by onnxruntime, with the user's data."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
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
from cimc.frontend.calibration import Calibration, samples
from cimc.frontend.rewrites import rewrite
from cimc.frontend.shapes import fix_shapes
from cimc.frontend.simplify import (
    ORT_ERRORS,
    drop_variable_parts,
    simplify,
    upgrade,
)
from cimc.weights import Array

__all__ = ["Activations", "Weights", "is_quantised", "quantise"]

Activations = Literal["int8", "uint8"]
Weights = Literal["int8", "int4"]

# Activations are uint8 unless asked otherwise: a default session of onnxruntime on x86
# computes int8 activations with two readers in float32, uint8 ones in integers.
_TYPES = {
    "int4": QuantType.QInt4,
    "int8": QuantType.QInt8,
    "uint8": QuantType.QUInt8,
}

#: What onnxruntime quantises, and what it would if it were asked to.
_QUANTISED = sorted(
    {"DepthToSpace", "GlobalMaxPool", "SpaceToDepth", *QDQRegistry, *QLinearOpsRegistry}
)


def is_quantised(model: ModelProto) -> bool:
    """Whether the model has quantised operators (QDQ or QLinear form)."""
    return any(
        node.op_type in ("QuantizeLinear", "DequantizeLinear", "QGemm")
        or node.op_type.startswith("QLinear")
        for node in model.graph.node
    )


class _Reader(CalibrationDataReader):
    """Feeds sample after sample."""

    def __init__(self, found: Sequence[dict[str, Array]]) -> None:
        self._samples = iter(found)

    def get_next(self) -> dict[str, Array] | None:
        """The next sample, None at the end."""
        return next(self._samples, None)


def quantise(
    model: ModelProto,
    calibration: Calibration | None,
    activations: Activations = "uint8",
    weights: Weights = "int8",
) -> ModelProto:
    """``model`` (float, static shapes) in QDQ form; equal inputs give equal bytes.

    Weights are symmetric, per output channel, int4 ones in 4-bit tensors; activations
    take the range between the smallest and the largest value that the calibration data
    gives.

    Raises:
        InputError: there is no calibration data (E121), it cannot be read (E011),
            does not fit (E122), a constant is not finite (E115), or onnxruntime does
            not run (E141) or quantise (E123) the model.
    """
    if calibration is None:
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
    prepared = simplify(upgrade(model))
    fix_shapes(prepared)
    rewrite(prepared)
    found = samples(prepared, calibration)
    # onnxruntime.quantization warns on the root logger about models without this.
    entry = prepared.metadata_props.add()
    entry.key, entry.value = "onnx.quant.pre_process", "onnxruntime.quant"
    _check_finite(prepared)
    with tempfile.TemporaryDirectory() as folder, _logged_warnings():
        path = Path(folder) / "quantised.onnx"
        try:
            quantize_static(
                prepared,
                path,
                _Reader(found),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=_TYPES[activations],
                weight_type=_TYPES[weights],
                calibrate_method=CalibrationMethod.MinMax,
                op_types_to_quantize=_QUANTISED,
                # onnxruntime's own operators have 4-bit types at every opset, those of
                # ONNX from 21 on; the normal form has none of both.
                extra_options={
                    "UseQDQContribOps": weights == "int4",
                    # Pools and the like then never stay in float between operators
                    # for the device.
                    "ForceQuantizeNoInputCheck": True,
                },
            )
        except (AssertionError, RuntimeError, ValueError, *ORT_ERRORS) as error:
            raise InputError(
                "E123",
                f"onnxruntime cannot quantise the model: {error}",
                hints=("quantise it yourself, in QDQ form, and compile the result",),
            ) from error
        result = onnx.load_model_from_string(path.read_bytes())
    drop_variable_parts(result)
    return result


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
