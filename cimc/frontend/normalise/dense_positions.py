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
    if prod(shape[:-1]) < 2 or len(shape) > 4:
        return None
    found = attributes(node)
    factors = {found.get("alpha", 1.0), found.get("beta", 1.0)}
    if found.get("transA", 0) or factors != {1.0} or (len(shape) > 2 and shape[0] > 1):
        return None
    before, weights, transposed = *known[:2], bool(found.get("transB", 0))
    affine = graph.quantisation_of_node(weights)
    if affine is None or not graph.is_constant(weights.input[0]):
        return None
    if len(graph.constant(weights.input[0]).shape) != 2:
        return None
    if not affine.per_tensor and affine.axis % 2 != (0 if transposed else 1):
        return None
    return _Product(node, shape, before, weights, behind, transposed)


def _convolution(graph: Graph, editor: Editor, product: _Product) -> list[NodeProto]:
    node, name = product.node, label(product.node)
    matrix = graph.constant(product.weights.input[0])
    kernel = matrix if product.transposed else matrix.T
    kernel = kernel.reshape(*kernel.shape, *(1 for _ in _full(product.shape)[1:-1]))
    stored = editor.constant(f"{product.weights.input[0]}_kernel", kernel)
    weights = editor.fresh(f"{node.input[1]}_kernel")
    parameters = [stored, *product.weights.input[1:]]
    nodes = [editor.node("DequantizeLinear", parameters, weights, axis=0)]
    x, quantise = node.input[0], product.before
    for op_type, operands, kept in _steps(editor, product, weights, len(kernel)):
        called = name if op_type == "Conv" else editor.fresh(f"{name}_{op_type}")
        quantise = product.behind if op_type == "Conv" else quantise
        result = editor.fresh(f"{called}_Output")
        pair, real = editor.pair(result, *quantise.input[1:3])
        nodes += [editor.node(op_type, [x, *operands], result, called, **kept), *pair]
        x = real
    del nodes[-2:]  # what quantises the product quantises the last step
    nodes[-1].output[0] = node.output[0]
    return nodes


def _full(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape if len(shape) > 2 else (1, *shape)


def _steps(
    editor: Editor, product: _Product, weights: str, columns: int
) -> Iterator[_Step]:
    full, y = _full(product.shape), product.node.output[0]
    last = len(full) - 1
    if full != product.shape:
        yield "Reshape", [editor.constant(f"{y}_rows", np.array(full))], {}
    yield "Transpose", [], {"perm": [0, last, *range(1, last)]}
    yield "Conv", [weights, *product.node.input[2:]], {}
    yield "Transpose", [], {"perm": [0, *range(2, last + 1), 1]}
    if full != product.shape:
        sizes = np.array([product.shape[0], columns])
        yield "Reshape", [editor.constant(f"{y}_rows", sizes)], {}
