"""Pad with zeros, as padding of the window that reads it."""

from __future__ import annotations

from collections.abc import Sequence

from onnx import NodeProto

from cimc.frontend.edit import Editor, set_attributes
from cimc.frontend.graph import Graph, attributes
from cimc.frontend.rewrites.rule import only_reader, real_constant

__all__ = ["pad_inside"]

#: Operators whose results have no negative element.
_NOT_NEGATIVE = frozenset({"Relu", "Sigmoid", "HardSigmoid", "Softmax", "Abs"})


def pad_inside(
    graph: Graph, editor: Editor, node: NodeProto
) -> Sequence[NodeProto] | None:
    """Drop a Pad whose only reader can do it, and let that do it."""
    if node.op_type == "Pad":
        reader = only_reader(graph, node)
        fits = reader is not None and _joint_pads(graph, node, reader) is not None
        return () if fits else None
    source = graph.producer.get(node.input[0]) if node.input else None
    if source is None or source.op_type != "Pad":
        return None
    pads = _joint_pads(graph, source, node)
    if pads is None or only_reader(graph, source) is None:
        return None
    kept = attributes(node) | {"pads": pads, "auto_pad": "NOTSET"}
    if node.op_type == "AveragePool":
        kept["count_include_pad"] = 1
    set_attributes(node, kept)
    node.input[0] = source.input[0]
    return [node]


def _joint_pads(graph: Graph, pad: NodeProto, reader: NodeProto) -> list[int] | None:
    """The padding of both, None where a window cannot do what ``pad`` does."""
    if reader.input[0] != pad.output[0]:
        return None
    outer, found = _zeros(graph, pad), attributes(reader)
    if outer is None or found.get("ceil_mode", 0):
        return None
    if found.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        return None
    own = list(found.get("pads", [0] * len(outer)))
    match reader.op_type:
        case "Conv":
            pass
        case "AveragePool":  # it counts the zeros of Pad, not its own
            if any(own) and not found.get("count_include_pad", 0):
                return None
        case "MaxPool":  # its own padding is below everything
            source = graph.producer.get(pad.input[0])
            if source is None or source.op_type not in _NOT_NEGATIVE:
                return None
        case _:
            return None
    joint = [a + b for a, b in zip(own, outer, strict=True)]
    if reader.op_type != "Conv":  # no window may lie in padding alone
        kernel = found["kernel_shape"]
        if any(p >= k for p, k in zip(joint, [*kernel, *kernel], strict=True)):
            return None
    return joint


def _zeros(graph: Graph, pad: NodeProto) -> list[int] | None:
    """How many zeros (top, left, bottom, right) stand around each map of (N, C, …).

    None where the node does something else.
    """
    if attributes(pad).get("mode", "constant") != "constant":
        return None
    shape = graph.shape(pad.input[0])
    if shape is None or len(pad.input) < 2 or not graph.is_constant(pad.input[1]):
        return None
    fill = pad.input[2] if len(pad.input) > 2 else ""
    if fill:
        value = real_constant(graph, fill)
        if value is None or value.any():
            return None
    rank = len(shape)
    axes = list(range(rank))
    if len(pad.input) > 3 and pad.input[3]:
        if not graph.is_constant(pad.input[3]):
            return None
        axes = [axis % rank for axis in graph.constant(pad.input[3]).tolist()]
    given = graph.constant(pad.input[1]).tolist()
    begins = dict(zip(axes, given[: len(axes)], strict=True))
    ends = dict(zip(axes, given[len(axes) :], strict=True))
    if min(given) < 0 or any(begins.get(a) or ends.get(a) for a in (0, 1)):
        return None
    spatial = range(2, rank)
    return [*(begins.get(a, 0) for a in spatial), *(ends.get(a, 0) for a in spatial)]
