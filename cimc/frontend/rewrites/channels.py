"""A factor and an offset per channel, as a depthwise convolution.

onnxruntime folds BatchNormalization, Mul and Add into a convolution right before them.
Those elsewhere, such as the ones before the convolutions of a DenseNet, become
depthwise 1 × 1 convolutions: with a scale per channel their weights lose nothing in 8
bits. Behind a ConvTranspose they scale its weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import NodeProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph, attributes, label
from cimc.frontend.rewrites.rule import only_reader, per_channel, real_constant
from cimc.weights import Array

__all__ = ["convolve_channels", "normalise_vectors"]

#: Factor and offset, float64 of shape (channels,), or () for all channels.
_Line = tuple[Array, Array]


def convolve_channels(
    graph: Graph, editor: Editor, node: NodeProto
) -> Sequence[NodeProto] | None:
    """One convolution in place of the last of a chain of such operators."""
    if node.op_type == "ConvTranspose":
        reader = only_reader(graph, node)
        taken = reader is not None and _chain(graph, reader)
        return () if taken and _weights(graph, node) is not None else None
    chain = _chain(graph, node)
    if not chain:
        return None
    if node is not chain[-1]:
        return ()
    lines = [line for line in (_line(graph, found) for found in chain) if line]
    factor, offset = lines[0]
    for own_factor, own_offset in lines[1:]:
        factor, offset = factor * own_factor, offset * own_factor + own_offset
    x, y = _operand(graph, chain[0]), node.output[0]
    channels = _channels(graph, x)
    factor, offset = (np.broadcast_to(v, channels) for v in (factor, offset))
    before = graph.producer.get(x)
    if before is not None and only_reader(graph, before) is chain[0]:
        kernel = _weights(graph, before)
        if kernel is not None:
            return [_scaled(graph, editor, before, kernel, factor, offset, y)]
    kernel = factor.reshape(-1, *(1 for _ in (graph.shape(x) or ())[1:]))
    operands = [x, *_constants(editor, y, kernel, offset)]
    return [editor.node("Conv", operands, y, label(chain[0]), group=channels)]


def normalise_vectors(
    graph: Graph, editor: Editor, node: NodeProto
) -> Sequence[NodeProto] | None:
    """BatchNormalization of a vector (1, C) as that of a map of one position."""
    shape = graph.shape(node.input[0]) if node.input else None
    if node.op_type != "BatchNormalization" or not shape or len(shape) != 2:
        return None
    if shape[0] != 1:
        return None
    y = node.output[0]
    wide, normal = editor.fresh(f"{y}_wide"), editor.fresh(f"{y}_normal")
    sizes = editor.constant(f"{y}_sizes", np.array([*shape, 1]))
    before = editor.node("Reshape", [node.input[0], sizes], wide)
    node.input[0], node.output[0] = wide, normal
    return [before, node, editor.node("Flatten", [normal], y)]


def _scaled(
    graph: Graph,
    editor: Editor,
    node: NodeProto,
    kernel: Array,
    factor: Array,
    offset: Array,
    output: str,
) -> NodeProto:
    """A ConvTranspose with scaled weights (cin, cout / groups, kh, kw) and bias."""
    kept = attributes(node)
    groups, (cin, part, *_) = kept.get("group", 1), kernel.shape
    factors = np.repeat(factor.reshape(groups, part), cin // groups, axis=0)
    if len(node.input) > 2 and node.input[2]:
        offset = graph.constant(node.input[2]) * factor + offset
    scaled = kernel * factors.reshape(*factors.shape, *(1 for _ in kernel.shape[2:]))
    constants = _constants(editor, output, scaled, offset)
    operands = [node.input[0], *constants]
    return editor.node("ConvTranspose", operands, output, label(node), **kept)


def _weights(graph: Graph, node: NodeProto) -> Array | None:
    """The weights of a ConvTranspose that a chain may scale."""
    if node.op_type != "ConvTranspose":
        return None
    values = [real_constant(graph, name) for name in node.input[1:] if name]
    return None if any(value is None for value in values) else values[0]


def _constants(editor: Editor, name: str, factor: Array, offset: Array) -> list[str]:
    return [
        editor.constant(f"{name}_{part}", values.astype(np.float32))
        for part, values in (("factor", factor), ("offset", offset))
    ]


def _chain(graph: Graph, node: NodeProto) -> list[NodeProto]:
    """The operators around ``node`` that scale and shift channels one by one.

    None of them if it is no such operator, or if all channels are treated alike: that
    is a table.
    """
    chain = [node]
    while _line(graph, chain[0]) is not None:
        before = graph.producer.get(_operand(graph, chain[0]))
        if before is None or only_reader(graph, before) is not chain[0]:
            break
        if _line(graph, before) is None:
            break
        chain.insert(0, before)
    while (reader := only_reader(graph, chain[-1])) and _line(graph, reader):
        chain.append(reader)
    lines = [_line(graph, found) for found in chain]
    known = [line for line in lines if line is not None]
    alike = all(factor.ndim == offset.ndim == 0 for factor, offset in known)
    return [] if alike or len(known) != len(lines) else chain


def _operand(graph: Graph, node: NodeProto) -> str:
    """The map that an operator scales or shifts."""
    return next((name for name in node.input if not graph.is_constant(name)), "")


def _channels(graph: Graph, name: str) -> int:
    shape = graph.shape(name)
    return shape[1] if shape is not None and len(shape) in (3, 4) else 0


def _line(graph: Graph, node: NodeProto) -> _Line | None:
    """What a node does to each channel of a map (1, C, …), if it does that."""
    if node.op_type not in ("Add", "Mul", "BatchNormalization"):
        return None
    shape = graph.shape(_operand(graph, node))
    if not _channels(graph, _operand(graph, node)):
        return None
    if shape is None or graph.shape(node.output[0]) != shape:
        return None
    values = [real_constant(graph, n) for n in node.input if graph.is_constant(n)]
    known = [value.astype(np.float64) for value in values if value is not None]
    if len(known) != len(node.input) - 1:
        return None
    if node.op_type == "BatchNormalization":
        found = attributes(node)
        if found.get("training_mode", 0) or len(node.output) > 1:
            return None
        scale, bias, mean, variance = known
        factor = scale / np.sqrt(variance + found.get("epsilon", 1e-5))
        return factor, bias - mean * factor
    constant = per_channel(known[0], shape)
    if constant is None:
        return None
    if node.op_type == "Mul":
        return constant, np.zeros(())
    return np.ones(()), constant
