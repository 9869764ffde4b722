"""onnxruntime sessions with the options that keep quantised operators in integers."""

from __future__ import annotations

import onnxruntime as ort
from onnx import ModelProto

__all__ = ["options", "session"]


def options() -> ort.SessionOptions:
    """Session options for models in normal form."""
    found = ort.SessionOptions()
    found.log_severity_level = 3
    # Without this entry int8 QDQ operators run in float32 on x86.
    found.add_session_config_entry("session.qdqisint8allowed", "1")
    return found


def session(model: ModelProto) -> ort.InferenceSession:
    """An onnxruntime session whose QDQ operators run as integer kernels."""
    return ort.InferenceSession(
        model.SerializeToString(), options(), providers=["CPUExecutionProvider"]
    )
