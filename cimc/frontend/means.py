"""ReduceMean over rows and columns of a float model, as GlobalAveragePool."""

from __future__ import annotations

from onnx import ModelProto, NodeProto

from cimc.frontend.graph import Graph, attributes, label
from cimc.frontend.normalise.edit import Editor

__all__ = ["means_to_pools"]


def means_to_pools(model: ModelProto) -> None:
    """Rewrite in place: onnxruntime quantises the pool, but not the mean."""
    graph, editor = Graph(model), Editor(model)
    nodes: list[NodeProto] = []
    for node in graph.nodes:
        if _is_mean_of_maps(graph, node):
            nodes += _pool(editor, node)
        else:
            nodes.append(node)
    editor.replace_nodes(nodes)


def _is_mean_of_maps(graph: Graph, node: NodeProto) -> bool:
    if node.op_type != "ReduceMean" or len(graph.shape(node.input[0]) or ()) != 4:
        return False
    axes = attributes(node).get("axes", [])
    if len(node.input) > 1 and graph.is_constant(node.input[1]):
        axes = graph.constant(node.input[1]).tolist()
    return sorted(axis % 4 for axis in axes) == [2, 3]


def _pool(editor: Editor, node: NodeProto) -> list[NodeProto]:
    x, y = node.input[0], node.output[0]
    if attributes(node).get("keepdims", 1):
        return [editor.node("GlobalAveragePool", [x], y, label(node))]
    pooled = editor.fresh(f"{y}_pooled")
    return [
        editor.node("GlobalAveragePool", [x], pooled, label(node)),
        editor.node("Flatten", [pooled], y, axis=1),
    ]
