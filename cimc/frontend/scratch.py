"""Models in scratch files, so that one at a time is in memory."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import ModelProto

__all__ = ["read_scratch", "write_scratch"]

#: Bytes from which a constant lies outside of the file of its model.
_LARGE = 1 << 16


def write_scratch(model: ModelProto, path: Path) -> None:
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


def read_scratch(path: Path) -> ModelProto:
    """A model that onnxruntime or :func:`write_scratch` wrote, with all constants."""
    model = onnx.load_model(path)  # pyright: ignore[reportUnknownMemberType]
    for tensor in model.graph.initializer:
        tensor.ClearField("data_location")
    return model
