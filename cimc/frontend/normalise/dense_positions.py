"""Quantised products of several rows with a matrix, as 1 × 1 convolutions.

Such are dense layers behind every position of a map: the positions are the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph, attributes, label

__all__ = ["convolve_positions"]


@dataclass(frozen=True)
class _Product:
    """A product, what dequantises its operands, and what quantises its result.

    ``shape`` is that of the first operand: (rows, K), or (1, …, K) with one or two
    dimensions of rows. ``transposed`` says that the weights are (N, K), not (K, N).
    """

    node: NodeProto
    shape: tuple[int, ...]
    before: NodeProto
    weights: NodeProto
    behind: NodeProto
    transposed: bool


_Step = tuple[str, Sequence[str], dict[str, Any]]
"""An operator, its operands but the first, and its attributes."""


def convolve_positions(model: ModelProto) -> None:
    """Transpose, Conv and Transpose, each with its own quantisation, in place.

    A Reshape comes before and behind where the rows have no leading 1.
    """
    graph, editor = Graph(model), Editor(model)
    nodes: list[NodeProto] = []
    for node in graph.nodes:
        product = _product(graph, node)
        nodes += [node] if product is None else _convolution(graph, editor, product)
    editor.replace_nodes(nodes)


def _product(graph: Graph, node: NodeProto) -> _Product | None:
    """``node``, if it multiplies several rows by a constant, all of it quantised."""
    if node.op_type not in ("Gemm", "MatMul"):
        return None
    shape, behind = graph.shape(node.input[0]), graph.quantised_by(node.output[0])
    sources = [graph.dequantised(name) for name in node.input if name]
    known = [source for source in sources if source is not None]
    if shape is None or behind is None or len(known) != len(sources):
        return None
    if prod(shape[:-1]) < 2 or len(shape) > 4 or (len(shape) > 2 and shape[0] > 1):
        return None
    found = attributes(node)
    factors = {found.get("alpha", 1.0), found.get("beta", 1.0)}
    if found.get("transA", 0) or factors != {1.0}:
        return None
    before, weights, *bias = known
    transposed = bool(found.get("transB", 0))
    if not (_is_map(graph, before) and _is_map(graph, behind)):
        return None
    columns = _columns(graph, weights, 0 if transposed else 1)
    if columns == 0 or (bias and not _fits(graph, bias[0], columns)):
        return None
    return _Product(node, shape, before, weights, behind, transposed)


def _is_map(graph: Graph, node: NodeProto) -> bool:
    """Whether a node quantises or dequantises what a feature map may hold."""
    affine = graph.quantisation_of_node(node)
    if affine is None or not affine.per_tensor:
        return False
    return affine.zero.dtype.name in ("int8", "uint8")


def _columns(graph: Graph, weights: NodeProto, axis: int) -> int:
    """Columns of a matrix, 0 if it is none or has scales along its rows."""
    affine = graph.quantisation_of_node(weights)
    if affine is None or not graph.is_constant(weights.input[0]):
        return 0
    shape = graph.constant(weights.input[0]).shape
    along = affine.per_tensor or affine.axis % 2 == axis
    return shape[axis] if len(shape) == 2 and along else 0


def _fits(graph: Graph, bias: NodeProto, columns: int) -> bool:
    """Whether a bias is the same for all rows."""
    if not graph.is_constant(bias.input[0]) or not graph.quantisation_of_node(bias):
        return False
    shape = graph.constant(bias.input[0]).shape
    return len(shape) < 3 and shape[:-1] in ((), (1,)) and prod(shape) in (1, columns)


def _convolution(graph: Graph, editor: Editor, product: _Product) -> list[NodeProto]:
    node, name = product.node, label(product.node)
    matrix = graph.constant(product.weights.input[0])
    kernel = matrix if product.transposed else matrix.T
    kernel = kernel.reshape(*kernel.shape, *(1 for _ in _full(product.shape)[1:-1]))
    stored = editor.constant(f"{product.weights.input[0]}_kernel", kernel)
    weights = editor.fresh(f"{node.input[1]}_kernel")
    parameters = [stored, *product.weights.input[1:]]
    nodes = [
        editor.node("DequantizeLinear", parameters, weights, axis=0),
        *_wide_bias(graph, editor, node, len(kernel)),
    ]
    constants = [made.output[0] for made in nodes]
    x, quantise = node.input[0], product.before
    for op_type, operands, kept in _steps(editor, product, constants, len(kernel)):
        called = name if op_type == "Conv" else editor.fresh(f"{name}_{op_type}")
        quantise = product.behind if op_type == "Conv" else quantise
        result = editor.fresh(f"{called}_Output")
        pair, real = editor.pair(result, *quantise.input[1:3])
        nodes += [editor.node(op_type, [x, *operands], result, called, **kept), *pair]
        x = real
    del nodes[-2:]  # what quantises the product quantises the last step
    nodes[-1].output[0] = node.output[0]
    return nodes


def _wide_bias(
    graph: Graph, editor: Editor, node: NodeProto, columns: int
) -> Iterator[NodeProto]:
    """The DequantizeLinear of a bias of shape (N,), if there is a bias."""
    source = graph.dequantised(node.input[2]) if len(node.input) > 2 else None
    affine = None if source is None else graph.quantisation_of_node(source)
    if source is None or affine is None:
        return
    stored = np.broadcast_to(graph.constant(source.input[0]).ravel(), columns)
    whole = affine.per_tensor
    parameters = (v.reshape(()) if whole else v for v in (affine.scale, affine.zero))
    names = [
        editor.constant(f"{node.input[2]}_{part}", array)
        for part, array in zip(
            ("wide", "scale", "zero"), (stored, *parameters), strict=True
        )
    ]
    real = editor.fresh(f"{node.input[2]}_wide_real")
    yield editor.node("DequantizeLinear", names, real, axis=0)


def _full(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape if len(shape) > 2 else (1, *shape)


def _steps(
    editor: Editor, product: _Product, constants: Sequence[str], columns: int
) -> Iterator[_Step]:
    full, y = _full(product.shape), product.node.output[0]
    last = len(full) - 1
    if full != product.shape:
        yield "Reshape", [editor.constant(f"{y}_rows", np.array(full))], {}
    yield "Transpose", [], {"perm": [0, last, *range(1, last)]}
    yield "Conv", constants, {}
    yield "Transpose", [], {"perm": [0, *range(2, last + 1), 1]}
    if full != product.shape:
        sizes = np.array([product.shape[0], columns])
        yield "Reshape", [editor.constant(f"{y}_rows", sizes)], {}
