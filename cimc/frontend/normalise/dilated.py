"""Quantised AveragePool with dilation as a convolution.

onnxruntime makes a QLinearAveragePool of it, which knows no dilation.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph, attributes, label
from cimc.weights import Array

__all__ = ["convolve_dilated_pools"]


def convolve_dilated_pools(model: ModelProto) -> None:
    """Make depthwise convolutions of quantised, dilated AveragePools, in place.

    Where all windows count as many elements, their weights are the integer 1 with the
    scale 1 / count. Elsewhere a sum in float is multiplied by 1 / count, on the host.
    """
    graph, editor = Graph(model), Editor(model)
    nodes: list[NodeProto] = []
    for node in graph.nodes:
        dilated = node.op_type == "AveragePool" and any(
            step != 1 for step in attributes(node).get("dilations", ())
        )
        quantised = (
            dilated
            and graph.dequantised(node.input[0])
            and graph.quantised_by(node.output[0])
        )
        nodes += _convolution(graph, editor, node) if quantised else [node]
    editor.replace_nodes(nodes)


def _convolution(graph: Graph, editor: Editor, node: NodeProto) -> list[NodeProto]:
    shape, result = graph.shape(node.input[0]), graph.shape(node.output[0])
    found = attributes(node)
    # ONNX and onnxruntime do not agree on such padding beside dilation.
    same = found.get("auto_pad", "NOTSET").startswith("SAME")
    if shape is None or result is None or same:
        return [node]
    channels = shape[1]
    pads, counts = _pads_and_counts(found, shape[2:], result[2:])
    if not counts.all():  # a window of padding alone has no average
        return [node]
    kept: dict[str, Any] = {
        name: found[name] for name in ("dilations", "strides") if name in found
    }
    kept |= {"group": channels, "pads": pads}
    name, (x,), (y,) = label(node), node.input, node.output
    ones = np.ones((channels, 1, *found["kernel_shape"]), np.int8)
    if (counts == counts.flat[0]).all():
        parameters = np.float32(1 / counts.flat[0]), np.int8(0)
        stored = [
            editor.constant(f"{name}_{part}", np.asarray(array))
            for part, array in zip(
                ("weights", "scale", "zero"), (ones, *parameters), strict=True
            )
        ]
        real = editor.fresh(f"{name}_weights_real")
        return [
            editor.node("DequantizeLinear", stored, real),
            editor.node("Conv", [x, real], y, name, **kept),
        ]
    weights = editor.constant(f"{name}_weights", ones.astype(np.float32))
    shares = editor.constant(f"{name}_shares", np.float32(1) / counts)
    sums = editor.fresh(f"{name}_sums")
    return [
        editor.node("Conv", [x, weights], sums, name, **kept),
        editor.node("Mul", [sums, shares], y),
    ]


def _pads_and_counts(
    found: dict[str, Any], sizes: Sequence[int], positions: Sequence[int]
) -> tuple[list[int], Array]:
    """Padding that gives so many positions, and what each window counts.

    Rounding up adds padding at the end, which no window counts. The counts are float32
    and have the shape of ``positions``.
    """
    rank, mode = len(sizes), found.get("auto_pad", "NOTSET")
    given = found.get("pads", [0] * (2 * rank))
    begins, ends, counts = list[int](), list[int](), list[Array]()
    for axis, (size, count) in enumerate(zip(sizes, positions, strict=True)):
        kernel = int(found["kernel_shape"][axis])
        dilation = int(found["dilations"][axis])
        stride = int(found.get("strides", [1] * rank)[axis])
        reach = (count - 1) * stride + (kernel - 1) * dilation + 1
        begin, end = 0, 0
        if mode == "NOTSET":
            begin, end = int(given[axis]), int(given[axis + rank])
        low, high = (begin, end) if found.get("count_include_pad") else (0, 0)
        starts = np.arange(count)[:, None] * stride - begin
        taken: Array = starts + np.arange(kernel) * dilation
        inside: Array = np.logical_and(taken >= -low, taken < size + high)
        counts.append(np.asarray(np.count_nonzero(inside, axis=1)))
        begins.append(begin)
        ends.append(max(end, reach - size - begin))
    grid = reduce(np.multiply.outer, counts).astype(np.float32)
    return [*begins, *ends], grid
