"""Who runs what: device and host take turns, and everything runs somewhere.

Convolutions, Gemm and MatMul are what the device is there for. What it lacks runs on
the host in onnxruntime: before the first device segment (prologue), between two, or
behind the last (epilogue). There are as few segments as there can be, and operators
without MACs go wherever that is so.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod
from typing import Literal

from onnx import NodeProto

from cimc.diagnostics import InputError
from cimc.frontend.border import Border
from cimc.frontend.graph import Graph, label
from cimc.frontend.operators import reader_of
from cimc.frontend.operators.base import (
    Context,
    Refusal,
    Step,
)
from cimc.frontend.operators.layout import Layout, map_shape
from cimc.frontend.quantised_ops import QuantisedOp, find_quantised_ops
from cimc.frontend.turns import Kind, take_turns
from cimc.weights import Array

__all__ = ["Item", "Place", "Placement", "place"]

Place = Literal["device", "host", "refused"]
"""Where an operator runs; ``refused`` ones are found by :mod:`cimc.frontend.refusal`.
"""

#: What becomes other operators, and when.
_CONDITIONS = {
    "BatchNormalization": "in float models it becomes a convolution",
    "ConvTranspose": "a two-dimensional one with equal strides and no dilation "
    "becomes a convolution",
    "Expand": "in front of Add, Mul and the like in float models it is left out",
    "PRelu": "one with a slope per channel in a float model becomes a convolution",
    "ReduceMax": "one over whole maps in a float model becomes a pool",
    "ReduceMean": "one over whole maps in a float model becomes a pool",
}


@dataclass(eq=False)
class Item:
    """One quantised operator, or one node outside of all, and where it runs.

    ``segment`` is the device's segment, or that which the host works before: 0 in the
    prologue, the number of device segments in the epilogue.
    """

    nodes: tuple[NodeProto, ...]
    quantised: QuantisedOp | None
    step: Step | None = None
    place: Place = "device"
    segment: int = 0
    why: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    @property
    def node(self) -> NodeProto:
        """The node that stands for the item."""
        return self.quantised.node if self.quantised else self.nodes[-1]

    @property
    def name(self) -> str:
        """Name for the user."""
        return label(self.node)


@dataclass
class Placement:
    """All items in topological order, and the borders of the device segments."""

    graph: Graph
    items: list[Item]
    borders: list[Border] = field(default_factory=list[Border])

    def at(self, where: Place) -> list[Item]:
        """The items placed there."""
        return [item for item in self.items if item.place == where]

    def segments(self) -> list[list[Item]]:
        """The items of each device segment."""
        return _segments(self.items)


def place(graph: Graph) -> Placement:
    """Decide for every node of a graph in normal form where it runs."""
    items, tables = _items(graph), dict[str, Array]()
    read = [_read(graph, items, tables)]
    while True:
        _assign(graph, items)
        segments = _segments(items)
        borders = [_border(graph, items, segment) for segment in segments]
        if segments != read:
            # A border may hide the map behind a flattened tensor: less can be read.
            read = [_read(graph, segment, tables) for segment in segments]
            continue
        held = [*map(_hold_back, segments, borders)]  # in all of them at a time
        if not any(held):
            return Placement(graph, items, borders)


def _hold_back(segment: list[Item], border: Border) -> bool:
    """Leave to the host what would leave the device in another order than tensors have.

    Whether there is such an item.
    """
    found = False
    for item in segment:
        layout = item.step and item.step.layout
        if (
            layout
            and layout.index is not None
            and set(item.outputs) & {*border.outputs}
        ):
            item.step = None
            item.why = "its elements have another order on the device than on the host"
            found = True
    return found


def _segments(items: list[Item]) -> list[list[Item]]:
    on_device = [item for item in items if item.place == "device"]
    numbers = sorted({item.segment for item in on_device})
    return [[i for i in on_device if i.segment == number] for number in numbers]


def _border(graph: Graph, items: list[Item], segment: list[Item]) -> Border:
    """The tensors that a segment takes, and those that others read of it."""
    members = {id(item) for item in segment}
    made = {name for item in segment for name in item.outputs}
    used = dict.fromkeys(name for item in segment for name in item.inputs)
    outside = {n for item in items if id(item) not in members for n in item.inputs}
    outside |= set(graph.outputs)
    return Border(
        tuple(name for name in used if name not in made),
        tuple(n for item in segment for n in item.outputs if n in outside),
    )


def _items(graph: Graph) -> list[Item]:
    """Quantised operators and loose nodes, each after everything that it reads."""
    by_output = {quantised.output: quantised for quantised in find_quantised_ops(graph)}
    owned = {id(node) for quantised in by_output.values() for node in quantised.nodes}
    items: list[Item] = []
    for node in graph.nodes:
        quantised = by_output.get(node.output[0])
        if quantised is not None:
            nodes = (*quantised.nodes, node)
            items.append(
                Item(
                    nodes,
                    quantised,
                    inputs=quantised.inputs,
                    outputs=(quantised.output,),
                )
            )
        elif id(node) not in owned and not _is_edge(graph, node):
            items.append(_loose(graph, node))
    return _live(graph, items)


def _live(graph: Graph, items: list[Item]) -> list[Item]:
    """The items that some output of the model depends on."""
    needed, live = set(graph.outputs), list[Item]()
    for item in reversed(items):
        if needed & set(item.outputs):
            needed |= set(item.inputs)
            live.insert(0, item)
    return live


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


def _read(graph: Graph, items: list[Item], tables: dict[str, Array]) -> list[Item]:
    """Read every quantised operator, and return what the device is able to run.

    What is in the way of one with MACs is left to the host; then all are read again, as
    other readers of it find an image now.
    """
    held: dict[int, str] = {}
    before = -1
    while len(held) > before:
        before = len(held)
        context = Context(graph, {}, tables)
        for item in items:
            item.step, item.why = None, held.get(id(item), "")
            if id(item) not in held:
                held |= _read_item(context, items, item)
    return [item for item in items if item.step is not None]


def _read_item(context: Context, items: list[Item], item: Item) -> dict[int, str]:
    """Read one item; those that have to stay on the host for it, and why, by ``id``."""
    graph, layouts = context.graph, context.layouts
    if item.quantised is None:
        item.why = _why_loose(graph, item.nodes[-1])
        return {}
    for name in item.inputs:
        sizes = graph.shape(name)
        if name not in layouts and sizes and map_shape(sizes):
            layouts[name] = Layout.of_image(sizes)
    held: dict[int, str] = {}
    try:
        sizes = context.output_shape(item.quantised)
    except Refusal as refusal:
        item.why = str(refusal)
        return {}
    try:
        item.step = _step(item.quantised, context)
    except Refusal as refusal:
        item.why = str(refusal)
        held = _in_the_way(context, items, item)
    if item.step is not None:
        layout = item.step.layout or Layout.of_image(sizes)
        layouts[item.quantised.output] = layout
    return held


def _in_the_way(context: Context, items: list[Item], item: Item) -> dict[int, str]:
    """Read an item with MACs as if its operands were images of the host.

    Then what only describes an operand as something that is no image on the device,
    such as a Transpose of the model's input, stays there.
    """
    assert item.quantised is not None
    graph, layouts = context.graph, dict(context.layouts)
    moved = [n for n in item.inputs if n in layouts and not layouts[n].is_image]
    for name in moved:
        sizes = graph.shape(name)
        if sizes is None or map_shape(sizes) is None:
            return {}
        layouts[name] = Layout.of_image(sizes)
    if not moved:
        return {}
    try:
        step = _step(item.quantised, replace(context, layouts=layouts))
    except Refusal as refusal:
        item.why = str(refusal)
        return {}
    if not step.macs:
        return {}
    item.step = step
    context.layouts.update((name, layouts[name]) for name in moved)
    why = f"'{item.name}' needs its result in the order of an image"
    return {id(other): why for other in items if set(other.outputs) & set(moved)}


def _step(quantised: QuantisedOp, context: Context) -> Step:
    reader = reader_of(quantised)
    if reader is None:
        raise Refusal(f"the device has no {quantised.node.op_type}{_but(quantised)}")
    try:
        return reader(quantised, context)
    except InputError as error:  # onnxruntime, which tabulates it, does not run it
        raise Refusal(error.diagnostic.message) from error


def _but(quantised: QuantisedOp) -> str:
    """When an operator, or what the frontend makes of it, runs on the device."""
    condition = _CONDITIONS.get(quantised.node.op_type)
    return "" if condition is None else f", but {condition}"


def _why_loose(graph: Graph, node: NodeProto) -> str:
    if node.op_type == "QuantizeLinear":
        given = node.input[0] in graph.inputs
        what = "an input of the model" if given else "what the host computes"
        return f"it quantises {what}"
    if node.op_type == "DequantizeLinear":
        return "its result is a float output of the model"
    if all(graph.quantised_by(name) is None for name in node.output):
        return "its result is not quantised (no QuantizeLinear reads it alone)"
    return "its operands are not quantised (no DequantizeLinear makes them)"


def _assign(graph: Graph, items: list[Item]) -> None:
    """Set ``place``, ``segment`` and ``why`` of every item."""
    readers = _readers(items)
    sizes = [_bytes_that_leave(graph, item) for item in items]
    turns = take_turns(_kinds(items, readers), readers, sizes)
    for item, turn in zip(items, turns, strict=True):
        item.place = "device" if turn % 2 else "host"
        item.segment = turn // 2
        if item.place == "host":
            item.why = item.why or "it is needed by an operator that runs on the host"


def _kinds(items: list[Item], readers: list[list[int]]) -> list[Kind]:
    """Who can run each item; where none has MACs, the first ones are the device's."""
    kinds: list[Kind] = [
        "host" if i.step is None else "device" if i.step.macs else "either"
        for i in items
    ]
    if "device" not in kinds:
        able: list[Kind] = ["host" if i.step is None else "device" for i in items]
        turns = take_turns(able, readers, [0] * len(items))
        kinds = [
            "either" if kind == "device" and turn > 1 else kind
            for kind, turn in zip(able, turns, strict=True)
        ]
    return kinds


def _bytes_that_leave(graph: Graph, item: Item) -> int:
    """Bytes of an item's result, if only its readers could make it leave the device."""
    if set(item.outputs) & set(graph.outputs):
        return 0
    return sum(prod(graph.shape(name) or ()) for name in item.outputs if name)


def _readers(items: list[Item]) -> list[list[int]]:
    """For each item the items that read its results."""
    maker = {name: i for i, item in enumerate(items) for name in item.outputs if name}
    readers: list[list[int]] = [[] for _ in items]
    for index, item in enumerate(items):
        for source in {maker[name] for name in item.inputs if name in maker}:
            readers[source].append(index)
    return readers
