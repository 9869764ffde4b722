"""Static quantisation of a float model by onnxruntime, with the user's data."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import onnx
from onnx import ModelProto
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from cimc.diagnostics import InputError
from cimc.frontend.calibration import Calibration, samples
from cimc.frontend.means import means_to_pools
from cimc.frontend.simplify import drop_variable_parts, simplify, upgrade
from cimc.weights import Array

__all__ = ["Activations", "is_quantised", "quantise"]

Activations = Literal["int8", "uint8"]

_TYPES = {"int8": QuantType.QInt8, "uint8": QuantType.QUInt8}


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
    activations: Activations = "int8",
) -> ModelProto:
    """``model`` (float, static shapes) in QDQ form; equal inputs give equal bytes.

    Weights become int8, symmetric, per output channel; activations take the range
    between the smallest and the largest value that the calibration data gives.

    Raises:
        InputError: there is no calibration data (E121), it cannot be read (E011),
            does not fit (E122), or onnxruntime fails on the model (E141).
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
                "--calib FILE.npz with some 100 inputs, arrays named as the inputs",
                "--calib random to compile without regard to accuracy",
            ),
        )
    prepared = simplify(upgrade(model))
    means_to_pools(prepared)
    found = samples(prepared, calibration)
    # onnxruntime.quantization warns on the root logger about models without this.
    entry = prepared.metadata_props.add()
    entry.key, entry.value = "onnx.quant.pre_process", "onnxruntime.quant"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "quantised.onnx"
        quantize_static(
            prepared,
            path,
            _Reader(found),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=_TYPES[activations],
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        result = onnx.load_model_from_string(path.read_bytes())
    drop_variable_parts(result)
    return result
