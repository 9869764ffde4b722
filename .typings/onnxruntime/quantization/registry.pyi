"""Which operators onnxruntime.quantization knows."""

from typing import Any

QDQRegistry: dict[str, Any]
QLinearOpsRegistry: dict[str, Any]
