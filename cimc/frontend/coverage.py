"""Which node runs where, and why: for ``cimc check`` and for the user's errors."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from onnx import NodeProto
from onnx.helper import tensor_dtype_to_np_dtype

from cimc.diagnostics import InputError
from cimc.frontend.graph import Graph, attributes
from cimc.frontend.placement import Item, Place, Placement

__all__ = ["CoverageRow", "check_placement", "coverage_rows"]


@dataclass(frozen=True)
class CoverageRow:
    """One operator: where it runs, why not on the device, and its MACs per image.

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
    """One row per operator, in topological order."""
    return tuple(
        CoverageRow(
            item.name,
            item.node.op_type,
            item.place,
            item.segment,
            item.why if item.place != "device" else "",
            _macs(placement.graph, item),
            _constant_bytes(placement.graph, item),
            _map_bytes(placement.graph, item),
        )
        for item in placement.items
    )


def _macs(graph: Graph, item: Item) -> int:
    """Multiply-accumulates, also of what the host computes."""
    if item.step is not None:
        return item.step.macs
    return sum(_node_macs(graph, node) for node in item.nodes)


def _constant_bytes(graph: Graph, item: Item) -> int:
    """Bytes of the constants that an item reads, without parameters of quantisation."""
    names = (name for node in item.nodes for name in node.input)
    sources = (graph.dequantised(name) for name in names)
    stored = {source.input[0] for source in sources if source is not None}
    return sum(graph.constant(n).nbytes for n in stored if graph.is_constant(n))


def _map_bytes(graph: Graph, item: Item) -> int:
    """Bytes of an item's results, as far as their shapes are known."""
    return sum(
        prod(shape) * tensor_dtype_to_np_dtype(graph.element_type(name)).itemsize
        for name in item.outputs
        if (shape := graph.shape(name)) is not None and graph.element_type(name)
    )


def _node_macs(graph: Graph, node: NodeProto) -> int:
    if node.op_type not in ("Conv", "Gemm", "MatMul"):
        return 0
    weights, result = graph.shape(node.input[1]), graph.shape(node.output[0])
    if not weights or not result:
        return 0
    if node.op_type == "Conv":
        return prod(result) * prod(weights[1:])
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
