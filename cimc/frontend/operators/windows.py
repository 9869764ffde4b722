"""Kernel, strides, dilations and padding of an ONNX node as a window."""

from __future__ import annotations

from collections.abc import Sequence

from onnx import NodeProto

from cimc.dialects.cim import Window
from cimc.frontend.graph import attributes
from cimc.frontend.operators.base import Refusal

__all__ = ["read_window"]

Pair = tuple[int, int]


def read_window(node: NodeProto, kernel: Sequence[int], size: Pair) -> Window:
    """The window of ``node`` with that kernel over a map of ``size`` (H, W).

    A kernel of one dimension runs along the columns. ``auto_pad`` becomes explicit
    padding; ``ceil_mode`` becomes padding at the end, which gives the same window
    positions.

    Raises:
        Refusal: the node has more dimensions than two.
    """
    found, rank = attributes(node), len(kernel)
    lengths = _pair(kernel, rank)
    stride = _pair(found.get("strides", (1,) * rank), rank)
    dilation = _pair(found.get("dilations", (1,) * rank), rank)
    extent = tuple((k - 1) * d + 1 for k, d in zip(lengths, dilation, strict=True))
    mode = found.get("auto_pad", "NOTSET")
    given = found.get("pads", (0,) * (2 * rank))
    begins, ends = (_pair(part, rank, 0) for part in (given[:rank], given[rank:]))
    pads: list[Pair] = []
    for axis in (0, 1):
        begin, end = 0, 0
        if mode in ("SAME_UPPER", "SAME_LOWER"):
            positions = -(-size[axis] // stride[axis])
            reach = (positions - 1) * stride[axis] + extent[axis]
            total = max(0, reach - size[axis])
            begin = total // 2 if mode == "SAME_UPPER" else total - total // 2
            end = total - begin
        elif mode == "NOTSET":
            begin, end = begins[axis], ends[axis]
        if found.get("ceil_mode", 0):
            end = _ceil_end(size[axis], extent[axis], stride[axis], begin, end)
        if begin < 0 or end < 0:
            raise Refusal("its padding is negative")
        pads.append((begin, end))
    (top, bottom), (left, right) = pads
    return Window.of(lengths, stride, dilation, (top, left, bottom, right))


def _ceil_end(size: int, extent: int, stride: int, begin: int, end: int) -> int:
    """Padding at the end so that rounding down gives what rounding up gave.

    A window that would start beyond the map and its padding at the beginning is
    dropped, as ONNX prescribes.
    """
    positions = -(-(size + begin + end - extent) // stride) + 1
    if (positions - 1) * stride >= size + begin:
        positions -= 1
    return max(end, (positions - 1) * stride + extent - size - begin)


def _pair(values: Sequence[int], rank: int, alone: int = 1) -> Pair:
    """(by rows, by columns); of one dimension, rows have ``alone``."""
    match rank, tuple(values):
        case 1, (value,):
            return alone, value
        case 2, (first, second):
            return first, second
        case _:
            raise Refusal(f"it has {rank} dimensions, not one or two")
