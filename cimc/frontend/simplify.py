"""Fold constants and batch normalisation of a float model, by onnxruntime itself."""

from __future__ import annotations

import re
import tempfile
from contextlib import suppress
from pathlib import Path

import onnx
import onnxruntime as ort
from onnx import ModelProto, version_converter
from onnxruntime.capi import onnxruntime_pybind11_state as errors

from cimc.diagnostics import InputError
from cimc.frontend.load import opset_of

__all__ = [
    "ORT_ERRORS",
    "ORT_LACKS",
    "drop_variable_parts",
    "refused_by_onnxruntime",
    "simplify",
    "upgrade",
]

#: First operator set with quantisation per channel.
_PER_CHANNEL_OPSET = 13

#: Newest operator set of the oldest onnxruntime that will do.
_KNOWN_OPSET = 23

#: What it raises where it lacks an operator.
ORT_LACKS = errors.NotImplemented

#: What onnxruntime raises on models that it does not load or run.
ORT_ERRORS = (
    errors.Fail,
    errors.InvalidArgument,
    errors.InvalidGraph,
    errors.NotImplemented,
    errors.RuntimeException,
)


def simplify(model: ModelProto) -> ModelProto:
    """``model`` after onnxruntime's basic optimisations.

    Only for float models: on quantised ones they could change numbers.

    Raises:
        InputError: onnxruntime cannot load it (E141).
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "simplified.onnx"
        options = ort.SessionOptions()
        options.log_severity_level = 4
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(path)
        try:
            ort.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except ORT_ERRORS as error:
            raise refused_by_onnxruntime(error) from error
        found = onnx.load_model_from_string(path.read_bytes())
    drop_variable_parts(found)
    return found


def refused_by_onnxruntime(error: Exception) -> InputError:
    """The diagnostic for a model that onnxruntime does not load or run.

    What onnxruntime says begins with codes and the path of a scratch file.
    """
    text = re.sub(r"^\[ONNXRuntimeError\]( : \w+)+ : ", "", str(error).strip())
    text = re.sub(r"^Load model from .*? failed:", "", text)
    return InputError(
        "E141",
        f"onnxruntime does not run the model: {text}",
        hints=("check that the model runs in onnxruntime",),
    )


def upgrade(model: ModelProto) -> ModelProto:
    """``model`` in an operator set that can quantise per channel.

    Newer ones than every onnxruntime knows are converted, too, where that is possible.

    Raises:
        InputError: it cannot be converted (E106).
    """
    version = opset_of(model)
    if version > _KNOWN_OPSET:
        with suppress(RuntimeError, ValueError):
            return version_converter.convert_version(model, _KNOWN_OPSET)
    if version >= _PER_CHANNEL_OPSET:
        return model
    try:
        return version_converter.convert_version(model, _PER_CHANNEL_OPSET)
    except (RuntimeError, ValueError) as error:
        raise InputError(
            "E106",
            f"operator set {version} cannot be converted to {_PER_CHANNEL_OPSET}",
            notes=(str(error).strip().split("\n")[0],),
            hints=("export with opset_version=17",),
        ) from error


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
