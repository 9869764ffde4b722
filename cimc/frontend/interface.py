"""Inputs and outputs of types that numpy and onnxruntime's Python interface lack."""

from __future__ import annotations

import warnings

from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from cimc.diagnostics import CimcWarning
from cimc.frontend.edit import Editor
from cimc.frontend.shapes import model_inputs

__all__ = ["widen_interface"]


def widen_interface(model: ModelProto) -> None:
    """Let float32 stand for bfloat16, and for types of 8 and fewer bits, in place.

    float32 holds all their values. Inside the model tensors keep their types: Cast
    stands at the border. Warns (W113).
    """
    graph, editor = model.graph, Editor(model)
    infos = [info for info in (*model_inputs(model), *graph.output) if _lacks(info)]
    if not infos:
        return
    kinds = {info.name: info.type.tensor_type.elem_type for info in infos}
    inside = {name: editor.fresh(f"{name}_narrow") for name in kinds}
    inputs = {info.name for info in graph.input}
    before = [
        _cast(editor, name, inside[name], kinds[name])
        for name in kinds
        if name in inputs
    ]
    behind = [
        _cast(editor, inside[name], name, TensorProto.FLOAT)
        for name in kinds
        if name not in inputs
    ]
    nodes = list(graph.node)
    editor.rename_inputs(nodes, inside)
    for node in nodes:
        node.output[:] = [inside.get(name, name) for name in node.output]
    editor.replace_nodes([*before, *nodes, *behind])
    for info in infos:
        info.type.tensor_type.elem_type = TensorProto.FLOAT
    del graph.value_info[:]
    warnings.warn(
        CimcWarning(
            "W113",
            "float32 stands for inputs and outputs of types that numpy lacks",
            notes=tuple(
                f"{name} is {helper.tensor_dtype_to_string(kind).split('.')[-1]}"
                for name, kind in kinds.items()
            ),
        ),
        stacklevel=3,
    )


def _lacks(info: ValueInfoProto) -> bool:
    """Whether numpy has the type of a tensor from a package that extends it, only."""
    kind = info.type.tensor_type.elem_type
    known = kind in TensorProto.DataType.values() and kind != TensorProto.UNDEFINED
    return known and helper.tensor_dtype_to_np_dtype(kind).isbuiltin != 1


def _cast(editor: Editor, source: str, result: str, kind: int) -> NodeProto:
    return editor.node("Cast", [source], result, to=kind)
