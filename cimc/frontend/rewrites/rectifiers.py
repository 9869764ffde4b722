"""PRelu with a slope for each channel, in operators of the device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import NodeProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph, label
from cimc.frontend.rewrites.rule import per_channel, real_constant

__all__ = ["rectify_channels"]


def rectify_channels(
    graph: Graph, editor: Editor, node: NodeProto
) -> Sequence[NodeProto] | None:
    """x + (1 − slope) · relu(−x): the factor is a depthwise convolution.

    One slope for all channels is a table, whatever it is.
    """
    if node.op_type != "PRelu":
        return None
    x, y = node.input[0], node.output[0]
    shape, slope = graph.shape(x), real_constant(graph, node.input[1])
    if not shape or len(shape) not in (3, 4) or slope is None or slope.size == 1:
        return None
    slopes = per_channel(slope, shape)
    if slopes is None:
        return None
    kernel = (1 - slopes).astype(np.float32).reshape(-1, *(1 for _ in shape[1:]))
    factor = editor.constant(f"{node.input[1]}_factor", kernel)
    opposite, below, rest = (
        editor.fresh(f"{y}_{part}") for part in ("opposite", "below", "rest")
    )
    return [
        editor.node("Neg", [x], opposite),
        editor.node("Relu", [opposite], below),
        editor.node("Conv", [below, factor], rest, label(node), group=shape[1]),
        editor.node("Add", [x, rest], y),
    ]
