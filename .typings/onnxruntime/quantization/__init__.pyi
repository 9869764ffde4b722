"""The part of onnxruntime.quantization that cimc uses."""

from enum import Enum
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from onnx import ModelProto

class QuantType(Enum):
    QInt4: QuantType
    QInt8: QuantType
    QUInt8: QuantType

class QuantFormat(Enum):
    QDQ: QuantFormat

class CalibrationMethod(Enum):
    MinMax: CalibrationMethod

class CalibrationDataReader:
    def get_next(self) -> dict[str, NDArray[Any]] | None: ...

def quantize_static(
    model_input: str | Path | ModelProto,
    model_output: str | Path,
    calibration_data_reader: CalibrationDataReader,
    *,
    quant_format: QuantFormat = ...,
    op_types_to_quantize: list[str] | None = ...,
    nodes_to_exclude: list[str] | None = ...,
    per_channel: bool = ...,
    activation_type: QuantType = ...,
    weight_type: QuantType = ...,
    use_external_data_format: bool = ...,
    calibrate_method: CalibrationMethod = ...,
    extra_options: dict[str, Any] | None = ...,
) -> None: ...
