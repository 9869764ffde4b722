"""Biases of Gemm with one number per column, as onnxruntime.quantization wants them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import NodeProto, helper

from cimc.frontend.graph import Graph, attributes
from cimc.frontend.normalise.edit import Editor
from cimc.frontend.rewrites.rule import real_constant

__all__ = ["widen_bias"]


def widen_bias(
    graph: Graph, editor: Editor, node: NodeProto
) -> Sequence[NodeProto] | None:
    """The bias of a Gemm, which may be one number or (1, N), as (N,), times beta."""
    if node.op_type != "Gemm" or len(node.input) < 3:
        return None
    bias, shape = real_constant(graph, node.input[2]), graph.shape(node.output[0])
    found = attributes(node)
    beta = found.pop("beta", 1.0)
    if bias is None or not shape or (bias.shape == shape[-1:] and beta == 1):
        return None
    if bias.size not in (1, shape[-1]) or bias.shape[-1:] not in ((), (1,), shape[-1:]):
        return None  # it differs from row to row
    wide = np.broadcast_to(bias.ravel() * np.float32(beta), shape[-1:])
    node.input[2] = editor.constant(f"{node.input[2]}_wide", wide)
    del node.attribute[:]
    node.attribute.extend(helper.make_attribute(k, v) for k, v in found.items())
    return [node]
