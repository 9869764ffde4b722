"""Constants become initialisers, and nodes that hand values on unchanged go away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np
from onnx import ModelProto, NodeProto, ValueInfoProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph
from cimc.frontend.load import opset_of
from cimc.frontend.shapes import check_size
from cimc.weights import Array

_Run = Callable[[None, Mapping[str, Array]], list[Array]]

#: What operators of ONNX's reference raise where operands do not fit.
_UNFIT = (
    *(ArithmeticError, LookupError, MemoryError),
    *(RuntimeError, TypeError, ValueError),
)

__all__ = ["drop_unused", "explicit_parameters", "fold_constants", "name_nodes"]


def name_nodes(model: ModelProto) -> None:
    """Give every node a name of its own."""
    editor = Editor(model)
    seen: set[str] = set()
    for node in model.graph.node:
        if not node.name or node.name in seen:
            base = next(filter(None, node.output), "") or node.op_type
            node.name = editor.fresh(f"{base}_{node.op_type}")
        seen.add(node.name)


def fold_constants(model: ModelProto) -> None:
    """Compute what depends on constants alone, and drop Identity and Dropout.

    DequantizeLinear stays: it says what the integers mean.
    """
    _Folder(model).fold()


class _Folder:
    """Walks the nodes once, in topological order."""

    def __init__(self, model: ModelProto) -> None:
        self._editor = Editor(model)
        self._graph = Graph(model)
        self._opsets = {"": opset_of(model)}
        self._folded: dict[str, Array] = {}

    def fold(self) -> None:
        """Fold in place."""
        passed: dict[str, str] = {}
        nodes: list[NodeProto] = []
        for node in self._graph.nodes:
            self._editor.rename_inputs([node], passed)
            inner = node.output[0] not in self._graph.outputs
            if inner and _passes_through(node):
                passed[node.output[0]] = node.input[0]
            elif inner and (result := self._computed(node)) is not None:
                self._folded[node.output[0]] = result
            else:
                nodes.append(node)
        self._editor.replace_nodes(nodes)
        self._editor.model.graph.initializer.extend(
            numpy_helper.from_array(array, name) for name, array in self._folded.items()
        )

    def _computed(self, node: NodeProto) -> Array | None:
        """What a node gives that depends on constants alone, if it can be computed."""
        feeds = self._constant_feeds(node)
        if feeds is None:
            return None
        check_size(node.output[0], _result_shape(node, list(feeds.values())))
        try:
            return self._result(node, feeds)
        except _UNFIT:
            return None  # what is wrong with it, onnxruntime says when it runs the node

    def _result(self, node: NodeProto, feeds: Mapping[str, Array]) -> Array:
        """What a node computes; as part of a graph it has the model's operator set."""
        operands = [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
            )
            for name, array in feeds.items()
        ]
        result = ValueInfoProto(name=node.output[0])
        graph = helper.make_graph([node], "constant", operands, [result])
        evaluator = ReferenceEvaluator(graph, opsets=self._opsets)
        run = cast("_Run", evaluator.run)  # pyright: ignore[reportUnknownMemberType]
        return np.asarray(run(None, feeds)[0])

    def _constant_feeds(self, node: NodeProto) -> dict[str, Array] | None:
        """The constant operands of a node that can be computed now, else None."""
        if (
            node.domain not in ("", "ai.onnx")
            or len(node.output) != 1
            or node.op_type == "DequantizeLinear"
            or node.op_type.startswith(("Random", "Multinomial", "Bernoulli"))
            or any(a.HasField("g") or a.graphs for a in node.attribute)
        ):
            return None
        if node.op_type == "Shape":
            shape = self._graph.shape(node.input[0])
            # Only the shape of the operand counts: one element stands for all.
            found = None if shape is None else np.broadcast_to(np.float32(0), shape)
            return None if found is None else {node.input[0]: found}
        feeds: dict[str, Array] = {}
        for name in filter(None, node.input):
            if name in self._folded:
                feeds[name] = self._folded[name]
            elif self._graph.is_constant(name):
                feeds[name] = self._graph.constant(name)
            else:
                return None
        return feeds


def _result_shape(node: NodeProto, operands: list[Array]) -> Sequence[int]:
    """The shape of a result that can be larger than its operands, else ()."""
    match node.op_type, operands:
        case "ConstantOfShape", [shape]:
            return shape.tolist()
        case "Expand", [values, shape]:
            return np.broadcast_shapes(values.shape, tuple(shape.tolist()))
        case "Tile", [values, repeats]:
            return [n * r for n, r in zip(values.shape, repeats.tolist(), strict=False)]
        case "Range", [start, limit, step] if step.all():
            return [max(0, int((limit.item() - start.item()) / step.item()))]
        case _:
            return ()


def _passes_through(node: NodeProto) -> bool:
    """Identity, and Dropout as in inference."""
    if node.op_type == "Dropout":
        training = len(node.input) > 2 and bool(node.input[2])
        return not training and len([name for name in node.output if name]) == 1
    return node.op_type == "Identity"


def explicit_parameters(model: ModelProto) -> None:
    """Write out zero points that are left out, and scalars that are vectors of one."""
    graph, editor = Graph(model), Editor(model)
    for node in graph.nodes:
        if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
            continue
        affine = graph.quantisation_of_node(node)
        if affine is None:
            continue
        operands = list(node.input[:2])
        zero = node.input[2] if len(node.input) > 2 else ""
        if affine.per_tensor and (1,) in (affine.scale.shape, affine.zero.shape):
            scale, offset = affine.scale.reshape(()), affine.zero.reshape(())
            operands[1] = editor.constant(f"{operands[1]}_scalar", scale)
            zero = editor.constant(f"{operands[1]}_zero_point", offset)
        elif not zero:
            zero = editor.constant(f"{operands[1]}_zero_point", affine.zero)
        del node.input[:]
        node.input.extend([*operands, zero])


def drop_unused(model: ModelProto) -> None:
    """Remove nodes and constants that no output depends on."""
    needed = {info.name for info in model.graph.output}
    nodes: list[NodeProto] = []
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
            nodes.insert(0, node)
    Editor(model).replace_nodes(nodes)
    constants = model.graph.initializer
    for index in reversed(range(len(constants))):
        if constants[index].name not in needed:
            del constants[index]
