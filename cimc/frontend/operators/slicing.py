"""Slice, Split, Pad and Resize: some elements, or more, at other positions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from xdsl.ir import SSAValue

from cimc.dialects.cim import Pair, Range, Window
from cimc.dialects.cnn_moves import PadOp, SliceOp, UpsampleOp
from cimc.dialects.feature_map import FeatureMap
from cimc.frontend.cut import cut
from cimc.frontend.graph import Graph, attributes
from cimc.frontend.operators.base import Context, Emitter, Refusal, Step, image
from cimc.frontend.operators.layout import map_shape
from cimc.frontend.operators.requantise import requantised
from cimc.frontend.quantised_ops import QuantisedOp
from cimc.golden import compute
from cimc.weights import Array

__all__ = ["read_pad", "read_resize", "read_slice", "read_split"]


def read_slice(quantised: QuantisedOp, context: Context) -> Step:
    """Every so many elements along some dimensions."""
    ifm, node, graph = image(context, quantised), quantised.node, context.graph
    starts, stops, *more = (_integers(graph, name) for name in node.input[1:])
    rank = len(context.layout(quantised).sizes)
    axes = more[0] if more and more[0] else range(len(starts))
    steps = more[1] if len(more) > 1 and more[1] else [1] * len(starts)
    cuts = [slice(None)] * rank
    for axis, *bounds in zip(axes, starts, stops, steps, strict=True):
        cuts[axis] = slice(*bounds)
    return _sliced(quantised, context, ifm, cuts)


def read_split(quantised: QuantisedOp, context: Context) -> Step:
    """One of several parts along a dimension."""
    ifm, node = image(context, quantised), quantised.node
    sizes = context.layout(quantised).sizes
    axis = int(attributes(node).get("axis", 0)) % len(sizes)
    parts = [_known(context.graph, name)[axis] for name in node.output]
    index = list(node.output).index(quantised.quantise.input[0])
    cuts = [slice(None)] * len(sizes)
    cuts[axis] = slice(sum(parts[:index]), sum(parts[: index + 1]))
    return _sliced(quantised, context, ifm, cuts)


def _sliced(
    quantised: QuantisedOp, context: Context, ifm: FeatureMap, cuts: Sequence[slice]
) -> Step:
    sizes = context.layout(quantised).sizes
    kept = [range(size)[cut] for size, cut in zip(sizes, cuts, strict=True)]
    batch, channels, *spatial = kept
    rows, columns = (range(1), *spatial)[-2:]
    if not all(kept) or len(batch) != 1:
        raise Refusal("it leaves nothing of its operand")
    if channels.step != 1 or min(rows.step, columns.step) < 1:
        raise Refusal("it goes backwards, or leaves out channels in between")
    start, step = (rows.start, columns.start), (rows.step, columns.step)
    some = Range.of(channels.start, channels.stop)
    return _part(quantised, context, ifm, (len(rows), len(columns)), start, step, some)


def _part(
    quantised: QuantisedOp,
    context: Context,
    ifm: FeatureMap,
    size: tuple[int, int],
    start: tuple[int, int],
    step: tuple[int, int],
    channels: Range,
) -> Step:
    """Some positions and channels of the operand, requantised."""
    part = FeatureMap(*size, channels.size, *ifm.encoding)
    op = partial(SliceOp, start=Pair.of(*start), step=Pair.of(*step), channels=channels)
    return _requantised(quantised, context, part, op)


def read_pad(quantised: QuantisedOp, context: Context) -> Step:
    """Zeros around the rows and columns."""
    ifm, node, graph = image(context, quantised), quantised.node, context.graph
    if attributes(node).get("mode", "constant") != "constant":
        raise Refusal("it does not pad with a constant")
    if len(node.input) > 2 and node.input[2] and _scalar(graph, node.input[2]):
        raise Refusal("it does not pad with zero")
    rank = len(context.layout(quantised).sizes)
    given = _integers(graph, node.input[1])
    axes = _integers(graph, node.input[3]) if len(node.input) > 3 else range(rank)
    before, after = [0] * rank, [0] * rank
    for index, axis in enumerate(axes):
        before[axis], after[axis] = given[index], given[index + len(axes)]
    if min(*before, *after) < 0 or any((*before[:2], *after[:2])):
        raise Refusal("it pads channels, or takes elements away")
    (top, left), (bottom, right) = ((0, *part[2:])[-2:] for part in (before, after))
    window = Window.of((1, 1), pad=(top, left, bottom, right))
    height, width = window.output_size(ifm.height, ifm.width)
    padded = FeatureMap(height, width, ifm.channels, *ifm.encoding)
    return _requantised(quantised, context, padded, partial(PadOp, window=window))


def read_resize(quantised: QuantisedOp, context: Context) -> Step:
    """To the nearest of larger or smaller maps, by whole factors.

    Where each element comes from is what onnxruntime makes of a map of places.
    """
    ifm = image(context, quantised)
    shape = map_shape(context.output_shape(quantised))
    if shape is None or shape[2] != ifm.channels:
        raise Refusal("it resizes more than rows and columns")
    if attributes(quantised.node).get("mode", "nearest") != "nearest":
        raise Refusal("it computes values between its elements")
    rows, columns = _origins(quantised, context, ifm)
    blocks = [
        size // before if size % before == 0 else 0
        for size, before in zip(shape[:2], (ifm.height, ifm.width), strict=True)
    ]
    if min(blocks) and all(
        np.array_equal(found, np.arange(len(found)) // block)
        for found, block in zip((rows, columns), blocks, strict=True)
    ):
        op = partial(UpsampleOp, block=Pair.of(*blocks))
        grown = FeatureMap(*shape[:2], ifm.channels, *ifm.encoding)
        return _requantised(quantised, context, grown, op)
    steps = [_step(found) for found in (rows, columns)]
    start = int(rows[0]), int(columns[0])
    if min(steps) < 1 or any(
        not np.array_equal(found, found[0] + step * np.arange(len(found)))
        for found, step in zip((rows, columns), steps, strict=True)
    ):
        raise Refusal("it resizes by a factor that is not whole")
    channels = Range.of(0, ifm.channels)
    return _part(
        quantised, context, ifm, shape[:2], start, (steps[0], steps[1]), channels
    )


def _origins(
    quantised: QuantisedOp, context: Context, ifm: FeatureMap
) -> tuple[Array, Array]:
    """Rows and columns that those of the result come from."""
    source, result = quantised.node.input[0], quantised.node.output[0]
    sizes = context.layout(quantised).sizes
    places = np.arange(ifm.height * ifm.width, dtype=np.float32)
    feed = np.broadcast_to(places.reshape(1, 1, *sizes[2:]), sizes)
    model = cut(context.graph, [source], [result])
    (found,) = compute(model, [result], {source: feed})
    height, width, _ = map_shape(found.shape) or (0, 0, 0)
    first = found[0, 0].reshape(height, width).astype(np.int64)
    return first[:, 0] // ifm.width, first[0] % ifm.width


def _step(places: Array) -> int:
    """From the first of some places to the second, if there is one."""
    return int(places[1] - places[0]) if len(places) > 1 else 1


def _requantised(
    quantised: QuantisedOp,
    context: Context,
    moved: FeatureMap,
    op: partial[SliceOp] | partial[PadOp] | partial[UpsampleOp],
) -> Step:
    """Values that ``op`` moves, in the quantisation of the result."""
    ofm = context.ofm(quantised, moved.shape)
    same = ofm.encoding == moved.encoding

    def emit(emitter: Emitter) -> SSAValue:
        tensor = quantised.output if same else f"{quantised.output}/moved"
        value = emitter.value(quantised.inputs[0])
        found = emitter.insert(op(value, moved, layer=quantised.layer, tensor=tensor))
        return requantised(
            emitter, found, ofm, layer=quantised.layer, tensor=quantised.output
        )

    return Step(ofm, emit)


def _integers(graph: Graph, name: str) -> list[int]:
    """A constant list of integers; empty if it is left out."""
    if not name:
        return []
    if not graph.is_constant(name):
        raise Refusal(f"its operand {name!r} is not known before it runs")
    return [int(value) for value in graph.constant(name).ravel()]


def _scalar(graph: Graph, name: str) -> float:
    """The real number that a constant is, quantised or not."""
    source = graph.dequantised(name)
    if source is None:
        if not graph.is_constant(name):
            raise Refusal(f"its operand {name!r} is not known before it runs")
        return float(graph.constant(name).item())
    affine = graph.quantisation_of_node(source)
    if affine is None or not graph.is_constant(source.input[0]):
        raise Refusal(f"its operand {name!r} is not known before it runs")
    stored = int(graph.constant(source.input[0]).item())
    return (stored - int(affine.zero.item())) * float(affine.scale.item())


def _known(graph: Graph, name: str) -> tuple[int, ...]:
    shape = graph.shape(name)
    if shape is None:
        raise Refusal(f"the shape of {name!r} is not known before it runs")
    return shape
