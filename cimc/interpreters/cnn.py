"""What a ``cnn`` module computes, integer for integer what onnxruntime computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from cimc import moves, numerics
from cimc.dialects.cim import Window
from cimc.dialects.cnn import (
    AddOp,
    AveragePoolOp,
    ConcatOp,
    ConvOp,
    FeatureMap,
    GlobalAveragePoolOp,
    InputOp,
    MapOp,
    MaxPoolOp,
    MultiplyOp,
    OutputOp,
    TableOp,
)
from cimc.dialects.cnn_moves import (
    DepthToSpaceOp,
    PadOp,
    ShuffleOp,
    SliceOp,
    SpaceToDepthOp,
    UpsampleOp,
)
from cimc.weights import Array, WeightStore

__all__ = ["interpret"]

Values = Mapping[SSAValue, Array]


def interpret(
    module: ModuleOp, weights: WeightStore, inputs: Mapping[str, Array]
) -> dict[str, Array]:
    """Run one image.

    ``inputs`` maps the tensors of ``cnn.input`` to int8 or uint8 arrays (H, W, C).
    The result maps every tensor that an op names to such an array.

    Raises:
        InputError: a constant is missing or differs (E012).
    """
    values: dict[SSAValue, Array] = {}
    tensors: dict[str, Array] = {}
    for op in module.body.block.ops:
        match op:
            case InputOp():
                found = np.asarray(inputs[op.tensor.data])
                expected = op.ofm.shape, np.dtype(_dtype(op.ofm))
                assert (found.shape, found.dtype) == expected, op.tensor.data
                values[op.output] = found
                tensors[op.tensor.data] = found
            case OutputOp():
                tensors[op.tensor.data] = values[op.input]
            case MapOp():
                values[op.output] = _EVALUATE[type(op)](op, values, weights)
                tensors[op.tensor.data] = values[op.output]
            case _:
                raise AssertionError(f"{op.name} is not an op of cnn")
    return tensors


def _dtype(found: FeatureMap) -> numerics.IntegerDType:
    return np.uint8 if found.unsigned else np.int8


def _padded(values: Array, window: Window, fill: Any) -> Array:
    top, left, bottom, right = window.pad
    pads = ((top, bottom), (left, right), (0, 0))
    return np.pad(values, pads, constant_values=fill)


def _windows(padded: Array, window: Window) -> Array:
    """View (positions H, positions W, C, kh, kw) of a padded map (H, W, C)."""
    extent = tuple(
        (kernel - 1) * dilation + 1
        for kernel, dilation in zip(window.kernel, window.dilation, strict=True)
    )
    view = np.lib.stride_tricks.sliding_window_view(padded, extent, axis=(0, 1))
    (down, right), (row, column) = window.stride, window.dilation
    return view[::down, ::right, :, ::row, ::column]


def _convolution(op: ConvOp, values: Values, weights: WeightStore) -> Array:
    """Products of all windows with the kernel matrix of each group, requantised."""
    ifm, ofm, groups = op.ifm, op.ofm, op.group_count
    kernel = weights.resolve(op.weights)
    centred = values[op.input].astype(np.int32) - ifm.zero
    view = _windows(_padded(centred, op.window, 0), op.window)
    rows, columns, _, kh, kw = view.shape
    size, per_group = kh * kw * ifm.channels // groups, ofm.channels // groups
    grouped = view.reshape(rows, columns, groups, -1, kh, kw)
    im2col = grouped.transpose(2, 0, 1, 4, 5, 3).reshape(groups, rows * columns, size)
    matrices = kernel.reshape(size, groups, per_group).transpose(1, 0, 2)
    sums = numerics.exact_matmul(im2col, matrices)
    flat = sums.transpose(1, 0, 2).reshape(rows, columns, ofm.channels)
    stored = op.requantised
    result = numerics.requantise(
        flat + weights.resolve(op.bias),
        numerics.multipliers(ifm.scale, weights.resolve(op.weight_scale), stored.scale),
        stored.zero,
        op.clamp.low,
        op.clamp.high,
        _dtype(ofm),
    )
    if op.table is None:
        return result
    return numerics.lookup(result, weights.resolve(op.table), _dtype(ofm))


def _table(op: TableOp, values: Values, weights: WeightStore) -> Array:
    table = weights.resolve(op.table)
    return numerics.lookup(values[op.input], table, _dtype(op.ofm))


def _max_pool(op: MaxPoolOp, values: Values, _: WeightStore) -> Array:
    padded = _padded(values[op.input], op.window, op.ifm.low)
    return _windows(padded, op.window).max((3, 4))


def _average_pool(op: AveragePoolOp, values: Values, _: WeightStore) -> Array:
    """Taps in order; padding holds the zero point, which adds nothing."""
    ifm, ofm, window = op.ifm, op.ofm, op.window
    view = _windows(_padded(values[op.input], window, ifm.zero), window)
    rows, columns, channels, kernel_height, kernel_width = view.shape
    taps = view.reshape(rows, columns, channels, -1).transpose(3, 0, 1, 2)
    inside = np.ones((ifm.height, ifm.width, 1), np.int32)
    count = _windows(_padded(inside, window, 0), window).sum((3, 4))
    if op.includes_pad:
        count = np.full_like(count, kernel_height * kernel_width)
    return numerics.mean(
        taps, count, ifm.scale, ifm.zero, ofm.scale, ofm.zero, _dtype(ofm)
    )


def _global_average_pool(
    op: GlobalAveragePoolOp, values: Values, _: WeightStore
) -> Array:
    """The integer sum of each channel, requantised by s_x / (s_y · count)."""
    ifm, ofm = op.ifm, op.ofm
    total = (values[op.input].astype(np.int64) - ifm.zero).sum((0, 1), keepdims=True)
    multiplier = numerics.mean_multiplier(ifm.scale, ofm.scale, ifm.height * ifm.width)
    return numerics.requantise(
        total, multiplier, ofm.zero, ofm.low, ofm.high, _dtype(ofm)
    )


def _add(op: AddOp, values: Values, _: WeightStore) -> Array:
    (lhs, rhs), ofm = op.operand_maps, op.ofm
    constants = numerics.add_constants(
        lhs.scale, lhs.zero, rhs.scale, rhs.zero, ofm.scale, ofm.zero
    )
    a, b = values[op.lhs], values[op.rhs]
    return numerics.quantised_add(a, b, *constants, _dtype(ofm))


def _multiply(op: MultiplyOp, values: Values, _: WeightStore) -> Array:
    (lhs, rhs), ofm = op.operand_maps, op.ofm
    ratio = numerics.product_ratio(lhs.scale, rhs.scale, ofm.scale)
    a, b = values[op.lhs], values[op.rhs]
    return numerics.quantised_product(
        a, lhs.zero, b, rhs.zero, ratio, ofm.zero, _dtype(ofm)
    )


def _slice(op: SliceOp, values: Values, _: WeightStore) -> Array:
    (row, column), (down, right) = op.start.values, op.step.values
    part = values[op.input][row::down, column::right, op.channels.slice]
    return part[: op.ofm.height, : op.ofm.width]


def _pad(op: PadOp, values: Values, _: WeightStore) -> Array:
    return _padded(values[op.input], op.window, op.ifm.zero)


def _depth_to_space(op: DepthToSpaceOp, values: Values, _: WeightStore) -> Array:
    return moves.depth_to_space(values[op.input], *op.sizes)


def _space_to_depth(op: SpaceToDepthOp, values: Values, _: WeightStore) -> Array:
    return moves.space_to_depth(values[op.input], *op.sizes)


def _upsample(op: UpsampleOp, values: Values, _: WeightStore) -> Array:
    rows, columns = op.sizes
    return values[op.input].repeat(rows, axis=0).repeat(columns, axis=1)


def _shuffle(op: ShuffleOp, values: Values, _: WeightStore) -> Array:
    return moves.shuffle(values[op.input], op.group_count)


def _concat(op: ConcatOp, values: Values, _: WeightStore) -> Array:
    return np.concatenate([values[value] for value in op.inputs], axis=2)


_EVALUATE: dict[type[MapOp], Callable[[Any, Values, WeightStore], Array]] = {
    ConvOp: _convolution,
    TableOp: _table,
    MaxPoolOp: _max_pool,
    AveragePoolOp: _average_pool,
    GlobalAveragePoolOp: _global_average_pool,
    AddOp: _add,
    MultiplyOp: _multiply,
    ConcatOp: _concat,
    SliceOp: _slice,
    PadOp: _pad,
    DepthToSpaceOp: _depth_to_space,
    SpaceToDepthOp: _space_to_depth,
    UpsampleOp: _upsample,
    ShuffleOp: _shuffle,
}
