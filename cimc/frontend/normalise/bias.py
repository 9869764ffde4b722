"""Biases become int32 of the scale s_x · s_w, as integer kernels want them."""

from __future__ import annotations

import warnings

import numpy as np
from onnx import ModelProto, NodeProto

from cimc.diagnostics import CimcWarning
from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph, label
from cimc.weights import Array

__all__ = ["quantise_biases", "round_biases"]

#: Relative difference of float32 products that may come from another order of factors.
_ROUNDING = 1e-6

_DENSE = ("Conv", "ConvTranspose", "Gemm")


def quantise_biases(model: ModelProto) -> None:
    """Round biases of quantised operators to steps of s_x · s_w, in place.

    That concerns biases in float, and stored ones of another scale; it warns of them.
    """
    rounded = round_biases(model)
    if rounded:
        warnings.warn(
            CimcWarning(
                "W103",
                "biases are in float or of a scale of their own; they were rounded to "
                "int32 with the scale of input times weights",
                notes=(f"nodes: {', '.join(rounded)}",),
            ),
            stacklevel=2,
        )


def round_biases(model: ModelProto) -> list[str]:
    """Do so without a warning; the labels of the nodes whose biases were rounded."""
    graph, editor = Graph(model), Editor(model)
    nodes: list[NodeProto] = []
    rounded: list[str] = []
    for node in graph.nodes:
        scale = _product_scale(graph, node)
        bias = None if scale is None else _other_bias(graph, node.input[2], scale)
        if scale is not None and bias is not None:
            limits = np.iinfo(np.int32)
            steps = np.rint(bias.ravel() / scale).clip(limits.min, limits.max)
            names = [
                editor.constant(f"{node.input[2]}_{part}", array)
                for part, array in (
                    ("quantized", steps.astype(np.int32)),
                    ("quantized_scale", np.broadcast_to(scale, bias.shape)),
                    ("quantized_zero_point", np.zeros(bias.shape, np.int32)),
                )
            ]
            real = editor.fresh(f"{node.input[2]}_DequantizeLinear_Output")
            nodes.append(editor.node("DequantizeLinear", names, real, axis=0))
            node.input[2] = real
            rounded.append(label(node))
        nodes.append(node)
    editor.replace_nodes(nodes)
    return rounded


def _product_scale(graph: Graph, node: NodeProto) -> Array | None:
    """s_x · s_w of a quantised node with a bias, per output channel or a scalar."""
    if node.op_type not in _DENSE or len(node.input) < 3 or not node.input[2]:
        return None
    sources = [graph.dequantised(name) for name in node.input[:2]]
    found = [
        graph.quantisation_of_node(source) for source in sources if source is not None
    ]
    if len(found) != 2 or found[0] is None or found[1] is None:
        return None
    product = found[0].scale.ravel() * found[1].scale.ravel()
    return product.astype(np.float32)


def _other_bias(graph: Graph, name: str, scale: Array) -> Array | None:
    """The real bias as float64 (channels,), None where it is int32 of that scale.

    Also None where it is no row of as many numbers as there are scales.
    """
    if graph.is_constant(name):
        bias = graph.constant(name)
        fits = bias.dtype == np.float32 and _is_row(bias, scale)
        return bias.astype(np.float64).ravel() if fits else None
    source = graph.dequantised(name)
    affine = None if source is None else graph.quantisation_of_node(source)
    if source is None or affine is None or not graph.is_constant(source.input[0]):
        return None
    own = affine.scale.ravel()
    if own.size not in (1, scale.size) and scale.size != 1:
        return None
    if np.allclose(own, scale, rtol=_ROUNDING, atol=0):
        return None
    stored = graph.constant(source.input[0])
    if not _is_row(stored, scale) or not _is_row(stored, own):
        return None
    return (stored.astype(np.float64).ravel() - affine.zero.ravel()) * own


def _is_row(bias: Array, scale: Array) -> bool:
    """Whether a bias is one row, with a number for each scale if these are several."""
    row = bias.size == (bias.shape or (1,))[-1]
    return row and (bias.size == 1 or scale.size in (1, bias.size))
