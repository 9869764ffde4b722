"""Pools with ``ceil_mode`` whose shape ONNX infers otherwise than onnxruntime computes.

Before operator set 22 inference counts a last window that starts behind the map; the
text of ONNX does not, and neither does onnxruntime.
"""

from __future__ import annotations

from onnx import ModelProto, NodeProto

from cimc.diagnostics import InputError
from cimc.frontend.edit import set_attributes
from cimc.frontend.graph import Graph, attributes, label
from cimc.frontend.operators.base import Refusal
from cimc.frontend.operators.layout import map_shape
from cimc.frontend.operators.windows import read_window

__all__ = ["pad_explicitly"]


def pad_explicitly(model: ModelProto) -> bool:
    """Give the first such pool padding instead of ``ceil_mode``, in place.

    Whether there is one: shapes behind it change.

    Raises:
        InputError: its padding would count (E114).
    """
    graph = Graph(model)
    return any(
        _pad(graph, node)
        for node in graph.nodes
        if node.op_type in ("AveragePool", "MaxPool")
        and attributes(node).get("ceil_mode", 0)
    )


def _pad(graph: Graph, node: NodeProto) -> bool:
    """Pad a pool if its shape is not onnxruntime's; whether it was."""
    found = attributes(node)
    before, after = (map_shape(graph.shape(n)) for n in (node.input[0], node.output[0]))
    if before is None or after is None:
        return False
    try:
        window = read_window(node, found["kernel_shape"], before[:2])
    except Refusal:
        return False
    if window.output_size(*before[:2]) == after[:2]:
        return False
    rank = len(found["kernel_shape"])
    top, left, bottom, right = window.pad
    pads = [*(top, left)[2 - rank :], *(bottom, right)[2 - rank :]]
    given = list(found.get("pads", [0] * (2 * rank)))
    if pads != given and found.get("count_include_pad", 0):
        raise InputError(
            "E114",
            f"{node.op_type} '{label(node)}': ONNX and onnxruntime do not agree on its "
            "shape with ceil_mode, nor on what its padding counts",
            hints=("export with operator set 22, or without ceil_mode",),
        )
    del found["ceil_mode"]
    found |= {"pads": pads, "auto_pad": "NOTSET"}
    set_attributes(node, found)
    return True
