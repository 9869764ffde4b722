"""Sub, Sum and Div by a constant, in terms of Add, Neg and Mul."""

from __future__ import annotations

from collections.abc import Sequence

from onnx import NodeProto, TensorProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph, label
from cimc.frontend.rewrites.rule import real_constant

__all__ = ["add_instead"]


def add_instead(
    graph: Graph, editor: Editor, node: NodeProto
) -> Sequence[NodeProto] | None:
    """x − y as x + (−y), a sum of many as sums of two, x / c as x · (1 / c)."""
    if graph.element_type(node.output[0]) != TensorProto.FLOAT:
        return None
    match node.op_type:
        case "Sub":
            return _difference(graph, editor, node)
        case "Sum" if len(node.input) > 1:
            return _sum(editor, node)
        case "Div":
            divisor = real_constant(graph, node.input[1])
            if divisor is None or not divisor.all():
                return None
            inverse = editor.constant(f"{node.input[1]}_inverse", 1 / divisor)
            return [_node(editor, "Mul", [node.input[0], inverse], node)]
        case _:
            return None


def _difference(graph: Graph, editor: Editor, node: NodeProto) -> list[NodeProto]:
    left, right = node.input
    subtrahend = real_constant(graph, right)
    if subtrahend is not None:
        negative = editor.constant(f"{right}_negative", -subtrahend)
        return [_node(editor, "Add", [left, negative], node)]
    negative = editor.fresh(f"{right}_negative")
    return [
        editor.node("Neg", [right], negative),
        _node(editor, "Add", [left, negative], node),
    ]


def _sum(editor: Editor, node: NodeProto) -> list[NodeProto]:
    nodes: list[NodeProto] = []
    total = node.input[0]
    for operand in node.input[1:-1]:
        partial = editor.fresh(f"{node.output[0]}_partial")
        nodes.append(editor.node("Add", [total, operand], partial))
        total = partial
    return [*nodes, _node(editor, "Add", [total, node.input[-1]], node)]


def _node(
    editor: Editor, op_type: str, inputs: Sequence[str], node: NodeProto
) -> NodeProto:
    """A node with the name and the result of ``node``."""
    return editor.node(op_type, inputs, node.output[0], label(node))
