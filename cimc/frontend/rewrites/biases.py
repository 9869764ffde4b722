"""Biases of Gemm, as onnxruntime.quantization wants them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import NodeProto

from cimc.frontend.edit import Editor, set_attributes
from cimc.frontend.graph import Graph, attributes, label
from cimc.frontend.rewrites.rule import real_constant

__all__ = ["part_bias", "widen_bias"]


def widen_bias(
    graph: Graph, editor: Editor, node: NodeProto
) -> Sequence[NodeProto] | None:
    """The bias of a Gemm, times beta: as (N,), or added behind it.

    It may be one number or (1, N); where it differs from row to row, it is no bias to
    onnxruntime.quantization.
    """
    if node.op_type != "Gemm" or len(node.input) < 3:
        return None
    bias, shape = real_constant(graph, node.input[2]), graph.shape(node.output[0])
    beta = attributes(node).get("beta", 1.0)
    if bias is None or not shape or (bias.shape == shape[-1:] and beta == 1):
        return None
    wide = np.broadcast_to(bias * np.float32(beta), shape)
    name, y = f"{node.input[2]}_wide", node.output[0]
    set_attributes(node, attributes(node) | {"beta": 1.0})
    if (wide == wide[:1]).all():
        node.input[2] = editor.constant(name, wide[0])
        return [node]
    del node.input[2:]
    node.output[0] = editor.fresh(f"{y}_product")
    return [node, editor.node("Add", [*node.output, editor.constant(name, wide)], y)]


def part_bias(
    graph: Graph, editor: Editor, node: NodeProto
) -> Sequence[NodeProto] | None:
    """A bias of its own for every layer but the first that reads one.

    onnxruntime.quantization would copy it, under a name that another tensor may have.
    """
    if node.op_type not in ("Conv", "ConvTranspose", "Gemm") or len(node.input) < 3:
        return None
    name = node.input[2]
    bias = real_constant(graph, name)
    if bias is None or graph.consumers[name][0] is node:
        return None
    changed = NodeProto()  # the graph still shows the others what it was
    changed.CopyFrom(node)
    changed.input[2] = editor.constant(f"{label(node)}_bias", bias)
    return [changed]
