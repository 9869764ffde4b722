"""QLinear operators, and operators on stored integers, as QDQ.

onnxruntime turns the QDQ form back into the same kernels, so that no number changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper

from cimc.frontend.graph import Graph, attributes, label
from cimc.frontend.normalise.edit import Editor

__all__ = ["qlinear_to_qdq"]

#: Operators that hand stored values on unchanged.
_MOVING = frozenset(
    {"Concat", "Flatten", "MaxPool", "Reshape", "Squeeze", "Transpose", "Unsqueeze"}
)


@dataclass
class _Rewrite:
    """One QLinear node on its way to QDQ."""

    editor: Editor
    graph: Graph
    node: NodeProto
    nodes: list[NodeProto]

    def real(self, stored: str, scale: str, zero: str, axis: int | None = None) -> str:
        """Append a DequantizeLinear and return what it makes.

        ``axis`` is that of a scale per channel, None for a scalar.
        """
        result = self.editor.fresh(f"{stored}_DequantizeLinear_Output")
        inputs = [stored, scale, *_given(zero)]
        node = self.editor.node("DequantizeLinear", inputs, result)
        if axis is not None:
            node.attribute.append(helper.make_attribute("axis", axis))
        self.nodes.append(node)
        return result

    def finish(
        self, op_type: str, inputs: list[str], scale: str, zero: str, **kept: object
    ) -> None:
        """Append the float operator and the QuantizeLinear of its result."""
        output = self.node.output[0]
        real = self.editor.fresh(f"{output}_QuantizeLinear_Input")
        self.nodes += [
            self.editor.node(op_type, inputs, real, label(self.node), **kept),
            self.editor.node("QuantizeLinear", [real, scale, *_given(zero)], output),
        ]

    def bias(self, stored: str, x_scale: str, w_scale: str) -> str:
        """The int32 bias, whose scale is that of input times weights."""
        product = self.graph.constant(x_scale) * self.graph.constant(w_scale)
        scale = self.editor.constant(f"{stored}_scale", product.astype(np.float32))
        zeros = np.zeros(product.shape, np.int32)
        zero = self.editor.constant(f"{stored}_zero_point", zeros)
        return self.real(stored, scale, zero, None if product.ndim == 0 else 0)

    def weights(self, stored: str, scale: str, zero: str, axis: int) -> str:
        """Append the DequantizeLinear of weights, per element of ``axis`` or not."""
        scalar = self.graph.constant(scale).ndim == 0
        return self.real(stored, scale, zero, None if scalar else axis)


def _conv(rewrite: _Rewrite) -> None:
    x, xs, xz, w, ws, wz, ys, yz, *rest = rewrite.node.input
    inputs = [rewrite.real(x, xs, xz), rewrite.weights(w, ws, wz, 0)]
    if rest and rest[0]:
        inputs.append(rewrite.bias(rest[0], xs, ws))
    rewrite.finish("Conv", inputs, ys, yz, **attributes(rewrite.node))


def _matmul(rewrite: _Rewrite) -> None:
    a, a_s, az, b, bs, bz, ys, yz = rewrite.node.input
    inputs = [rewrite.real(a, a_s, az), rewrite.weights(b, bs, bz, 1)]
    rewrite.finish("MatMul", inputs, ys, yz)


def _gemm(rewrite: _Rewrite) -> None:
    a, a_s, az, b, bs, bz, c, ys, *rest = rewrite.node.input
    kept = attributes(rewrite.node)
    axis = 0 if kept.get("transB", 0) else 1
    inputs = [rewrite.real(a, a_s, az), rewrite.weights(b, bs, bz, axis)]
    if c:
        inputs.append(rewrite.bias(c, a_s, bs))
    rewrite.finish("Gemm", inputs, ys, rest[0] if rest else "", **kept)


def _binary(rewrite: _Rewrite) -> None:
    a, a_s, az, b, bs, bz, ys, *rest = rewrite.node.input
    inputs = [rewrite.real(a, a_s, az), rewrite.real(b, bs, bz)]
    op_type = rewrite.node.op_type.removeprefix("QLinear")
    rewrite.finish(op_type, inputs, ys, rest[0] if rest else "")


def _unary(rewrite: _Rewrite) -> None:
    x, xs, xz, ys, *rest = rewrite.node.input
    kept = attributes(rewrite.node)
    kept.pop("channels_last", None)
    op_type = rewrite.node.op_type.removeprefix("QLinear")
    real = rewrite.real(x, xs, xz)
    rewrite.finish(op_type, [real], ys, rest[0] if rest else "", **kept)


def _concat(rewrite: _Rewrite) -> None:
    ys, yz, *rest = rewrite.node.input
    triples = zip(rest[0::3], rest[1::3], rest[2::3], strict=True)
    inputs = [rewrite.real(*triple) for triple in triples]
    rewrite.finish("Concat", inputs, ys, yz, **attributes(rewrite.node))


_REWRITES: dict[str, Callable[[_Rewrite], None]] = {
    "QLinearConv": _conv,
    "QLinearMatMul": _matmul,
    "QGemm": _gemm,
    "QLinearAdd": _binary,
    "QLinearMul": _binary,
    "QLinearAveragePool": _unary,
    "QLinearGlobalAveragePool": _unary,
    "QLinearLeakyRelu": _unary,
    "QLinearSigmoid": _unary,
    "QLinearConcat": _concat,
}


def qlinear_to_qdq(model: ModelProto) -> None:
    """Rewrite in place; what is no QDQ operator afterwards cannot be on the device."""
    graph, editor = Graph(model), Editor(model)
    meanings = _input_meanings(graph)
    nodes: list[NodeProto] = []
    for node in graph.nodes:
        start = len(nodes)
        rewrite = _Rewrite(editor, graph, node, nodes)
        if node.op_type in _REWRITES and _is_plain(graph, node):
            _REWRITES[node.op_type](rewrite)
        elif node.op_type in _MOVING and _has_meaning(graph, node, meanings):
            _moving(rewrite, meanings)
        else:
            nodes.append(_default_domain(node))
        for made in nodes[start:]:
            if made.op_type == "QuantizeLinear":
                meanings[made.output[0]] = made.input[1], _zero(made)
    editor.replace_nodes(nodes)


def _is_plain(graph: Graph, node: NodeProto) -> bool:
    """Not in NHWC, quantised to the end, with constant scales and zero points."""
    if attributes(node).get("channels_last", 0):
        return False
    if node.op_type == "QGemm" and len(node.input) < 8:
        return False
    # Operands come as data, scale, zero point; QLinearConcat begins with the result's.
    first = 2 if node.op_type == "QLinearConcat" else 0
    return all(
        graph.is_constant(name)
        for index, name in enumerate(node.input)
        if name and (index - first) % 3
    )


def _has_meaning(
    graph: Graph, node: NodeProto, meanings: Mapping[str, tuple[str, str]]
) -> bool:
    """Whether the stored values that a node moves all mean the same."""
    data = node.input if node.op_type == "Concat" else node.input[:1]
    if len(node.output) > 1 or any(name not in meanings for name in data):
        return False
    found = [meanings[name] for name in data]
    return all(
        own == first or _equal(graph, own, first)
        for parameters in found
        for own, first in zip(parameters, found[0], strict=True)
    )


def _equal(graph: Graph, left: str, right: str) -> bool:
    """Whether two names are constants of the same value."""
    known = graph.is_constant(left) and graph.is_constant(right)
    return known and np.array_equal(graph.constant(left), graph.constant(right))


def _moving(rewrite: _Rewrite, meanings: dict[str, tuple[str, str]]) -> None:
    """An operator on stored integers."""
    node = rewrite.node
    variable = len(node.input) if node.op_type == "Concat" else 1
    inputs = [rewrite.real(name, *meanings[name]) for name in node.input[:variable]]
    inputs += node.input[variable:]
    scale, zero = meanings[node.input[0]]
    rewrite.finish(node.op_type, inputs, scale, zero, **attributes(node))


def _input_meanings(graph: Graph) -> dict[str, tuple[str, str]]:
    """Scale and zero point of the model's 8-bit inputs, from who reads them."""
    found: dict[str, tuple[str, str]] = {}
    for name in graph.inputs:
        if graph.element_type(name) not in (TensorProto.INT8, TensorProto.UINT8):
            continue
        for node in graph.consumers[name]:
            if node.op_type in ("DequantizeLinear", *_REWRITES):
                index = list(node.input).index(name)
                scale, *rest = node.input[index + 1 : index + 3]
                found[name] = scale, "".join(rest)
                break
    return found


def _given(name: str) -> list[str]:
    return [name] if name else []


def _zero(node: NodeProto) -> str:
    return node.input[2] if len(node.input) > 2 else ""


def _default_domain(node: NodeProto) -> NodeProto:
    """Quantize- and DequantizeLinear of com.microsoft mean the same as ONNX's."""
    if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
        node.domain = ""
    return node
