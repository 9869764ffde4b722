"""How large a resized map is, where ONNX and onnxruntime round otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import ModelProto, NodeProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph, attributes
from cimc.weights import Array

__all__ = ["give_sizes"]


def give_sizes(model: ModelProto) -> None:
    """Give Resize sizes instead of scales, in place, where those mean whole numbers.

    Of 12 rows, a scale of 20 / 12 in float32 makes 20 for onnxruntime, 19 for ONNX.
    """
    while any(node.op_type == "Resize" for node in model.graph.node):
        graph, editor = Graph(model), Editor(model)
        found = [(node, _sizes(graph, node)) for node in graph.nodes]
        first = next(((node, sizes) for node, sizes in found if sizes), None)
        if first is None:
            return
        node, sizes = first
        meant = editor.constant(f"{node.output[0]}_sizes", np.array(sizes))
        # What is behind it has another shape now.
        node.input[:] = [*node.input[:2], "", meant]


def _sizes(graph: Graph, node: NodeProto) -> list[int] | None:
    """What the scales of a Resize mean, if ONNX takes them for less."""
    if node.op_type != "Resize" or len(node.input) < 3 or any(node.input[3:]):
        return None
    shape, name = graph.shape(node.input[0]), node.input[2]
    if not shape or not graph.is_constant(name) or not graph.constant(name).size:
        return None
    scales = graph.constant(name)
    axes: Sequence[int] = attributes(node).get("axes", range(len(shape)))
    if scales.shape != (len(axes),) or scales.dtype != np.float32:
        return None
    before: Array = np.array([shape[axis] for axis in axes])
    meant = np.rint(before * scales).astype(np.int64)
    exact = (meant.astype(np.float32) / before.astype(np.float32) == scales).all()
    less = np.floor(before * scales.astype(np.float64)) < meant
    return meant.tolist() if exact and less.any() else None
