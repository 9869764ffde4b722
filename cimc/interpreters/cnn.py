"""What a ``cnn`` module computes, integer for integer what onnxruntime computes.

The float32 formulas are those of onnxruntime's quantised kernels (QLinearConv,
QLinearAdd, QLinearAveragePool, QLinearGlobalAveragePool) on x86-64 with FMA.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from cimc.dialects.cim import WeightsRef, Window
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
    OutputOp,
    TableOp,
)
from cimc.weights import Array, WeightStore

__all__ = ["interpret"]

Values = Mapping[SSAValue, Array]
Float = NDArray[np.float32]


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


def _dtype(found: FeatureMap) -> type[np.int8] | type[np.uint8]:
    return np.uint8 if found.unsigned else np.int8


def _saturate(values: Array, found: FeatureMap) -> Array:
    """Clip integers in float to the element type."""
    return values.clip(found.low, found.high).astype(_dtype(found))


def _constant(weights: WeightStore, ref: WeightsRef) -> Array:
    return weights.get_checked(ref.symbol.data, ref.checksum.data)


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
    """y = clamp(rint(f32(acc + bias) · m) + z_y), m = f32(f32(s_x · s_w) / s_y)."""
    ifm, ofm, groups = op.ifm, op.ofm, op.group_count
    kernel = _constant(weights, op.weights)
    # float64 holds every sum exactly: the importer bounds them by 2^31.
    centred = values[op.input].astype(np.float64) - ifm.zero
    view = _windows(_padded(centred, op.window, 0.0), op.window)
    rows, columns, _, kh, kw = view.shape
    size, per_group = kh * kw * ifm.channels // groups, ofm.channels // groups
    grouped = view.reshape(rows, columns, groups, -1, kh, kw)
    im2col = grouped.transpose(2, 0, 1, 4, 5, 3).reshape(groups, rows * columns, size)
    matrices = kernel.reshape(size, groups, per_group).transpose(1, 0, 2)
    sums = np.matmul(im2col, matrices.astype(np.float64))
    flat = sums.transpose(1, 0, 2).reshape(rows, columns, ofm.channels)
    scale = np.float32(ifm.scale) * _constant(weights, op.weight_scale)
    multiplier = scale / np.float32(op.requantised.scale)
    exact = (flat + _constant(weights, op.bias)).astype(np.float32)
    rounded = np.rint(exact * multiplier).astype(np.float64) + op.requantised.zero
    result = rounded.clip(op.clamp.low, op.clamp.high).astype(_dtype(ofm))
    if op.table is None:
        return result
    return _look_up(result, _constant(weights, op.table), ofm)


def _look_up(values: Array, table: Array, ofm: FeatureMap) -> Array:
    return table[values.view(np.uint8)].view(_dtype(ofm))


def _table(op: TableOp, values: Values, weights: WeightStore) -> Array:
    return _look_up(values[op.input], _constant(weights, op.table), op.ofm)


def _max_pool(op: MaxPoolOp, values: Values, _: WeightStore) -> Array:
    padded = _padded(values[op.input], op.window, op.ifm.low)
    return _windows(padded, op.window).max((3, 4))


def _average_pool(op: AveragePoolOp, values: Values, _: WeightStore) -> Array:
    """y = sat(rint(f32(f32(f32(sum / count) / s_y) + z_y))), added one by one."""
    ifm, ofm, window = op.ifm, op.ofm, op.window
    centred = values[op.input].astype(np.int32) - ifm.zero
    real = np.float32(ifm.scale) * centred.astype(np.float32)
    view = _windows(_padded(real, window, np.float32(0)), window)
    inside = np.ones((ifm.height, ifm.width, 1), np.float32)
    valid = _windows(_padded(inside, window, np.float32(0)), window)
    total: Float = np.zeros(ofm.shape, np.float32)
    for row in range(window.kernel[0]):
        for column in range(window.kernel[1]):
            total = total + view[..., row, column]
    count = valid.sum((3, 4), dtype=np.float32)
    if op.includes_pad:
        count = np.full_like(count, window.kernel[0] * window.kernel[1])
    scaled = total / count / np.float32(ofm.scale)
    return _saturate(np.rint(scaled + np.float32(ofm.zero)), ofm)


def _global_average_pool(
    op: GlobalAveragePoolOp, values: Values, _: WeightStore
) -> Array:
    """y = sat(rint(f32(acc) · f32(s_x / f32(s_y · count))) + z_y)."""
    ifm, ofm = op.ifm, op.ofm
    total = (values[op.input].astype(np.int32) - ifm.zero).sum((0, 1), keepdims=True)
    count = np.float32(ifm.height * ifm.width)
    multiplier = np.float32(ifm.scale) / (np.float32(ofm.scale) * count)
    rounded = np.rint(total.astype(np.float32) * multiplier)
    return _saturate(rounded.astype(np.float64) + ofm.zero, ofm)


def _fma(factor: Array, ratio: np.float32, addend: Array) -> Float:
    """float32 a · b + c with one rounding: float64 holds the product exactly."""
    return (factor.astype(np.float64) * ratio + addend).astype(np.float32)


def _add(op: AddOp, values: Values, _: WeightStore) -> Array:
    """y = sat(rint(fma(a, r_a, fma(b, r_b, c)))), as QLinearAdd vectorised."""
    lhs, rhs, ofm = FeatureMap.of(op.lhs), FeatureMap.of(op.rhs), op.ofm
    scale = np.float32(ofm.scale)
    left, right = np.float32(lhs.scale) / scale, np.float32(rhs.scale) / scale
    zeros = left * np.float32(lhs.zero) + right * np.float32(rhs.zero)
    offset = np.float32(ofm.zero) - zeros
    inner = _fma(values[op.rhs], right, np.asarray(offset))
    return _saturate(np.rint(_fma(values[op.lhs], left, inner)), ofm)


def _concat(op: ConcatOp, values: Values, _: WeightStore) -> Array:
    return np.concatenate([values[value] for value in op.inputs], axis=2)


_EVALUATE: dict[type[MapOp], Callable[[Any, Values, WeightStore], Array]] = {
    ConvOp: _convolution,
    TableOp: _table,
    MaxPoolOp: _max_pool,
    AveragePoolOp: _average_pool,
    GlobalAveragePoolOp: _global_average_pool,
    AddOp: _add,
    ConcatOp: _concat,
}
