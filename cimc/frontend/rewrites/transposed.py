"""ConvTranspose as a convolution of all its phases."""

from __future__ import annotations

from collections.abc import Sequence

from onnx import NodeProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph, attributes, label
from cimc.frontend.polyphase import polyphase_of
from cimc.frontend.rewrites.rule import only_reader, real_constant

__all__ = ["convolve_phases"]

#: Go before DepthToSpace, so that the range of the convolution is that behind them.
_ACTIVATIONS = ("Relu", "Clip")


def convolve_phases(
    graph: Graph, editor: Editor, node: NodeProto
) -> Sequence[NodeProto] | None:
    """Conv, then the activation that follows if one does, DepthToSpace and Slice."""
    if node.op_type == "ConvTranspose" and _fits(graph, node):
        reader = only_reader(graph, node)
        if reader is not None and reader.op_type in _ACTIVATIONS:
            return ()
        return _convolution(graph, editor, node, None)
    source = graph.producer.get(node.input[0]) if node.input else None
    if (
        node.op_type in _ACTIVATIONS
        and source is not None
        and source.op_type == "ConvTranspose"
        and _fits(graph, source)
        and only_reader(graph, source) is not None
    ):
        return _convolution(graph, editor, source, node)
    return None


def _fits(graph: Graph, node: NodeProto) -> bool:
    constants = [real_constant(graph, name) for name in node.input[1:] if name]
    known = all(value is not None for value in constants)
    return known and polyphase_of(graph, node) is not None


def _convolution(
    graph: Graph, editor: Editor, node: NodeProto, activation: NodeProto | None
) -> list[NodeProto]:
    phases = polyphase_of(graph, node)
    assert phases is not None, "_fits checks it"
    x, weights, *bias = node.input
    y = node.output[0] if activation is None else activation.output[0]
    kernel = phases.kernel(graph.constant(weights))
    operands = [x, editor.constant(f"{weights}_phases", kernel)]
    if bias and bias[0]:
        channels = phases.per_channel(graph.constant(bias[0]))
        operands.append(editor.constant(f"{bias[0]}_phases", channels))
    # Every step but the last hands a tensor of its own to the next.
    steps: list[tuple[str, list[str], str | None, dict[str, object]]] = [
        ("Conv", operands, label(node), phases.convolution)
    ]
    if activation is not None:
        rest = list(activation.input[1:])
        steps.append(
            (activation.op_type, rest, label(activation), attributes(activation))
        )
    if phases.stride > 1:
        steps.append(("DepthToSpace", [], None, phases.depth_to_space))
    if not phases.whole:
        rest = [editor.constant(f"{y}_{n}", v) for n, v in phases.bounds.items()]
        steps.append(("Slice", rest, None, {}))
    nodes: list[NodeProto] = []
    for index, (op_type, rest, name, kept) in enumerate(steps):
        last = index == len(steps) - 1
        out = y if last else editor.fresh(f"{y}_{op_type}_Output")
        inputs = rest if not nodes else [nodes[-1].output[0], *rest]
        nodes.append(editor.node(op_type, inputs, out, name, **kept))
    return nodes
