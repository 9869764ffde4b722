"""Nodes without which a quantised model computes the same."""

from __future__ import annotations

from onnx import ModelProto, NodeProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Affine, Graph, attributes

__all__ = ["drop_casts", "merge_quantisers"]


def merge_quantisers(model: ModelProto) -> None:
    """One QuantizeLinear in place of several with equal parameters, in place.

    onnxruntime.quantization can give each reader of a tensor a pair of its own.
    """
    graph, editor = Graph(model), Editor(model)
    renamed: dict[str, str] = {}
    nodes: list[NodeProto] = []
    known: dict[str, list[tuple[Affine, str]]] = {}
    for node in graph.nodes:
        affine = None
        if node.op_type == "QuantizeLinear" and node.output[0] not in graph.outputs:
            affine = graph.quantisation_of_node(node)
        if affine is not None:
            others = known.setdefault(node.input[0], [])
            same = [name for other, name in others if other.equals(affine)]
            if same:
                renamed[node.output[0]] = same[0]
                continue
            others.append((affine, node.output[0]))
        nodes.append(node)
    editor.rename_inputs(nodes, renamed)
    editor.replace_nodes(nodes)


def drop_casts(model: ModelProto) -> None:
    """Drop Cast to the type that is there, in place: converted models of PyTorch."""
    graph, editor = Graph(model), Editor(model)
    casts = [
        node
        for node in graph.nodes
        if node.op_type == "Cast"
        and node.output[0] not in graph.outputs
        and graph.element_type(node.input[0]) == attributes(node)["to"]
    ]
    dropped = {id(node) for node in casts}
    nodes = [node for node in graph.nodes if id(node) not in dropped]
    editor.rename_inputs(nodes, {node.output[0]: node.input[0] for node in casts})
    editor.replace_nodes(nodes)
