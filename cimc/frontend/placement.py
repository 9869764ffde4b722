"""Who runs what: one segment of units on the device, the rest on the host.

Convolutions, Gemm and MatMul anchor the device's segment. An operator that the device
lacks goes to the host together with everything before it (prologue) or behind it
(epilogue); between two anchors neither is possible and it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from onnx import NodeProto

from cimc.frontend.graph import Graph, label
from cimc.frontend.operators import reader_of
from cimc.frontend.operators.base import (
    Context,
    Refusal,
    Step,
)
from cimc.frontend.operators.layout import Layout, map_shape
from cimc.frontend.units import Unit, find_units

__all__ = ["Item", "Place", "Placement", "place"]

Place = Literal["device", "host", "refused"]


@dataclass(eq=False)
class Item:
    """One unit, or one node outside of all units, and where it runs."""

    nodes: tuple[NodeProto, ...]
    unit: Unit | None
    step: Step | None = None
    place: Place = "device"
    why: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    @property
    def node(self) -> NodeProto:
        """The node that stands for the item."""
        return self.unit.node if self.unit else self.nodes[-1]

    @property
    def name(self) -> str:
        """Name for the user."""
        return label(self.node)


@dataclass
class Placement:
    """All items in topological order, and the tensors at the device's border."""

    graph: Graph
    items: list[Item]
    inputs: list[str] = field(default_factory=list[str])
    outputs: list[str] = field(default_factory=list[str])

    def at(self, where: Place) -> list[Item]:
        """The items placed there."""
        return [item for item in self.items if item.place == where]


def place(graph: Graph) -> Placement:
    """Decide for every node of a graph in normal form where it runs."""
    items = _items(graph)
    able = _read(graph, items)
    _assign(items)
    # What moved to the host may have hidden the map behind a flattened tensor.
    while (device := [i for i in items if i.place == "device"]) != able:
        able = _read(graph, device)
        _assign(items)
    made = {name for item in device for name in item.outputs}
    used = [name for item in device for name in item.inputs]
    inputs = [name for name in dict.fromkeys(used) if name not in made]
    outside = {n for i in items if i.place != "device" for n in i.inputs}
    outside |= set(graph.outputs)
    outputs = [n for item in device for n in item.outputs if n in outside]
    return Placement(graph, items, inputs, outputs)


def _items(graph: Graph) -> list[Item]:
    """Units and loose nodes, each after everything that it reads."""
    units = {unit.output: unit for unit in find_units(graph)}
    owned = {id(node) for unit in units.values() for node in unit.nodes}
    items: list[Item] = []
    for node in graph.nodes:
        unit = units.get(node.output[0])
        if unit is not None:
            nodes = (*unit.nodes, node)
            items.append(Item(nodes, unit, inputs=unit.inputs, outputs=(unit.output,)))
        elif id(node) not in owned and not _is_edge(graph, node):
            items.append(_loose(graph, node))
    return items


def _is_edge(graph: Graph, node: NodeProto) -> bool:
    """A DequantizeLinear is an edge, unless the user reads its result."""
    return node.op_type == "DequantizeLinear" and node.output[0] not in graph.outputs


def _loose(graph: Graph, node: NodeProto) -> Item:
    sources = (graph.dequantised(name) for name in node.input)
    inputs = tuple(
        source.input[0] if source else name
        for name, source in zip(node.input, sources, strict=True)
        if name and not graph.is_constant(source.input[0] if source else name)
    )
    return Item((node,), None, inputs=inputs, outputs=tuple(node.output))


def _read(graph: Graph, items: list[Item]) -> list[Item]:
    """Read every unit, and return what the device is able to run."""
    layouts: dict[str, Layout] = {}
    context = Context(graph, layouts)
    for item in items:
        item.step = None
        if item.unit is None:
            item.why = _why_loose(graph, item.nodes[-1])
        else:
            for name in item.inputs:
                sizes = graph.shape(name)
                if name not in layouts and sizes and map_shape(sizes):
                    layouts[name] = Layout.of_image(sizes)
            try:
                item.step = _step(item.unit, context)
                layouts[item.unit.output] = item.step.layout or Layout.of_image(
                    context.output_shape(item.unit)
                )
            except Refusal as refusal:
                item.why = str(refusal)
    return [item for item in items if item.step is not None]


def _step(unit: Unit, context: Context) -> Step:
    reader = reader_of(unit)
    if reader is None:
        raise Refusal(f"the device has no {unit.node.op_type}")
    return reader(unit, context)


def _why_loose(graph: Graph, node: NodeProto) -> str:
    if node.op_type == "QuantizeLinear":
        return "it quantises what the host computes"
    if node.op_type == "DequantizeLinear":
        return "its result is a float output of the model"
    if all(graph.quantised_by(name) is None for name in node.output):
        return "its result is not quantised (no QuantizeLinear reads it alone)"
    return "its operands are not quantised (no DequantizeLinear makes them)"


def _assign(items: list[Item]) -> None:
    """Set ``place`` and ``why`` of every item."""
    able = [item.step is not None for item in items]
    anchors = [item.step is not None and item.step.macs > 0 for item in items]
    if not any(anchors):
        anchors = able
    readers = _readers(items)
    before = _reach(len(items), anchors, readers)
    writers: list[list[int]] = [[] for _ in items]
    for index, found in enumerate(readers):
        for reader in found:
            writers[reader].append(index)
    after = _reach(len(items), anchors, writers, backward=True)
    prologue = [not a and not b for a, b in zip(able, before, strict=True)]
    epilogue = [
        not a and b and not c for a, b, c in zip(able, before, after, strict=True)
    ]
    leads = _reach(len(items), prologue, writers, backward=True)
    trails = _reach(len(items), epilogue, readers)
    for index, item in enumerate(items):
        item.place = "device"
        if prologue[index] or leads[index] or epilogue[index] or trails[index]:
            item.place = "host"
            item.why = item.why or "an operator that the device lacks needs it there"
        elif not able[index]:
            item.place = "refused"


def _readers(items: list[Item]) -> list[list[int]]:
    """For each item the items that read its results."""
    maker = {name: i for i, item in enumerate(items) for name in item.outputs if name}
    readers: list[list[int]] = [[] for _ in items]
    for index, item in enumerate(items):
        for source in {maker[name] for name in item.inputs if name in maker}:
            readers[source].append(index)
    return readers


def _reach(
    count: int, start: Iterable[bool], edges: list[list[int]], *, backward: bool = False
) -> list[bool]:
    """Which items lie strictly behind one of ``start``, along ``edges``."""
    begin, reached = list(start), [False] * count
    for index in reversed(range(count)) if backward else range(count):
        if begin[index] or reached[index]:
            for target in edges[index]:
                reached[target] = True
    return reached
