"""Conv."""

from __future__ import annotations

import numpy as np

from cimc.frontend.graph import attributes
from cimc.frontend.operators.base import Context, Refusal, Step, image
from cimc.frontend.operators.weights import convolve, read_kernel
from cimc.frontend.operators.windows import read_window
from cimc.frontend.quantised_ops import QuantisedOp

__all__ = ["read_conv"]


def read_conv(quantised: QuantisedOp, context: Context) -> Step:
    """A convolution in one or two dimensions with constant weights."""
    ifm = image(context, quantised)
    kernel = read_kernel(quantised, context, cout_axis=0)
    sizes = kernel.values.shape[2:]
    window = read_window(quantised.node, sizes, (ifm.height, ifm.width))
    values = kernel.values.reshape(*kernel.values.shape[:2], *window.kernel)
    weights = np.ascontiguousarray(values.transpose(2, 3, 1, 0))
    rows, columns = window.output_size(ifm.height, ifm.width)
    shape = rows, columns, weights.shape[3]
    groups = attributes(quantised.node).get("group", 1)
    if ifm.channels != groups * weights.shape[2] or weights.shape[3] % groups:
        raise Refusal(
            f"its weights of {weights.shape[3]} x {weights.shape[2]} channels do not "
            f"go with {groups} groups of {ifm.channels} channels"
        )
    return convolve(quantised, context, kernel, weights, window, shape, groups)
