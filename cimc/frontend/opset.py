"""Operator sets: what a model is converted to, and from."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from onnx import ModelProto, NodeProto, version_converter
from onnx.shape_inference import InferenceError

from cimc.diagnostics import InputError
from cimc.frontend.edit import Editor, set_attributes
from cimc.frontend.graph import attributes, label
from cimc.frontend.load import opset_of
from cimc.frontend.newer import use_older_forms

__all__ = ["convert_opset"]

#: First operator set with quantisation per channel.
_PER_CHANNEL_OPSET = 13

#: Newest operator set of the oldest onnxruntime that will do.
_KNOWN_OPSET = 23

#: What older Resize and Upsample do, and the converter does not say.
_FROM_THE_START = {
    "coordinate_transformation_mode": "asymmetric",
    "nearest_mode": "floor",
}

#: What ONNX raises on models that it does not convert.
_CONVERSION = (RuntimeError, ValueError, InferenceError, version_converter.ConvertError)


#: Operator sets up to which Resize and Upsample start where their operand does, and
#: Hardmax takes all dimensions behind its axis for one.
_RESIZE, _HARDMAX = 10, 12


def convert_opset(model: ModelProto) -> ModelProto:
    """``model``, which is used up, in an operator set that can quantise per channel.

    Newer ones than every onnxruntime knows are converted, too, where that is possible.

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
    kinds = ("Resize", "Upsample") if version <= _RESIZE else ()
    resized = _results(model, kinds)
    if version <= _HARDMAX:
        _flatten_hardmax(model)
    try:
        found = version_converter.convert_version(model, _PER_CHANNEL_OPSET)
    except _CONVERSION as error:
        raise InputError(
            "E106",
            f"operator set {version} cannot be converted to {_PER_CHANNEL_OPSET}",
            notes=(str(error).strip().split("\n")[0],),
            hints=("export with opset_version=17",),
        ) from error
    for node in found.graph.node:
        if node.op_type in ("Resize", "Upsample") and resized & {*node.output}:
            kept = {"mode": attributes(node).get("mode", "nearest")}
            set_attributes(node, kept | _FROM_THE_START)
    return found


def _results(model: ModelProto, kinds: Collection[str]) -> set[str]:
    """What operators of those kinds make."""
    nodes = (node for node in model.graph.node if node.op_type in kinds)
    return {name for node in nodes for name in node.output}


def _flatten_hardmax(model: ModelProto) -> None:
    """Hardmax of a matrix, in place, for what was taken as one."""
    editor, nodes = Editor(model), list[NodeProto]()
    for node in model.graph.node:
        if node.op_type != "Hardmax":
            nodes.append(node)
            continue
        (x,), (y,) = node.input, node.output
        flat, one, sizes = (editor.fresh(f"{y}_{n}") for n in ("flat", "one", "sizes"))
        axis = attributes(node).get("axis", 1)
        nodes += [
            editor.node("Shape", [x], sizes),
            editor.node("Flatten", [x], flat, axis=axis),
            editor.node("Hardmax", [flat], one, label(node), axis=1),
            editor.node("Reshape", [one, sizes], y),
        ]
    editor.replace_nodes(nodes)
