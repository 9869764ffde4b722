"""Which node runs where, and why: for ``cimc check`` and for the user's errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from onnx import NodeProto
from onnx.helper import tensor_dtype_to_np_dtype

from cimc.diagnostics import InputError
from cimc.frontend.graph import Graph, attributes, label
from cimc.frontend.placement import Item, Place, Placement

__all__ = ["CoverageRow", "check_placement", "coverage_rows"]


_PAIR = ("DequantizeLinear", "QuantizeLinear")


@dataclass(frozen=True)
class CoverageRow:
    """One node: where it runs, why not on the device, and its MACs per image.

    Of several that run as one, the row of one has all numbers.

    ``segment`` is the device segment that it is part of, or that the host works before:
    0 in the prologue, the number of device segments in the epilogue. ``constant_bytes``
    are its weights, biases and the like, ``map_bytes`` its results.
    """

    node: str
    op: str
    placement: Place
    segment: int
    why: str
    macs: int
    constant_bytes: int
    map_bytes: int


def coverage_rows(placement: Placement) -> tuple[CoverageRow, ...]:
    """One row per node, in topological order.

    QuantizeLinear and DequantizeLinear have one where nothing runs between them.
    """
    rows: list[CoverageRow] = []
    known = {id(node) for item in placement.items for node in item.nodes}
    for item in placement.items:
        why = item.why if item.place != "device" else ""
        absorbed = item.quantised.absorbed if item.quantised else ()
        others = [node for node in absorbed if id(node) not in known]
        known.update(map(id, others))
        for node in (*others, *_operators(item)):
            numbers = 0, 0, 0
            if node is item.node:
                graph = placement.graph
                numbers = (
                    _macs(graph, item),
                    _constant_bytes(graph, item),
                    _map_bytes(graph, item),
                )
            row = label(node), node.op_type, item.place, item.segment, why, *numbers
            rows.append(CoverageRow(*row))
    return tuple(rows)


def _operators(item: Item) -> Sequence[NodeProto]:
    """The nodes of an item, without the QuantizeLinear behind others."""
    return (item.quantised.nodes if item.quantised else ()) or item.nodes


def _macs(graph: Graph, item: Item) -> int:
    """Multiply-accumulates, also of what the host computes."""
    if item.step is not None:
        return item.step.macs
    return sum(_node_macs(graph, node) for node in item.nodes)


def _constant_bytes(graph: Graph, item: Item) -> int:
    """Bytes of the constants that an item reads, without parameters of quantisation."""
    names = {
        name
        for node in _operators(item)
        for name in (node.input[:1] if node.op_type in _PAIR else node.input)
    }
    sources = ((name, graph.dequantised(name)) for name in names)
    stored = {source.input[0] if source else name for name, source in sources}
    return sum(graph.constant(n).nbytes for n in stored if graph.is_constant(n))


def _map_bytes(graph: Graph, item: Item) -> int:
    """Bytes of an item's results, as far as their shapes are known."""
    return sum(
        prod(shape) * tensor_dtype_to_np_dtype(graph.element_type(name)).itemsize
        for name in item.outputs
        if (shape := graph.shape(name)) is not None and graph.element_type(name)
    )


def _node_macs(graph: Graph, node: NodeProto) -> int:
    if node.op_type not in ("Conv", "ConvTranspose", "Gemm", "MatMul"):
        return 0
    operand, weights, result = map(graph.shape, (*node.input[:2], node.output[0]))
    if not operand or not weights or not result:
        return 0
    match node.op_type:
        case "Conv":
            return prod(result) * prod(weights[1:])
        case "ConvTranspose":
            return prod(operand) * prod(weights[1:])
        case _:
            transposed = attributes(node).get("transB", 0)
            return prod(result) * weights[-1 if transposed else -2]


def check_placement(placement: Placement) -> None:
    """Refuse a model that cannot run, or that has nothing for the device.

    Raises:
        InputError: neither the device nor onnxruntime has some operators (E131, all of
            them are listed), or the device has none of the model's (E132).
    """
    refused = placement.at("refused")
    if refused:
        raise InputError(
            "E131",
            f"neither the device nor onnxruntime runs {len(refused)} operator(s)",
            notes=tuple(_describe(placement.graph, item) for item in refused),
            hints=(
                "cimc check shows where every operator runs",
                "check that the model runs in onnxruntime",
            ),
        )
    if not placement.at("device"):
        raise InputError(
            "E132",
            "no operator of the model can run on the device",
            notes=tuple(_describe(placement.graph, item) for item in placement.items),
            hints=("cimc check shows where every operator runs",),
        )


def _describe(graph: Graph, item: Item) -> str:
    shapes = [
        "x".join(map(str, shape)) if shape else "?"
        for shape in (graph.shape(name) for name in item.inputs)
    ]
    operands = ", ".join(shapes) or "no operand"
    return f"{item.node.op_type} '{item.name}' ({operands}): {item.why}"
