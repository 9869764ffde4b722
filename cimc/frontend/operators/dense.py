"""Gemm and MatMul with constant weights: convolutions that cover the whole map."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from cimc.dialects.cim import Window
from cimc.frontend.graph import attributes
from cimc.frontend.operators.base import Context, Refusal, Step
from cimc.frontend.operators.convolution import convolve
from cimc.frontend.operators.layout import Layout
from cimc.frontend.operators.weights import Kernel, read_kernel
from cimc.frontend.quantised_ops import QuantisedOp
from cimc.weights import Array

__all__ = ["read_gemm", "read_matmul"]

#: Rows and columns of a matrix that are transposed together.
_BLOCK = 128


def read_gemm(quantised: QuantisedOp, context: Context) -> Step:
    """Gemm of one row with constant weights, alpha = beta = 1."""
    found = attributes(quantised.node)
    if found.get("alpha", 1.0) != 1.0 or found.get("beta", 1.0) != 1.0:
        raise Refusal("its alpha or beta is not 1")
    if found.get("transA", 0):
        raise Refusal("its first operand is transposed")
    transposed = bool(found.get("transB", 0))
    kernel = read_kernel(quantised, context, cout_axis=0 if transposed else 1)
    matrix = kernel.values.T if transposed else kernel.values
    return _dense(quantised, context, kernel, matrix)


def read_matmul(quantised: QuantisedOp, context: Context) -> Step:
    """MatMul of one row with a constant matrix."""
    constant = context.graph.dequantised(quantised.node.input[1])
    if constant is None or not context.graph.is_constant(constant.input[0]):
        raise Refusal("its second operand is not a constant matrix")
    if len(context.graph.constant(constant.input[0]).shape) != 2:
        raise Refusal("its second operand is not a matrix")
    kernel = read_kernel(quantised, context, cout_axis=1)
    return _dense(quantised, context, kernel, kernel.values)


def _dense(
    quantised: QuantisedOp, context: Context, kernel: Kernel, matrix: Array
) -> Step:
    """A convolution whose kernel is as large as the map behind the row.

    The rows of ``matrix`` (cin, cout) follow the elements of the tensor, most often
    (c, h, w); the device's order is (h, w, c).
    """
    layout, ifm = context.layout(quantised), context.ifm(quantised)
    sizes = layout.sizes
    if prod(sizes[:-1]) != 1 or sizes[-1] != prod(ifm.shape):
        raise Refusal(f"its operand has shape {sizes}, not one row")
    rows, cout = matrix.shape
    if rows != sizes[-1]:
        raise Refusal(f"its weights have {rows} rows, its operand {sizes[-1]} elements")
    if layout.index is None:
        by_channel = matrix.reshape(ifm.channels, ifm.height, ifm.width, cout)
        weights = _contiguous(by_channel.transpose(1, 2, 0, 3))
    else:
        weights = np.empty((*ifm.shape, cout), matrix.dtype)
        weights.reshape(rows, cout)[layout.order] = matrix
    window = Window.of((ifm.height, ifm.width))
    step = convolve(quantised, context, kernel, weights, window, (1, 1, cout))
    row = Layout(step.ofm.shape, context.output_shape(quantised))
    return replace(step, layout=row)


def _contiguous(weights: Array) -> Array:
    """A copy of (h, w, cin, cout) block by block: in one go it leaves the caches."""
    result = np.empty(weights.shape, weights.dtype)
    _, _, cin, cout = weights.shape
    for row in range(0, cin, _BLOCK):
        for column in range(0, cout, _BLOCK):
            part = ..., slice(row, row + _BLOCK), slice(column, column + _BLOCK)
            result[part] = weights[part]
    result.setflags(write=False)  # so that no store has to copy it
    return result
