"""Fold constants and batch normalisation of a float model, by onnxruntime itself."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

import onnx
import onnxruntime as ort
from onnx import ModelProto, version_converter
from onnx.shape_inference import InferenceError

from cimc.diagnostics import InputError
from cimc.frontend.load import opset_of
from cimc.frontend.newer import use_older_forms
from cimc.golden import ORT_ERRORS, refused_by_onnxruntime

__all__ = [
    "drop_variable_parts",
    "move_to",
    "read_from",
    "simplify",
    "upgrade",
]

#: First operator set with quantisation per channel.
_PER_CHANNEL_OPSET = 13

#: Newest operator set of the oldest onnxruntime that will do.
_KNOWN_OPSET = 23

#: What ONNX raises on models that it does not convert.
_CONVERSION = (RuntimeError, ValueError, InferenceError, version_converter.ConvertError)

#: Bytes from which a constant lies outside of the file of its model.
_LARGE = 1 << 16


def simplify(model: ModelProto) -> ModelProto:
    """``model`` after onnxruntime's basic optimisations; its large constants leave it.

    Only for float models: on quantised ones they could change numbers.

    Raises:
        InputError: onnxruntime cannot load it (E141).
    """
    with tempfile.TemporaryDirectory() as folder:
        source, path = Path(folder) / "model.onnx", Path(folder) / "simplified.onnx"
        move_to(model, source)
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
        found = read_from(path)  # constants that stayed are where they were
    drop_variable_parts(found)
    return found


def move_to(model: ModelProto, path: Path) -> None:
    """Write a model to a scratch file, and its large constants beside that.

    They leave ``model``; whoever drops it, too, has none of it in memory.
    """
    onnx.save_model(  # pyright: ignore[reportUnknownMemberType]
        model,
        path,
        save_as_external_data=True,
        location=f"{path.stem}.weights",
        size_threshold=_LARGE,
    )


def read_from(path: Path) -> ModelProto:
    """A model that :func:`move_to` or onnxruntime wrote, with all its constants."""
    model = onnx.load_model(path)  # pyright: ignore[reportUnknownMemberType]
    for tensor in model.graph.initializer:
        tensor.ClearField("data_location")
    return model


def upgrade(model: ModelProto) -> ModelProto:
    """``model`` in an operator set that can quantise per channel.

    Newer ones than every onnxruntime knows are converted, too, where that is possible;
    ``model`` is used up then.

    Raises:
        InputError: it cannot be converted (E106).
    """
    version = opset_of(model)
    if version > _KNOWN_OPSET:
        use_older_forms(model)
        with suppress(*_CONVERSION):
            return version_converter.convert_version(model, _KNOWN_OPSET)
    if version >= _PER_CHANNEL_OPSET:
        return model
    try:
        return version_converter.convert_version(model, _PER_CHANNEL_OPSET)
    except _CONVERSION as error:
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
