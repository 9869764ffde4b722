"""QLinear operators, and operators on stored integers, as QDQ.

onnxruntime turns the QDQ form back into the same kernels, so that no number changes.
"""

from __future__ import annotations

from collections.abc import Callable

from onnx import ModelProto, NodeProto

from cimc.frontend.graph import Graph, attributes
from cimc.frontend.normalise.edit import Editor
from cimc.frontend.normalise.moving import input_meanings, is_moving, move
from cimc.frontend.normalise.rewriting import Rewrite

__all__ = ["qlinear_to_qdq"]

#: First operator set whose Softmax works along one axis.
_SOFTMAX_ALONG_AXIS = 13


def _conv(rewrite: Rewrite) -> None:
    x, xs, xz, w, ws, wz, ys, yz, *rest = rewrite.node.input
    inputs = [rewrite.real(x, xs, xz), rewrite.weights(w, ws, wz, 0)]
    if rest and rest[0]:
        inputs.append(rewrite.bias(rest[0], xs, ws))
    rewrite.finish("Conv", inputs, ys, yz, **attributes(rewrite.node))


def _matmul(rewrite: Rewrite) -> None:
    a, a_s, az, b, bs, bz, ys, yz = rewrite.node.input
    inputs = [rewrite.real(a, a_s, az), rewrite.weights(b, bs, bz, 1)]
    rewrite.finish("MatMul", inputs, ys, yz)


def _gemm(rewrite: Rewrite) -> None:
    a, a_s, az, b, bs, bz, c, ys, *rest = rewrite.node.input
    kept = attributes(rewrite.node)
    axis = 0 if kept.get("transB", 0) else 1
    inputs = [rewrite.real(a, a_s, az), rewrite.weights(b, bs, bz, axis)]
    if c:
        inputs.append(rewrite.bias(c, a_s, bs))
    rewrite.finish("Gemm", inputs, ys, rest[0] if rest else "", **kept)


def _binary(rewrite: Rewrite) -> None:
    a, a_s, az, b, bs, bz, ys, *rest = rewrite.node.input
    inputs = [rewrite.real(a, a_s, az), rewrite.real(b, bs, bz)]
    op_type = rewrite.node.op_type.removeprefix("QLinear")
    rewrite.finish(op_type, inputs, ys, rest[0] if rest else "")


def _unary(rewrite: Rewrite) -> None:
    x, xs, xz, ys, *rest = rewrite.node.input
    op_type = rewrite.node.op_type.removeprefix("QLinear")
    kept = attributes(rewrite.node)
    kept.pop("opset", None)
    real = rewrite.real(x, xs, xz)
    rewrite.finish(op_type, [real], ys, rest[0] if rest else "", **kept)


def _pool(rewrite: Rewrite) -> None:
    """A pool, with Transposes around it where its maps are in NHWC."""
    x, xs, xz, ys, *rest = rewrite.node.input
    op_type = rewrite.node.op_type.removeprefix("QLinear")
    kept, yz = attributes(rewrite.node), rest[0] if rest else ""
    real = rewrite.real(x, xs, xz)
    if not kept.pop("channels_last", 0):
        rewrite.finish(op_type, [real], ys, yz, **kept)
        return
    real = rewrite.step("Transpose", real, xs, xz, perm=[0, 3, 1, 2])
    real = rewrite.step(op_type, real, ys, yz, **kept)
    rewrite.finish("Transpose", [real], ys, yz, perm=[0, 2, 3, 1])


def _mean(rewrite: Rewrite) -> None:
    """A mean; over the rows and columns of a map it is a global pool."""
    x, xs, xz, ys, *rest = rewrite.node.input
    kept, yz = attributes(rewrite.node), rest[0] if rest else ""
    shape = rewrite.graph.shape(x)
    real = rewrite.real(x, xs, xz)
    of_map = shape is not None and len(shape) == 4 and "axes" in kept
    if not of_map or sorted(axis % 4 for axis in kept["axes"]) != [2, 3]:
        rewrite.finish("ReduceMean", [real], ys, yz, **kept)
    elif kept.get("keepdims", 1):
        rewrite.finish("GlobalAveragePool", [real], ys, yz)
    else:
        real = rewrite.step("GlobalAveragePool", real, ys, yz)
        rewrite.finish("Flatten", [real], ys, yz, axis=1)


def _concat(rewrite: Rewrite) -> None:
    ys, yz, *rest = rewrite.node.input
    triples = zip(rest[0::3], rest[1::3], rest[2::3], strict=True)
    inputs = [rewrite.real(*triple) for triple in triples]
    rewrite.finish("Concat", inputs, ys, yz, **attributes(rewrite.node))


def _where(rewrite: Rewrite) -> None:
    condition, x, xs, xz, y, y_s, yz, zs, *rest = rewrite.node.input
    inputs = [condition, rewrite.real(x, xs, xz), rewrite.real(y, y_s, yz)]
    rewrite.finish("Where", inputs, zs, rest[0] if rest else "")


_REWRITES: dict[str, Callable[[Rewrite], None]] = {
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
        rewrite = Rewrite(editor, graph, node, nodes)
        if node.op_type in _REWRITES and _is_plain(graph, node):
            _REWRITES[node.op_type](rewrite)
        elif is_moving(rewrite, meanings):
            move(rewrite, meanings)
        else:
            nodes.append(_default_domain(node))
        for made in nodes[start:]:
            if made.op_type == "QuantizeLinear":
                zero = made.input[2] if len(made.input) > 2 else ""
                meanings[made.output[0]] = made.input[1], zero
    editor.replace_nodes(nodes)


def _is_plain(graph: Graph, node: NodeProto) -> bool:
    """Quantised to the end, with constant scales and zero points."""
    if node.op_type == "QGemm" and len(node.input) < 8:
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
