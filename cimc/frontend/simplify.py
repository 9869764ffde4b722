"""Fold constants and batch normalisation of a float model, by onnxruntime itself."""

from __future__ import annotations

import tempfile
from pathlib import Path

import onnxruntime as ort
from onnx import ModelProto

from cimc.frontend.scratch import read_scratch, write_scratch
from cimc.golden import ORT_ERRORS, refused_by_onnxruntime

__all__ = ["drop_variable_parts", "simplify"]


def simplify(model: ModelProto) -> ModelProto:
    """``model`` after onnxruntime's basic optimisations, which may rename its nodes.

    ``model`` is used up: its large constants leave it.

    Only for float models: on quantised ones they could change numbers.

    Raises:
        InputError: onnxruntime cannot load it (E141).
    """
    with tempfile.TemporaryDirectory() as folder:
        source, path = Path(folder) / "model.onnx", Path(folder) / "simplified.onnx"
        write_scratch(model, source)
        options = ort.SessionOptions()
        options.log_severity_level = 4
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(path)
        options.add_session_config_entry("session.disable_prepacking", "1")
        try:
            ort.InferenceSession(
                str(source), options, providers=["CPUExecutionProvider"]
            )
        except ORT_ERRORS as error:
            raise refused_by_onnxruntime(error) from error
        found = read_scratch(path)  # constants that stayed are where they were
    drop_variable_parts(found)
    return found


def drop_variable_parts(model: ModelProto) -> None:
    """Remove what does not bear on the result: notes, metadata, unused sets."""
    del model.metadata_props[:]
    model.ClearField("doc_string")
    model.graph.ClearField("doc_string")
    used = {node.domain for node in model.graph.node} | {""}
    kept = [entry for entry in model.opset_import if entry.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    for node in model.graph.node:
        node.ClearField("doc_string")
        del node.metadata_props[:]
