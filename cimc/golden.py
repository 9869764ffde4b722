"""The golden: onnxruntime on the quantised model, with the options that keep
quantised operators in integers.
"""

from __future__ import annotations

import onnxruntime as ort
from onnx import ModelProto

__all__ = ["session"]


def session(model: ModelProto) -> ort.InferenceSession:
    """An onnxruntime session whose QDQ operators run as integer kernels."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    # Without this entry int8 QDQ convolutions run in float32 on x86.
    options.add_session_config_entry("session.qdqisint8allowed", "1")
    return ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
