"""ReduceMean and ReduceMax over rows and columns, as global pools."""

from __future__ import annotations

from collections.abc import Sequence

from onnx import NodeProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph, attributes, label

__all__ = ["pool_globally"]

_POOLS = {"ReduceMean": "GlobalAveragePool", "ReduceMax": "GlobalMaxPool"}


def pool_globally(
    graph: Graph, editor: Editor, node: NodeProto
) -> Sequence[NodeProto] | None:
    """The pool of a reduction of whole maps; onnxruntime quantises only that."""
    pool = _POOLS.get(node.op_type)
    if pool is None or not _reduces_maps(graph, node):
        return None
    x, y = node.input[0], node.output[0]
    if attributes(node).get("keepdims", 1):
        return [editor.node(pool, [x], y, label(node))]
    pooled = editor.fresh(f"{y}_pooled")
    return [
        editor.node(pool, [x], pooled, label(node)),
        editor.node("Flatten", [pooled], y, axis=1),
    ]


def _reduces_maps(graph: Graph, node: NodeProto) -> bool:
    if len(graph.shape(node.input[0]) or ()) != 4:
        return False
    axes = attributes(node).get("axes", [])
    if len(node.input) > 1 and graph.is_constant(node.input[1]):
        axes = graph.constant(node.input[1]).tolist()
    return sorted(axis % 4 for axis in axes) == [2, 3]
