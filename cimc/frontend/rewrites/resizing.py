"""Linear interpolation between positions, in terms of pools.

A map that grows by a whole factor f is upsampled to the nearest, and then averaged over
f neighbours: a, b become a, a, b, b and, for f = 2 from the start of each element on,
a, (a + b) / 2, b, b. From the middle on it takes two averages, first of two neighbours,
if f is even. Padding of these averages does not count: beyond the border, interpolation
repeats the last element, too. In a map that shrinks by f, an element is the average of
the two in the middle of f, or the one that is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from onnx import NodeProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph, attributes, label
from cimc.frontend.rewrites.rule import real_constant

__all__ = ["pool_instead"]

#: Whether an element of the result has the middle of those it stands for, or their
#: start, by ``coordinate_transformation_mode``.
_CENTRED = {
    "half_pixel": True,
    "half_pixel_symmetric": True,
    "pytorch_half_pixel": True,
    "asymmetric": False,
}

#: Relative error of a scale in float32.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class _Mean:
    """The mean of ``kernel`` elements along one dimension, with padding around it."""

    kernel: int = 1
    before: int = 0
    after: int = 0


def pool_instead(
    graph: Graph, editor: Editor, node: NodeProto
) -> Sequence[NodeProto] | None:
    """A linear Resize by whole factors.

    As Resize to the nearest and AveragePools, or as Slice and AveragePool.
    """
    centred = _centred(graph, node)
    if centred is None:
        return None
    before, after = (graph.shape(n) or () for n in (node.input[0], node.output[0]))
    sizes = list(zip(before[2:], after[2:], strict=True))
    if all(new % old == 0 for old, new in sizes):
        return _grown(editor, node, sizes, centred)
    if all(old % new == 0 for old, new in sizes):
        return _shrunk(editor, node, [old // new for old, new in sizes], centred)
    return None


def _centred(graph: Graph, node: NodeProto) -> bool | None:
    """Whether a Resize keeps middles or starts; None if it is no linear one of images.

    ``scales`` may be such that the sizes do not follow from them alone.
    """
    found = attributes(node)
    if node.op_type != "Resize" or found.get("mode") != "linear":
        return None
    before, after = graph.shape(node.input[0]), graph.shape(node.output[0])
    if not before or not after or before[:2] != after[:2] or len(before) not in (3, 4):
        return None
    mode = found.get("coordinate_transformation_mode", "half_pixel")
    if mode == "align_corners" and max(before[2:]) == 1:
        return True
    if mode == "pytorch_half_pixel" and 1 in after[2:]:
        return None
    if found.get("antialias", 0):
        return None
    if found.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        return None
    given = real_constant(graph, node.input[2]) if len(node.input) > 2 else None
    if given is not None and given.size:
        axes = np.array(found.get("axes", range(len(before))), np.int64)
        scaled = np.array(before)[axes] * given
        if not np.allclose(scaled, np.array(after)[axes], rtol=_ROUNDING):
            return None
    return _CENTRED.get(mode)


def _grown(
    editor: Editor, node: NodeProto, sizes: Sequence[tuple[int, int]], centred: bool
) -> list[NodeProto]:
    x, y = node.input[0], node.output[0]
    factors = [new // old for old, new in sizes]
    scales = editor.constant(f"{y}_scales", np.array([1, 1, *factors], np.float32))
    result = editor.fresh(f"{y}_nearest")
    nodes = [
        editor.node(
            "Resize",
            [x, "", scales],
            result,
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
    ]
    means = (  # between equal elements there is nothing to interpolate
        [] if old == 1 else _means(factor, centred)
        for (old, _), factor in zip(sizes, factors, strict=True)
    )
    for along in zip_longest(*means, fillvalue=_Mean()):
        source, result = result, editor.fresh(f"{y}_mean")
        pads = [*(mean.before for mean in along), *(mean.after for mean in along)]
        kernel = [mean.kernel for mean in along]
        nodes.append(
            editor.node("AveragePool", [source], result, kernel_shape=kernel, pads=pads)
        )
    nodes[-1].output[0], nodes[-1].name = y, label(node)
    return nodes


def _means(factor: int, centred: bool) -> list[_Mean]:
    """Means, one after the other, that weigh as interpolation between f equal ones."""
    if factor == 1:
        return []
    if not centred:
        return [_Mean(factor, 0, factor - 1)]
    half, odd = divmod(factor, 2)
    if odd:
        return [_Mean(factor, half, half)]
    return [_Mean(2, 1, 1), _Mean(factor, half - 1, half - 1)]


def _shrunk(
    editor: Editor, node: NodeProto, factors: Sequence[int], centred: bool
) -> list[NodeProto]:
    x, y = node.input[0], node.output[0]
    starts = [(factor - 1) // 2 if centred else 0 for factor in factors]
    kernel = [2 if centred and factor % 2 == 0 else 1 for factor in factors]
    name, nodes = label(node), list[NodeProto]()
    if any(starts):
        bounds = (starts, [2**31 - 1] * len(starts), range(2, 2 + len(starts)))
        operands = [
            editor.constant(f"{y}_{part}", np.array(values, np.int64))
            for part, values in zip(("starts", "ends", "axes"), bounds, strict=True)
        ]
        cut = editor.fresh(f"{y}_cut")
        nodes.append(editor.node("Slice", [x, *operands], cut))
        x = cut
    pool = editor.node(
        "AveragePool", [x], y, name, kernel_shape=kernel, strides=list(factors)
    )
    return [*nodes, pool]
