"""Float biases become int32, as onnxruntime's integer kernels want them."""

from __future__ import annotations

import warnings

import numpy as np
from onnx import ModelProto, NodeProto

from cimc.diagnostics import CimcWarning
from cimc.frontend.graph import Graph, label
from cimc.frontend.normalise.edit import Editor
from cimc.weights import Array

__all__ = ["quantise_biases"]

_DENSE = ("Conv", "ConvTranspose", "Gemm")


def quantise_biases(model: ModelProto) -> None:
    """Round float biases of quantised Conv and Gemm to steps of s_x · s_w, in place."""
    graph, editor = Graph(model), Editor(model)
    nodes: list[NodeProto] = []
    rounded: list[str] = []
    for node in graph.nodes:
        scale = _product_scale(graph, node)
        if scale is not None:
            bias = graph.constant(node.input[2]).astype(np.float64)
            limits = np.iinfo(np.int32)
            steps = np.rint(bias.ravel() / scale).clip(limits.min, limits.max)
            names = [
                editor.constant(f"{node.input[2]}_{part}", array)
                for part, array in (
                    ("quantized", steps.astype(np.int32)),
                    ("quantized_scale", scale),
                    ("quantized_zero_point", np.zeros(scale.shape, np.int32)),
                )
            ]
            real = editor.fresh(f"{node.input[2]}_DequantizeLinear_Output")
            nodes.append(editor.node("DequantizeLinear", names, real, axis=0))
            node.input[2] = real
            rounded.append(label(node))
        nodes.append(node)
    editor.replace_nodes(nodes)
    if rounded:
        warnings.warn(
            CimcWarning(
                "W103",
                "the model keeps biases in float; they were rounded to int32",
                notes=(f"nodes: {', '.join(rounded)}",),
            ),
            stacklevel=2,
        )


def _product_scale(graph: Graph, node: NodeProto) -> Array | None:
    """s_x · s_w per output channel where a quantised node has a float bias."""
    if node.op_type not in _DENSE or len(node.input) < 3:
        return None
    bias = node.input[2]
    if not graph.is_constant(bias) or graph.constant(bias).dtype != np.float32:
        return None
    sources = [graph.dequantised(name) for name in node.input[:2]]
    found = [graph.affine(source) for source in sources if source is not None]
    if len(found) != 2 or found[0] is None or found[1] is None:
        return None
    product = (found[0].scale.ravel() * found[1].scale.ravel()).astype(np.float32)
    return np.broadcast_to(product, (graph.constant(bias).size,))
