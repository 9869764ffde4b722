"""Sessions of onnxruntime that add exactly on every x86, by its own option.

Without VNNI its kernels for uint8 activations and int8 weights saturate; the option
that prevents it crashes on int8 activations, which do not need it.
"""

from __future__ import annotations

from pathlib import Path

import onnx
import onnxruntime
from onnx import ModelProto, TensorProto


def precise_session(source: Path | ModelProto) -> onnxruntime.InferenceSession:
    model = onnx.load(source) if isinstance(source, Path) else source
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.qdqisint8allowed", "1")
    if not _has_signed_activations(model):
        options.add_session_config_entry("session.x64quantprecision", "1")
    return onnxruntime.InferenceSession(
        model.SerializeToString(),
        options,
        providers=["CPUExecutionProvider"],
        disabled_optimizers={"DoubleQDQPairsRemover"},
    )


def _has_signed_activations(model: ModelProto) -> bool:
    types = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    stored = [info.type.tensor_type.elem_type for info in model.graph.input]
    stored += [
        types.get(node.input[2], TensorProto.UINT8)
        for node in model.graph.node
        if node.op_type == "QuantizeLinear" and len(node.input) > 2
    ]
    return TensorProto.INT8 in stored
