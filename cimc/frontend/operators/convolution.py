"""Conv."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cimc.dialects.cim import Window
from cimc.frontend.graph import attributes
from cimc.frontend.operators.base import Context, Refusal, Step, image
from cimc.frontend.operators.weights import convolve, read_kernel
from cimc.frontend.operators.windows import read_window
from cimc.frontend.quantised_ops import QuantisedOp

__all__ = ["read_conv"]


def read_conv(quantised: QuantisedOp, context: Context) -> Step:
    """A convolution in one or two dimensions with constant weights.

    Where a window is one position, it does not matter how the operand counts them.
    """
    kernel, layout = (
        read_kernel(quantised, context, cout_axis=0),
        context.layout(quantised),
    )
    ifm, lengths = context.ifm(quantised), kernel.values.shape[2:]
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
