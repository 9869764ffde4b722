"""Conv, and what else becomes a ``cnn.conv``."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from cimc.dialects.cim import Clamp, Window
from cimc.dialects.cnn import ConvOp
from cimc.frontend.graph import attributes
from cimc.frontend.operators.base import (
    Context,
    Emitter,
    Refusal,
    Shape,
    Step,
    image,
)
from cimc.frontend.operators.weights import Kernel, read_kernel
from cimc.frontend.operators.windows import read_window
from cimc.frontend.quantised_ops import QuantisedOp
from cimc.weights import Array

__all__ = ["convolve", "read_conv"]


def read_conv(quantised: QuantisedOp, context: Context) -> Step:
    """A convolution in one or two dimensions with constant weights.

    Where a window is one position, it does not matter how the operand counts them.
    """
    kernel = read_kernel(quantised, context, cout_axis=0)
    ifm, layout = context.ifm(quantised), context.layout(quantised)
    lengths = kernel.values.shape[2:]
    window = read_window(quantised.node, lengths, (ifm.height, ifm.width))
    pointwise = window == Window.of((1, 1)) and layout.is_by_channel
    if not pointwise:
        image(context, quantised)
    values = kernel.values.reshape(*kernel.values.shape[:2], *window.kernel)
    weights = np.ascontiguousarray(values.transpose(2, 3, 1, 0))
    rows, columns = window.output_size(ifm.height, ifm.width)
    cout = weights.shape[3]
    groups = attributes(quantised.node).get("group", 1)
    if ifm.channels != groups * weights.shape[2] or cout % groups:
        raise Refusal(
            f"its weights of {cout} x {weights.shape[2]} channels do not "
            f"go with {groups} groups of {ifm.channels} channels"
        )
    shape = rows, columns, cout
    step = convolve(quantised, context, kernel, weights, window, shape, groups)
    return replace(step, layout=layout.with_channels(cout)) if pointwise else step


def convolve(
    quantised: QuantisedOp,
    context: Context,
    kernel: Kernel,
    weights: Array,
    window: Window,
    shape: Shape,
    groups: int = 1,
) -> Step:
    """The step of a convolution with ``weights`` (kh, kw, cin / groups, cout).

    Raises:
        Refusal: a sum could leave int32.
    """
    ifm, ofm = context.ifm(quantised), context.ofm(quantised, shape)
    reach = max(ifm.high - ifm.zero, ifm.zero - ifm.low)
    if _largest_sum(weights, kernel.bias, reach) >= 2**31:
        raise Refusal("its sums can leave int32")

    def emit(emitter: Emitter) -> ConvOp:
        return ConvOp(
            emitter.value(quantised.inputs[0]),
            ofm,
            weights=emitter.constant(f"{quantised.layer}.weights", weights),
            bias=emitter.constant(f"{quantised.layer}.bias", kernel.bias),
            weight_scale=emitter.constant(f"{quantised.layer}.scale", kernel.scale),
            window=window,
            groups=groups,
            clamp=Clamp.of(ofm.low, ofm.high),
            layer=quantised.layer,
            tensor=quantised.output,
        )

    macs = ofm.height * ofm.width * weights.size
    return Step(ofm, lambda emitter: emitter.insert(emit(emitter)), macs)


def _largest_sum(weights: Array, bias: Array, reach: int) -> int:
    """A bound of all sums, the exact one where a coarser bound is not below 2^31."""
    biases = np.abs(bias.astype(np.int64))
    rows = prod(weights.shape[:3])
    coarse = rows * 128 * reach + int(biases.max(initial=0))
    if coarse < 2**31:
        return coarse
    sums = np.abs(weights.astype(np.int64)).sum((0, 1, 2)) * reach
    return int((sums + biases).max())
