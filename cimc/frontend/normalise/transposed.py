"""Quantised ConvTranspose as a convolution of all its phases."""

from __future__ import annotations

import warnings

import numpy as np
from onnx import ModelProto, NodeProto, helper

from cimc.diagnostics import CimcWarning
from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph, label
from cimc.frontend.polyphase import Polyphase, polyphase_of

__all__ = ["convolve_phases"]


def convolve_phases(model: ModelProto) -> None:
    """Conv, DepthToSpace and Slice, each with its own quantisation, in place.

    Weights and biases are the integers of the model in another order.
    """
    graph, editor = Graph(model), Editor(model)
    nodes: list[NodeProto] = []
    rewritten: list[str] = []
    skipped: set[int] = set()
    for node in graph.nodes:
        phases = polyphase_of(graph, node) if node.op_type == "ConvTranspose" else None
        quantise = graph.quantised_by(node.output[0])
        if phases is None or quantise is None or not _is_plain(graph, node):
            if id(node) not in skipped:
                nodes.append(node)
            continue
        nodes += _convolution(graph, editor, node, quantise, phases)
        skipped.add(id(quantise))
        rewritten.append(label(node))
    editor.replace_nodes(nodes)
    if rewritten:
        warnings.warn(
            CimcWarning(
                "W107",
                "transposed convolutions are computed in integers, as convolutions",
                notes=(
                    f"nodes: {', '.join(rewritten)}",
                    "onnxruntime computes them in float32; results can differ by a "
                    "step where that rounds",
                ),
            ),
            stacklevel=2,
        )


def _is_plain(graph: Graph, node: NodeProto) -> bool:
    """Whether weights and bias are constants, per tensor or per channel of cout."""
    if graph.dequantised(node.input[0]) is None:
        return False
    # Per channel the scale of the weights lies along cout / groups, axis 1.
    for axis, name in zip((1, 0), node.input[1:], strict=False):
        source = graph.dequantised(name)
        affine = None if source is None else graph.quantisation_of_node(source)
        if source is None or affine is None or not graph.is_constant(source.input[0]):
            return False
        if not affine.per_tensor and affine.axis != axis:
            return False
    return True


def _convolution(
    graph: Graph,
    editor: Editor,
    node: NodeProto,
    quantise: NodeProto,
    phases: Polyphase,
) -> list[NodeProto]:
    made = [
        _rearranged(graph, editor, name, phases, is_weight=index == 0)
        for index, name in enumerate(node.input[1:])
    ]
    nodes = list(made)
    operands = [node.input[0], *(dequantise.output[0] for dequantise in made)]
    scale, zero = quantise.input[1:3]
    real = editor.fresh(f"{node.output[0]}_phases")
    nodes.append(editor.node("Conv", operands, real, label(node), **phases.convolution))
    if phases.stride > 1:
        pair, moved = editor.pair(real, scale, zero)
        real = editor.fresh(f"{node.output[0]}_blocks")
        step = editor.node("DepthToSpace", [moved], real, **phases.depth_to_space)
        nodes += [*pair, step]
    if not phases.whole:
        pair, moved = editor.pair(real, scale, zero)
        bounds = [
            editor.constant(f"{node.output[0]}_{part}", values)
            for part, values in phases.bounds.items()
        ]
        real = editor.fresh(f"{node.output[0]}_cropped")
        nodes += [*pair, editor.node("Slice", [moved, *bounds], real)]
    quantise.input[0] = real
    return [*nodes, quantise]


def _rearranged(
    graph: Graph, editor: Editor, name: str, phases: Polyphase, *, is_weight: bool
) -> NodeProto:
    """The DequantizeLinear of weights or bias for the channels of all phases."""
    source = graph.dequantised(name)
    affine = None if source is None else graph.quantisation_of_node(source)
    assert source is not None, "_is_plain checks it"
    assert affine is not None, "_is_plain checks it"
    stored, parameters = graph.constant(source.input[0]), [affine.scale, affine.zero]
    if not affine.per_tensor and is_weight:  # along cout / groups
        parameters = [np.tile(values, phases.groups) for values in parameters]
    if is_weight:
        stored = phases.kernel(stored, parameters[1])
    else:
        stored = phases.per_channel(stored)
    if not affine.per_tensor:
        parameters = [phases.per_channel(values) for values in parameters]
    names = [
        editor.constant(f"{base}_phases", array)
        for base, array in zip(source.input, (stored, *parameters), strict=True)
    ]
    real = editor.fresh(f"{name}_phases")
    node = editor.node("DequantizeLinear", names, real)
    if not affine.per_tensor:
        node.attribute.append(helper.make_attribute("axis", 0))
    return node
