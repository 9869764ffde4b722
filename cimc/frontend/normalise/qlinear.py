"""QLinear operators, and operators on stored integers, as QDQ.

onnxruntime turns the QDQ form back into the same kernels, so that no number changes.
"""

from __future__ import annotations

from collections.abc import Callable

from onnx import ModelProto, NodeProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph, attributes
from cimc.frontend.normalise.moving import input_meanings, is_moving, move
from cimc.frontend.normalise.qdq_form import QdqForm

__all__ = ["qlinear_to_qdq"]

#: First operator set whose Softmax works along one axis.
_SOFTMAX_ALONG_AXIS = 13


def _conv(form: QdqForm) -> None:
    x, xs, xz, w, ws, wz, ys, yz, *rest = form.node.input
    inputs = [form.real(x, xs, xz), form.weights(w, ws, wz, 0)]
    if rest and rest[0]:
        inputs.append(form.bias(rest[0], xs, ws))
    kept, rank = attributes(form.node), form.graph.constant(w).ndim
    if not kept.pop("channels_last", 0):
        form.finish("Conv", inputs, ys, yz, **kept)
        return
    inputs[0] = form.step("Transpose", [inputs[0]], xs, xz, perm=_channels_first(rank))
    real = form.step("Conv", inputs, ys, yz, **kept)
    form.finish("Transpose", [real], ys, yz, perm=_channels_last(rank))


def _channels_first(rank: int) -> list[int]:
    """The order of dimensions that makes (N, C, …) of (N, …, C)."""
    return [0, rank - 1, *range(1, rank - 1)]


def _channels_last(rank: int) -> list[int]:
    """The order of dimensions that makes (N, …, C) of (N, C, …)."""
    return [0, *range(2, rank), 1]


def _matmul(form: QdqForm) -> None:
    a, a_s, az, b, bs, bz, ys, yz = form.node.input
    inputs = [form.real(a, a_s, az), form.weights(b, bs, bz, 1)]
    form.finish("MatMul", inputs, ys, yz)


def _gemm(form: QdqForm) -> None:
    a, a_s, az, b, bs, bz, c, ys, *rest = form.node.input
    kept = attributes(form.node)
    axis = 0 if kept.get("transB", 0) else 1
    inputs = [form.real(a, a_s, az), form.weights(b, bs, bz, axis)]
    if c:
        inputs.append(form.bias(c, a_s, bs))
    form.finish("Gemm", inputs, ys, rest[0] if rest else "", **kept)


def _binary(form: QdqForm) -> None:
    a, a_s, az, b, bs, bz, ys, *rest = form.node.input
    inputs = [form.real(a, a_s, az), form.real(b, bs, bz)]
    op_type = form.node.op_type.removeprefix("QLinear")
    form.finish(op_type, inputs, ys, rest[0] if rest else "")


def _unary(form: QdqForm) -> None:
    x, xs, xz, ys, *rest = form.node.input
    op_type = form.node.op_type.removeprefix("QLinear")
    kept = attributes(form.node)
    kept.pop("opset", None)
    real = form.real(x, xs, xz)
    form.finish(op_type, [real], ys, rest[0] if rest else "", **kept)


def _pool(form: QdqForm) -> None:
    """A pool, with Transposes around it where its maps are in NHWC."""
    x, xs, xz, ys, *rest = form.node.input
    op_type = form.node.op_type.removeprefix("QLinear")
    kept, yz = attributes(form.node), rest[0] if rest else ""
    real = form.real(x, xs, xz)
    if not kept.pop("channels_last", 0):
        form.finish(op_type, [real], ys, yz, **kept)
        return
    rank = len(form.graph.shape(x) or range(4))
    real = form.step("Transpose", [real], xs, xz, perm=_channels_first(rank))
    real = form.step(op_type, [real], ys, yz, **kept)
    form.finish("Transpose", [real], ys, yz, perm=_channels_last(rank))


def _mean(form: QdqForm) -> None:
    """A mean; over the rows and columns of a map it is a global pool."""
    x, xs, xz, ys, *rest = form.node.input
    kept, yz = attributes(form.node), rest[0] if rest else ""
    shape = form.graph.shape(x)
    real = form.real(x, xs, xz)
    of_map = shape is not None and len(shape) == 4 and "axes" in kept
    if not of_map or sorted(axis % 4 for axis in kept["axes"]) != [2, 3]:
        form.finish("ReduceMean", [real], ys, yz, **kept)
    elif kept.get("keepdims", 1):
        form.finish("GlobalAveragePool", [real], ys, yz)
    else:
        real = form.step("GlobalAveragePool", [real], ys, yz)
        form.finish("Flatten", [real], ys, yz, axis=1)


def _concat(form: QdqForm) -> None:
    ys, yz, *rest = form.node.input
    triples = zip(rest[0::3], rest[1::3], rest[2::3], strict=True)
    inputs = [form.real(*triple) for triple in triples]
    form.finish("Concat", inputs, ys, yz, **attributes(form.node))


def _where(form: QdqForm) -> None:
    condition, x, xs, xz, y, y_s, yz, zs, *rest = form.node.input
    inputs = [condition, form.real(x, xs, xz), form.real(y, y_s, yz)]
    form.finish("Where", inputs, zs, rest[0] if rest else "")


_REWRITES: dict[str, Callable[[QdqForm], None]] = {
    "QLinearConv": _conv,
    "QLinearMatMul": _matmul,
    "QGemm": _gemm,
    "QLinearAdd": _binary,
    "QLinearMul": _binary,
    "QLinearAveragePool": _pool,
    "QLinearGlobalAveragePool": _pool,
    "QLinearReduceMean": _mean,
    "QLinearLeakyRelu": _unary,
    "QLinearSigmoid": _unary,
    "QLinearSoftmax": _unary,
    "QLinearConcat": _concat,
    "QLinearWhere": _where,
}


def qlinear_to_qdq(model: ModelProto) -> None:
    """Rewrite in place; what is no QDQ operator afterwards cannot be on the device."""
    graph, editor = Graph(model), Editor(model)
    meanings = input_meanings(graph)
    nodes: list[NodeProto] = []
    for node in graph.nodes:
        start = len(nodes)
        form = QdqForm(editor, graph, node, nodes)
        if node.op_type in _REWRITES and _is_plain(graph, node):
            _REWRITES[node.op_type](form)
        elif is_moving(form, meanings):
            move(form, meanings)
        else:
            nodes.append(_default_domain(node))
        for made in nodes[start:]:
            if made.op_type == "QuantizeLinear":
                zero = made.input[2] if len(made.input) > 2 else ""
                meanings[made.output[0]] = made.input[1], zero
    editor.replace_nodes(nodes)


def _is_plain(graph: Graph, node: NodeProto) -> bool:
    """Quantised to the end, with constant scales and zero points."""
    if node.op_type == "QGemm" and not any(node.input[7:8]):
        return False
    found = attributes(node)
    if node.op_type == "QLinearSoftmax" and found["opset"] < _SOFTMAX_ALONG_AXIS:
        return False
    # Operands come as data, scale, zero point; QLinearConcat begins with the result's.
    operands = node.input[1:] if node.op_type == "QLinearWhere" else node.input
    first = 2 if node.op_type == "QLinearConcat" else 0
    return all(
        graph.is_constant(name)
        for index, name in enumerate(operands)
        if name and (index - first) % 3
    )


def _default_domain(node: NodeProto) -> NodeProto:
    """Quantize- and DequantizeLinear of com.microsoft mean the same as ONNX's."""
    if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
        node.domain = ""
    return node
