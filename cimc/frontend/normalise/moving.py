"""Operators that move stored integers, and what those mean.

MaxPool, Reshape, Slice and others work on bytes as they are. Their results mean what
their operands meant, so that DequantizeLinear before and QuantizeLinear behind them
change no number.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import TensorProto

from cimc.frontend.graph import Graph, attributes
from cimc.frontend.normalise.qdq_form import Meaning, QdqForm
from cimc.weights import Array

__all__ = ["input_meanings", "is_moving", "move"]

#: Operators whose stored results are stored values of their (first) operand.
_MOVING = frozenset(
    {"Concat", "DepthToSpace", "Expand", "Flatten", "Gather", "GatherElements"}
    | {"GatherND", "MaxPool", "Pad", "ReduceMax", "ReduceMin", "Reshape", "Resize"}
    | {"Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze"}
)


def is_moving(form: QdqForm, meanings: Mapping[str, Meaning]) -> bool:
    """Whether the node moves stored values that all mean the same."""
    node, graph = form.node, form.graph
    if node.op_type not in _MOVING or any(n not in meanings for n in _data(form)):
        return False
    found = attributes(node)
    match node.op_type:
        case "Resize":  # others interpolate, and round otherwise than QuantizeLinear
            nearest = found.get("mode", "nearest") == "nearest"
            crops = "coordinate_transformation_mode"
            if not nearest or found.get(crops) == "tf_crop_and_resize":
                return False
        case "Pad":
            if _fills(form) and _fill(form, meanings[node.input[0]]) is None:
                return False
        case "Split":
            pass
        case _:
            if len(node.output) > 1:
                return False
    known = [meanings[name] for name in _data(form)]
    return all(
        own == first or _equal(graph, own, first)
        for parameters in known
        for own, first in zip(parameters, known[0], strict=True)
    )


def move(form: QdqForm, meanings: Mapping[str, Meaning]) -> None:
    """Append what a node for which :func:`is_moving` holds is in QDQ form."""
    node, data = form.node, _data(form)
    inputs = [form.real(name, *meanings[name]) for name in data]
    rest = list(node.input[len(data) :])
    scale, zero = meanings[data[0]]
    if _fills(form):
        value = _fill(form, (scale, zero))
        assert value is not None, "is_moving checks it"
        rest[1:2] = [form.editor.constant(f"{node.output[0]}_fill", value)]
    form.finish(node.op_type, [*inputs, *rest], scale, zero, **attributes(node))


def input_meanings(graph: Graph) -> dict[str, Meaning]:
    """Scale and zero point of the model's 8-bit inputs, from who reads them."""
    eight_bits = (TensorProto.INT8, TensorProto.UINT8)
    names = [n for n in graph.inputs if graph.element_type(n) in eight_bits]
    found = {name: _read_meaning(graph, name) for name in names}
    return {name: meaning for name, meaning in found.items() if meaning is not None}


def _read_meaning(graph: Graph, name: str) -> Meaning | None:
    """What the first reader with parameters for ``name`` says, also behind a move."""
    for node in graph.consumers[name]:
        index = list(node.input).index(name)
        if node.op_type == "DequantizeLinear" or node.op_type.startswith("QLinear"):
            scale, *rest = node.input[index + 1 : index + 3]
            return scale, "".join(rest)
        if node.op_type == "QGemm":
            return node.input[index + 1], node.input[index + 2]
        if node.op_type in _MOVING:
            for output in node.output:
                if (meaning := _read_meaning(graph, output)) is not None:
                    return meaning
    return None


def _data(form: QdqForm) -> list[str]:
    """The operands whose stored values the node moves."""
    inputs = list(form.node.input)
    return inputs if form.node.op_type == "Concat" else inputs[:1]


def _fills(form: QdqForm) -> bool:
    """Whether a Pad puts a constant around the map."""
    mode = attributes(form.node).get("mode", "constant")
    return form.node.op_type == "Pad" and mode == "constant"


def _fill(form: QdqForm, meaning: Meaning) -> Array | None:
    """The real number that a Pad's stored constant means, None if that is unknown.

    A Pad without one fills with the byte 0.
    """
    graph, node = form.graph, form.node
    stored = node.input[2] if len(node.input) > 2 else ""
    names = [name for name in (stored, *meaning) if name]
    if not all(graph.is_constant(n) and graph.constant(n).size == 1 for n in names):
        return None
    scale, zero = meaning
    value = int(graph.constant(stored).item()) if stored else 0
    offset = int(graph.constant(zero).item()) if zero else 0
    step = graph.constant(scale).reshape(()).astype(np.float32)
    return np.asarray(np.float32(value - offset) * step)


def _equal(graph: Graph, left: str, right: str) -> bool:
    """Whether two names are constants of the same value."""
    known = graph.is_constant(left) and graph.is_constant(right)
    return known and np.array_equal(graph.constant(left), graph.constant(right))
