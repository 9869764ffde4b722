"""Constant operands of Conv, Gemm and MatMul: weights and bias as integers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import NodeProto

from cimc.frontend.graph import Affine
from cimc.frontend.operators.base import Context, Refusal
from cimc.frontend.quantised_ops import QuantisedOp
from cimc.weights import Array

__all__ = ["Kernel", "read_factor", "read_kernel"]

#: Relative difference of float32 products that may come from another order of factors.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Kernel:
    """Weights with their zero point subtracted, bias, and scale per output channel.

    ``values`` is int8 in the layout of ONNX (of factors: (channels,)), ``scale``
    float32 and ``bias`` int32, both of shape (cout,).
    """

    values: Array
    scale: Array
    bias: Array


def read_kernel(quantised: QuantisedOp, context: Context, *, cout_axis: int) -> Kernel:
    """Read operands 1 (weights) and 2 (bias) of a node.

    Raises:
        Refusal: they are not constant, or not what the device multiplies with.
    """
    node, graph = quantised.node, context.graph
    source = graph.dequantised(node.input[1])
    if source is None or not graph.is_constant(source.input[0]):
        raise Refusal("its weights are not quantised constants")
    affine = graph.quantisation_of_node(source)
    stored = graph.constant(source.input[0])
    if affine is None or stored.dtype.name not in ("int8", "uint8"):
        raise Refusal(f"its weights are {stored.dtype}, not int8 or uint8")
    if not (np.isfinite(affine.scale).all() and (affine.scale > 0).all()):
        raise Refusal("a scale of its weights is not positive and finite")
    cout = stored.shape[cout_axis]
    scale = _per_channel(affine, affine.scale, cout_axis, stored.ndim, cout)
    zero = _per_channel(affine, affine.zero, cout_axis, stored.ndim, cout)
    along = [1] * stored.ndim
    along[cout_axis] = cout
    values = stored
    if zero.any() or stored.dtype != np.int8:
        values = stored.astype(np.int16) - zero.astype(np.int16).reshape(along)
        if values.min() < -128 or values.max() > 127:
            raise Refusal(
                "its weights minus their zero point leave int8 "
                f"(they span [{values.min()}, {values.max()}])"
            )
    ifm = context.ifm(quantised)
    bias = _read_bias(node, context, np.float32(ifm.scale) * scale)
    return Kernel(values.astype(np.int8, copy=False), scale, bias)


def read_factor(quantised: QuantisedOp, context: Context, channels: int) -> Kernel:
    """Read the constant operand of a product, one for each of the ``channels``.

    onnxruntime multiplies as it requantises sums, so that this is a convolution of
    each channel by itself.

    Raises:
        Refusal: it is not such a constant, or leaves int8.
    """
    graph = context.graph
    for name in quantised.node.input:
        source = graph.dequantised(name)
        if source is None or not graph.is_constant(source.input[0]):
            continue
        affine, stored = (
            graph.quantisation_of_node(source),
            graph.constant(source.input[0]),
        )
        if affine is None or not affine.per_tensor or stored.dtype.itemsize != 1:
            break
        values = stored.astype(np.int16) - affine.zero.astype(np.int16).reshape(())
        if values.shape[-3:] != (channels, 1, 1) or abs(values).max() > 127:
            break
        scale = np.full(channels, affine.scale.item(), np.float32)
        bias = np.zeros(channels, np.int32)
        factors = values.astype(np.int8).reshape(channels)
        return Kernel(factors, scale, bias)
    raise Refusal("its constant is not one 8-bit number for each channel")


def _per_channel(
    affine: Affine, values: Array, axis: int, rank: int, cout: int
) -> Array:
    if affine.per_tensor:
        return np.full(cout, values.item(), values.dtype)
    if affine.axis % rank != axis or values.shape != (cout,):
        raise Refusal("its weights are not quantised per output channel")
    return values


def _read_bias(node: NodeProto, context: Context, expected: Array) -> Array:
    """The int32 bias, whose scale must be ``expected`` = s_x · s_w."""
    if len(node.input) < 3 or not node.input[2]:
        return np.zeros(expected.shape, np.int32)
    graph = context.graph
    source = graph.dequantised(node.input[2])
    if source is None or not graph.is_constant(source.input[0]):
        raise Refusal("its bias is not a quantised constant")
    affine, stored = graph.quantisation_of_node(source), graph.constant(source.input[0])
    if affine is None or stored.dtype != np.int32 or affine.zero.any():
        raise Refusal("its bias is not int32 with zero point 0")
    if stored.size not in (1, expected.size):
        raise Refusal(f"its bias has shape {stored.shape}, not ({expected.size},)")
    scale = affine.scale.ravel()
    if scale.size not in (1, expected.size) or not np.allclose(
        scale, expected, rtol=_ROUNDING, atol=0
    ):
        raise Refusal("the scale of its bias is not that of input times weights")
    return np.broadcast_to(stored.ravel(), expected.shape)
