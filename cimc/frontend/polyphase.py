"""A transposed convolution as one convolution with the pixels of a block as channels.

With stride s, row o of the uncropped result takes the taps k ≡ o (mod s) of the
kernel: o = s·q + p reads rows q − t of the map with the taps p + s·t. For every phase
(p, p') of the s² these are taps at the same places, so that one convolution computes
all phases, each with channels of its own. DepthToSpace puts them where they belong and
Slice crops the padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import NodeProto

from cimc.frontend.graph import Graph, attributes
from cimc.weights import Array

__all__ = ["Polyphase", "polyphase_of"]

Pair = tuple[int, int]


@dataclass(frozen=True)
class Polyphase:
    """How a transposed convolution of (1, cin, H, W) becomes a convolution.

    ``stride`` is that of both axes, ``taps`` the kernel of the convolution and ``pads``
    its padding. Of what DepthToSpace gives the result is all if ``whole``, otherwise
    ``size`` rows and columns from ``crop`` on.
    """

    stride: int
    groups: int
    taps: Pair
    pads: tuple[int, int, int, int]
    crop: Pair
    size: Pair
    whole: bool

    @property
    def convolution(self) -> dict[str, Any]:
        """Attributes of the Conv."""
        return {
            "kernel_shape": list(self.taps),
            "pads": list(self.pads),
            "group": self.groups,
        }

    @property
    def depth_to_space(self) -> dict[str, Any]:
        """Attributes of the DepthToSpace."""
        mode = "DCR" if self.groups == 1 else "CRD"
        return {"blocksize": self.stride, "mode": mode}

    @property
    def bounds(self) -> dict[str, Array]:
        """Operands of the Slice, by name."""
        ends = [c + s for c, s in zip(self.crop, self.size, strict=True)]
        found = {"starts": self.crop, "ends": ends, "axes": (2, 3)}
        return {name: np.array(values, np.int64) for name, values in found.items()}

    def kernel(self, weights: Array, zero: Array | int = 0) -> Array:
        """The kernel (s²·cout, cin / groups, taps) of weights (cin, cout / groups, …).

        ``zero`` is what a weight of 0 is, for all channels or for each of cout.
        """
        cin, part, *size = weights.shape
        cout, s = part * self.groups, self.stride
        split = weights.reshape(self.groups, cin // self.groups, part, *size)
        # As (cout, cin / groups, kh, kw).
        plain = split.swapaxes(1, 2).reshape(cout, -1, *size)
        rows, columns = self.taps
        full = np.empty((cout, plain.shape[1], rows * s, columns * s), plain.dtype)
        full[...] = np.broadcast_to(zero, (cout,)).reshape(-1, 1, 1, 1)
        full[:, :, : size[0], : size[1]] = plain
        blocks = full.reshape(cout, -1, rows, s, columns, s)[:, :, ::-1, :, ::-1]
        # (cout, cin, t, p, t', p') to (p, p', cout, …) or (cout, p, p', …).
        order = (3, 5, 0, 1, 2, 4) if self.groups == 1 else (0, 3, 5, 1, 2, 4)
        return np.ascontiguousarray(
            blocks.transpose(order).reshape(s * s * cout, -1, rows, columns)
        )

    def per_channel(self, values: Array) -> Array:
        """Values for the s²·cout channels, from those for cout."""
        count = self.stride**2
        return np.tile(values, count) if self.groups == 1 else np.repeat(values, count)


def polyphase_of(graph: Graph, node: NodeProto) -> Polyphase | None:
    """How to rewrite a ConvTranspose, None where this way does not do.

    That is the case for other than two-dimensional maps, dilation, unequal strides,
    and padding that cuts more than the kernel covers.
    """
    shape, result = graph.shape(node.input[0]), graph.shape(node.output[0])
    source = graph.dequantised(node.input[1])
    weights = graph.shape(source.input[0] if source else node.input[1])
    if shape is None or result is None or weights is None or len(weights) != 4:
        return None
    found = attributes(node)
    stride = list(found.get("strides", (1, 1)))
    if stride[0] != stride[1] or any(d != 1 for d in found.get("dilations", ())):
        return None
    begins = _begins(found, shape[2:], weights[2:], result[2:])
    s = stride[0]
    pads: list[Pair] = []
    for size, kernel, begin, out in zip(
        shape[2:], weights[2:], begins, result[2:], strict=True
    ):
        taps = -(-kernel // s)
        positions = -(-(begin % s + out) // s)
        first = taps - 1 - begin // s
        pads.append((first, positions - size - first + taps - 1))
    if min(min(pair) for pair in pads) < 0:
        return None
    (top, bottom), (left, right) = pads
    crop = begins[0] % s, begins[1] % s
    return Polyphase(
        stride=s,
        groups=found.get("group", 1),
        taps=(-(-weights[2] // s), -(-weights[3] // s)),
        pads=(top, left, bottom, right),
        crop=crop,
        size=(result[2], result[3]),
        whole=not any(crop) and result[2] % s == 0 and result[3] % s == 0,
    )


def _begins(
    found: dict[str, Any],
    shape: Sequence[int],
    kernel: Sequence[int],
    result: Sequence[int],
) -> list[int]:
    """How many rows and columns are cropped at the beginning."""
    mode = found.get("auto_pad", "NOTSET")
    if mode == "VALID" or ("pads" not in found and "output_shape" not in found):
        if mode in ("NOTSET", "VALID"):
            return [0, 0]
    elif mode == "NOTSET" and "output_shape" not in found:
        return list(found["pads"][:2])
    strides = found.get("strides", (1, 1))
    extra = found.get("output_padding", (0, 0))
    total = [
        max(0, s * (size - 1) + e + k - out)
        for s, size, e, k, out in zip(
            strides, shape, extra, kernel, result, strict=True
        )
    ]
    return [t // 2 if mode == "SAME_UPPER" else t - t // 2 for t in total]
