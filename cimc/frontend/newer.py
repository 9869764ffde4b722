"""Forms of operators that are newer than onnxruntime, by older ones."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, NodeProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph, attributes, label

__all__ = ["use_older_forms"]


def use_older_forms(model: ModelProto) -> None:
    """Replace SpaceToDepth that keeps the pixels of a channel together, in place.

    Operator set 28 has that as mode CRD: channel c of pixel p goes to c · block² + p,
    not to p · channels + c. A channel shuffle is the difference.
    """
    graph, editor = Graph(model), Editor(model)
    nodes: list[NodeProto] = []
    for node in graph.nodes:
        shape = graph.shape(node.input[0]) if node.op_type == "SpaceToDepth" else None
        if shape is None or attributes(node).get("mode") != "CRD":
            nodes.append(node)
        else:
            nodes += _shuffled(editor, node, shape)
    editor.replace_nodes(nodes)


def _shuffled(
    editor: Editor, node: NodeProto, shape: tuple[int, ...]
) -> list[NodeProto]:
    """SpaceToDepth of (N, C, H, W) in its old mode, and a channel shuffle."""
    block, (batch, channels, height, width) = attributes(node)["blocksize"], shape
    (x,), (y,), pixels = node.input, node.output, block * block
    rows, columns = height // block, width // block
    apart = np.array([batch, pixels, channels, rows, columns])
    joined = np.array([batch, pixels * channels, rows, columns])
    by_pixel, split, moved = (
        editor.fresh(f"{y}_{part}") for part in ("by_pixel", "split", "by_channel")
    )
    sizes = editor.constant(f"{y}_apart", apart), editor.constant(f"{y}_joined", joined)
    return [
        editor.node("SpaceToDepth", [x], by_pixel, label(node), blocksize=block),
        editor.node("Reshape", [by_pixel, sizes[0]], split),
        editor.node("Transpose", [split], moved, perm=[0, 2, 1, 3, 4]),
        editor.node("Reshape", [moved, sizes[1]], y),
    ]
