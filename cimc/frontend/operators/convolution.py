"""Conv."""

from __future__ import annotations

import numpy as np

from cimc.frontend.graph import attributes
from cimc.frontend.operators.base import Context, Refusal, Step, spatial_shape
from cimc.frontend.operators.weights import convolve, read_kernel
from cimc.frontend.operators.windows import read_window
from cimc.frontend.units import Unit

__all__ = ["read_conv"]


def read_conv(unit: Unit, context: Context) -> Step:
    """A two-dimensional convolution with constant weights."""
    ifm = spatial_shape(context, unit)
    kernel = read_kernel(unit, context, cout_axis=0)
    if kernel.values.ndim != 4:
        raise Refusal("it is not two-dimensional")
    height, width = kernel.values.shape[2:]
    window = read_window(unit.node, (height, width), (ifm.height, ifm.width))
    weights = np.ascontiguousarray(kernel.values.transpose(2, 3, 1, 0))
    rows, columns = window.output_size(ifm.height, ifm.width)
    shape = rows, columns, weights.shape[3]
    groups = attributes(unit.node).get("group", 1)
    return convolve(unit, context, kernel, weights, window, shape, groups)
