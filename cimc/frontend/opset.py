"""Operator sets: what a model is converted to, and from."""

from __future__ import annotations

from contextlib import suppress

from onnx import ModelProto, version_converter
from onnx.shape_inference import InferenceError

from cimc.diagnostics import InputError
from cimc.frontend.load import opset_of
from cimc.frontend.newer import use_older_forms

__all__ = ["convert_opset"]

#: First operator set with quantisation per channel.
_PER_CHANNEL_OPSET = 13

#: Newest operator set of the oldest onnxruntime that will do.
_KNOWN_OPSET = 23

#: What ONNX raises on models that it does not convert.
_CONVERSION = (RuntimeError, ValueError, InferenceError, version_converter.ConvertError)


def convert_opset(model: ModelProto) -> ModelProto:
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
