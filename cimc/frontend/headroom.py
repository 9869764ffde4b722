"""Room in int32 for the sums of channels whose bias is large against their weights.

onnxruntime.quantization makes the scale of such a channel just coarse enough for its
bias, and leaves nothing for the products that are added to it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from onnx import ModelProto, NodeProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Affine, Graph
from cimc.weights import Array

__all__ = ["leave_headroom"]

#: Activations minus their zero point are at most this far from 0.
_REACH = 255

_LIMIT = 2**31


def leave_headroom(model: ModelProto, fixed: Collection[str] = ()) -> None:
    """Coarsen the scales of such channels of a QDQ model, by powers of two, in place.

    Weights and biases are rounded again, for each node to constants of its own.
    Weights that come from the constants named in ``fixed`` stay.
    """
    graph, editor = Graph(model), Editor(model)
    kept = {f"{name}_quantized" for name in fixed}
    nodes: list[NodeProto] = []
    for node in graph.nodes:
        sources = [graph.dequantised(name) for name in node.input[1:3]]
        factors = _factors(graph, sources, kept)
        if factors is not None:
            for index, source in enumerate(sources, 1):
                assert source is not None
                nodes.append(_coarser(graph, editor, source, factors))
                node.input[index] = nodes[-1].output[0]
        nodes.append(node)
    editor.replace_nodes(nodes)


def _factors(
    graph: Graph, sources: Sequence[NodeProto | None], kept: Collection[str]
) -> Array | None:
    """How much coarser each scale of weights and bias must be, None where none must."""
    match [None if s is None else _constant(graph, s) for s in sources]:
        case [(weights, affine), (bias, steps)] if (
            bias.dtype == np.int32 and steps.scale.size == affine.scale.size
        ):
            pass
        case _:
            return None
    if any(source is not None and source.input[0] in kept for source in sources):
        return None
    axis = affine.axis % weights.ndim
    others = None if affine.per_tensor else tuple({*range(weights.ndim)} - {axis})
    sums = np.abs(weights.astype(np.float64)).sum(others) * _REACH
    sums = sums + np.abs(bias.astype(np.float64))
    # Rounding moves each weight by up to a half, and the bias as well.
    room = _LIMIT - 1 - _REACH * weights.size / affine.scale.size
    if sums.max(initial=0) < _LIMIT or room <= 0:
        return None
    needed = np.exp2(np.ceil(np.log2(np.maximum(sums, 1) / room)))
    factors = np.where(sums < _LIMIT, 1, needed)
    return factors.max(keepdims=True) if affine.per_tensor else factors


def _constant(graph: Graph, source: NodeProto) -> tuple[Array, Affine] | None:
    """Stored values and quantisation of a constant whose zero point is 0."""
    affine = graph.quantisation_of_node(source)
    if affine is None or affine.zero.any() or not graph.is_constant(source.input[0]):
        return None
    return graph.constant(source.input[0]), affine


def _coarser(
    graph: Graph, editor: Editor, source: NodeProto, factors: Array
) -> NodeProto:
    """The DequantizeLinear of a constant whose scales are that much larger."""
    stored, affine = graph.constant(source.input[0]), graph.quantisation_of_node(source)
    assert affine is not None
    along = [1] * stored.ndim
    along[affine.axis % stored.ndim] = -1
    values = np.rint(stored.astype(np.float64) / factors.reshape(along))
    scale = (affine.scale * factors.reshape(affine.scale.shape)).astype(np.float32)
    names = [
        editor.constant(f"{old}_coarser", array)
        for old, array in zip(
            source.input[:2], (values.astype(stored.dtype), scale), strict=True
        )
    ]
    node = NodeProto()
    node.CopyFrom(source)
    node.input[:2] = names
    node.output[0] = editor.fresh(f"{source.output[0]}_coarser")
    node.name = editor.fresh(f"{source.name}_coarser")
    return node
