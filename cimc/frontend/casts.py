"""Cast between the types of inputs and outputs and those inside of a model."""

from __future__ import annotations

from collections.abc import Mapping

from onnx import ModelProto

from cimc.frontend.edit import Editor

__all__ = ["cast_at_border"]


def cast_at_border(model: ModelProto, kinds: Mapping[str, tuple[int, int]]) -> None:
    """Put a Cast behind inputs and before outputs, in place.

    ``kinds`` gives, by name, the type outside and that inside
    (``TensorProto.DataType``). The types that the model declares stay.
    """
    graph, editor = model.graph, Editor(model)
    inside = {name: editor.fresh(f"{name}_inside") for name in kinds}
    inputs = {info.name for info in graph.input}
    before = [
        editor.node("Cast", [name], inside[name], to=inner)
        for name, (_, inner) in kinds.items()
        if name in inputs
    ]
    behind = [
        editor.node("Cast", [inside[name]], name, to=outer)
        for name, (outer, _) in kinds.items()
        if name not in inputs
    ]
    nodes = list(graph.node)
    editor.rename_inputs(nodes, inside)
    for node in nodes:
        node.output[:] = [inside.get(name, name) for name in node.output]
    editor.replace_nodes([*before, *nodes, *behind])
