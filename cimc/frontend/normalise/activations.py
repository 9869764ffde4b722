"""Relu and Clip behind another operator are quantised apart from it.

onnxruntime runs a convolution in float32 when an activation stands between it and its
QuantizeLinear. Relu and Clip can follow the quantisation as well: of the same number
they make the same integer.
"""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, NodeProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Affine, Graph, attributes
from cimc.frontend.quantised_ops import unary_operand
from cimc.weights import Array

__all__ = ["collapse_pairs", "split_activations"]


def split_activations(model: ModelProto) -> None:
    """Conv → Relu → Q becomes Conv → Q → DQ → Relu → Q, or Conv → Q.

    The latter where the saturation of Q does what the activation does. Holds for Relu
    and Clip behind any operator whose operands are quantised. Both are exact: rounding
    is monotonic, so that it commutes with cutting at a bound.
    """
    graph, editor = Graph(model), Editor(model)
    before: dict[int, list[NodeProto]] = {}
    dropped: dict[str, str] = {}
    gone: set[int] = set()
    for quantise in graph.nodes:
        affine = (
            graph.quantisation_of_node(quantise) if _is_quantise(quantise) else None
        )
        if affine is None or not affine.per_tensor:
            continue
        chain = _activations(graph, quantise)
        for node in chain:
            if _is_saturation(graph, node, affine):
                dropped[node.output[0]] = node.input[0]
                gone.add(id(node))
        kept = [node for node in chain if id(node) not in gone]
        if kept:
            pair, real = editor.pair(chain[0].input[0], *quantise.input[1:3])
            before[id(kept[0])] = pair
            kept[0].input[0] = real
    nodes = [
        new
        for node in graph.nodes
        if id(node) not in gone
        for new in (*before.get(id(node), ()), node)
    ]
    editor.rename_inputs(nodes, dropped)
    editor.replace_nodes(nodes)


def _is_quantise(node: NodeProto) -> bool:
    return node.op_type == "QuantizeLinear"


def _activations(graph: Graph, quantise: NodeProto) -> list[NodeProto]:
    """The Relu and Clip nodes between a quantised operator and ``quantise``."""
    chain: list[NodeProto] = []
    name = quantise.input[0]
    while (node := graph.producer.get(name)) is not None:
        if len(graph.consumers[name]) != 1 or name in graph.outputs:
            return []
        if node.op_type not in ("Relu", "Clip"):
            break
        chain.insert(0, node)
        name = node.input[0]
    if node is None or node.op_type in ("DequantizeLinear", "QuantizeLinear"):
        return []
    if unary_operand(graph, node) is not None:
        return []
    quantised = any(graph.dequantised(operand) for operand in node.input)
    return chain if quantised else []


def _is_saturation(graph: Graph, node: NodeProto, affine: Affine) -> bool:
    """Whether cutting at the bounds of the stored type cuts at least as much."""
    bounds = _bounds(graph, node)
    if bounds is None or affine.zero.dtype.kind not in "iu":  # such as int4
        return False
    limits = np.iinfo(affine.zero.dtype)
    scale, zero = float(affine.scale.item()), int(affine.zero.item())
    low, high = (scale * (limit - zero) for limit in (limits.min, limits.max))
    return bounds[0] <= low and high <= bounds[1]


def _bounds(graph: Graph, node: NodeProto) -> tuple[float, float] | None:
    if node.op_type == "Relu":
        return 0.0, np.inf
    found = attributes(node)
    bounds = [float(found.get("min", -np.inf)), float(found.get("max", np.inf))]
    for index, name in enumerate(node.input[1:3]):
        if not name:
            continue
        value = _scalar(graph, name)
        if value is None:
            return None
        bounds[index] = value
    return bounds[0], bounds[1]


def _scalar(graph: Graph, name: str) -> float | None:
    if graph.is_constant(name):
        value = graph.constant(name)
        return float(value.item()) if value.size == 1 else None
    source = graph.dequantised(name)
    if source is None or not graph.is_constant(source.input[0]):
        return None
    affine = graph.quantisation_of_node(source)
    if affine is None:
        return None
    stored: Array = graph.constant(source.input[0]).astype(np.int32)
    return float(((stored - affine.zero.astype(np.int32)) * affine.scale).item())


def collapse_pairs(model: ModelProto) -> None:
    """Q → DQ → Q → DQ with the same parameters twice becomes Q → DQ."""
    graph, editor = Graph(model), Editor(model)
    renamed: dict[str, str] = {}
    for node in graph.nodes:
        source = graph.dequantised(node.input[0]) if _is_quantise(node) else None
        if source is None or node.output[0] in graph.outputs:
            continue
        own, before = (
            graph.quantisation_of_node(node),
            graph.quantisation_of_node(source),
        )
        made = graph.producer.get(source.input[0])
        if (
            own is not None
            and before is not None
            and own.equals(before)
            and made is not None
            and made.op_type == "QuantizeLinear"
        ):
            renamed[node.output[0]] = source.input[0]
    editor.rename_inputs(graph.nodes, renamed)
    kept = [node for node in graph.nodes if node.output[0] not in renamed]
    editor.replace_nodes(kept)
