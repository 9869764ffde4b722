"""Weights of convolutions, and biases, that do not fit what they are applied to.

ONNX's shape inference does not look at them, and onnxruntime only when it runs.
"""

from __future__ import annotations

from math import prod

from onnx import ModelProto, NodeProto

from cimc.diagnostics import InputError
from cimc.frontend.graph import Graph, attributes, label

__all__ = ["check_operands"]

#: Places of the weights and of the bias among the operands.
_PLACES = {
    "Conv": (1, 2),
    "ConvInteger": (1, None),
    "ConvTranspose": (1, 2),
    "QLinearConv": (3, 8),
}


def check_operands(model: ModelProto) -> None:
    """Refuse convolutions and Gemms whose operands do not go together.

    Raises:
        InputError: there is such a node (E114).
    """
    graph = Graph(model)
    for node in graph.nodes:
        if problem := _problem(graph, node):
            raise InputError(
                "E114",
                "the shapes in the model contradict each other: "
                f"{node.op_type} '{label(node)}' {problem}",
                hints=("check --shape, and that the model runs in onnxruntime",),
            )


def _problem(graph: Graph, node: NodeProto) -> str:
    """Why the operands do not go together; empty if they do, or are not known."""
    if node.op_type == "Gemm":
        return _problem_of_gemm(graph, node)
    if node.op_type not in _PLACES:
        return ""
    place, bias_place = _PLACES[node.op_type]
    x, w = graph.shape(node.input[0]), graph.shape(node.input[place])
    if x is None or w is None or min(len(x), len(w)) < 2:
        return ""
    groups = attributes(node).get("group", 1)
    along = -1 if attributes(node).get("channels_last", 0) else 1
    channels, wanted, cout = x[along], w[1] * groups, w[0]
    if node.op_type == "ConvTranspose":
        wanted, cout = w[0], w[1] * groups
    if channels != wanted:
        return (
            f"has weights of shape {w} with {groups} group(s), which are for {wanted} "
            f"channels, and an operand of shape {x}"
        )
    if groups < 1 or channels % groups or cout % groups:
        return f"has {groups} groups of {channels} to {cout} channels"
    if bias_place is None or len(node.input) <= bias_place:
        return ""
    bias = graph.shape(node.input[bias_place]) if node.input[bias_place] else None
    if bias is None or prod(bias) == cout:
        return ""
    return f"has a bias of shape {bias}, and {cout} output channels"


def _problem_of_gemm(graph: Graph, node: NodeProto) -> str:
    """Inference looks at the matrices of a Gemm, but not at its bias."""
    bias = graph.shape(node.input[2]) if len(node.input) > 2 else None
    result = graph.shape(node.output[0])
    if bias is None or result is None:
        return ""
    sizes = zip(reversed(bias), reversed(result), strict=False)
    if len(bias) <= len(result) and all(own in (1, size) for own, size in sizes):
        return ""
    return f"has a bias of shape {bias}, and a result of shape {result}"
