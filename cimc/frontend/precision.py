"""Models in float16 or bfloat16, computed in float32."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, numpy_helper

from cimc.diagnostics import CimcWarning
from cimc.frontend.edit import Editor

__all__ = ["compute_in_float32"]

_NARROW = (TensorProto.FLOAT16, TensorProto.BFLOAT16)

#: Attributes that name the type of a result.
_TYPES = ("to", "dtype", "output_dtype", "stash_type", "precision")


def compute_in_float32(model: ModelProto) -> None:
    """Widen all 16-bit floats inside ``model``, in place.

    Inputs and outputs keep their types: Cast stands at the border.
    """
    graph = model.graph
    narrow = [tensor for tensor in _constants(graph) if tensor.data_type in _NARROW]
    infos = (*graph.input, *graph.output)
    if not narrow and not any(i.type.tensor_type.elem_type in _NARROW for i in infos):
        return
    for tensor in narrow:
        wide = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name in _TYPES and attribute.i in _NARROW:
                attribute.i = TensorProto.FLOAT
    _cast_at_border(model)
    del graph.value_info[:]
    warnings.warn(
        CimcWarning("W108", "the model is in 16-bit floats; it is computed in float32"),
        stacklevel=3,
    )


def _cast_at_border(model: ModelProto) -> None:
    graph, editor = model.graph, Editor(model)
    constants = {tensor.name for tensor in graph.initializer}
    inside: dict[str, str] = {}
    before: list[NodeProto] = []
    behind: list[NodeProto] = []
    for info in graph.input:
        if info.type.tensor_type.elem_type not in _NARROW:
            continue
        if info.name in constants:
            info.type.tensor_type.elem_type = TensorProto.FLOAT
            continue
        inside[info.name] = editor.fresh(f"{info.name}_float32")
        before.append(_cast(editor, info.name, inside[info.name], TensorProto.FLOAT))
    inputs = set(inside)
    for info in graph.output:
        kind = info.type.tensor_type.elem_type
        if kind in _NARROW and info.name not in inputs:
            inside[info.name] = editor.fresh(f"{info.name}_float32")
            behind.append(_cast(editor, inside[info.name], info.name, kind))
    nodes = list(graph.node)
    editor.rename_inputs(nodes, inside)
    for node in nodes:
        for index, name in enumerate(node.output):
            node.output[index] = inside.get(name, name)
    editor.replace_nodes([*before, *nodes, *behind])


def _cast(editor: Editor, source: str, result: str, kind: int) -> NodeProto:
    return editor.node("Cast", [source], result, to=kind)


def _constants(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
