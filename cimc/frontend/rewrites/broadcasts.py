"""Expand in front of operators that broadcast anyway."""

from __future__ import annotations

from collections.abc import Sequence

from onnx import NodeProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph

__all__ = ["broadcast_inside"]

_BROADCASTING = ("Add", "Div", "Mul", "Sub")


def broadcast_inside(
    graph: Graph, editor: Editor, node: NodeProto
) -> Sequence[NodeProto] | None:
    """Drop an Expand whose readers give the same without it."""
    if _is_superfluous(graph, node):
        return ()
    sources = [graph.producer.get(name) for name in node.input]
    operands = [
        source.input[0] if source and _is_superfluous(graph, source) else name
        for name, source in zip(node.input, sources, strict=True)
    ]
    if operands == list(node.input):
        return None
    changed = NodeProto()  # the graph still shows the others what it was
    changed.CopyFrom(node)
    changed.input[:] = operands
    return [changed]


def _is_superfluous(graph: Graph, node: NodeProto) -> bool:
    if node.op_type != "Expand" or node.output[0] in graph.outputs:
        return False
    return all(_broadcasts(graph, r, node) for r in graph.consumers[node.output[0]])


def _broadcasts(graph: Graph, reader: NodeProto, node: NodeProto) -> bool:
    """Whether the other operand alone gives the result of ``reader`` its shape."""
    others = [name for name in reader.input if name != node.output[0]]
    if reader.op_type not in _BROADCASTING or len(others) != 1:
        return False
    source, shape = graph.producer.get(others[0]), graph.shape(others[0])
    expanded = source is not None and source.op_type == "Expand"
    return not expanded and shape is not None and shape == graph.shape(reader.output[0])
