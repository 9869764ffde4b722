"""The integer and float32 arithmetic that interpreters and passes share.

Bit for bit what onnxruntime computes on x86-64 with fused multiply-add; the formulas
are those of its QLinearConv, QLinearAdd, QLinearMul and QLinearAveragePool kernels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cimc.weights import Array

__all__ = [
    "IntegerDType",
    "add_constants",
    "exact_matmul",
    "fused_multiply_add",
    "lookup",
    "mean",
    "mean_multiplier",
    "multipliers",
    "product_ratio",
    "quantised_add",
    "quantised_product",
    "requantise",
    "saturate",
]

Float32 = NDArray[np.float32]
IntegerDType = type[np.int8] | type[np.uint8]

#: Float32 sums of integers are exact while they stay below this bound.
_EXACT_FLOAT32 = 2**24


def saturate(values: Array, dtype: IntegerDType) -> Array:
    """Clip to the range of an integer ``dtype`` and convert."""
    limits = np.iinfo(dtype)
    return np.clip(values, limits.min, limits.max).astype(dtype)


def exact_matmul(left: Array, right: Array) -> NDArray[np.int64]:
    """Integer matrix product through the fastest floating-point type that is exact.

    ``left`` is (…, n, k) and ``right`` (…, k, m), both of at most 9-bit integers. No
    sum of some of the products of an element is larger than the largest number on the
    left times the sum of magnitudes of a column on the right.
    """
    columns = np.abs(right.astype(np.int64)).sum(axis=-2)
    bound = _largest(left) * int(columns.max(initial=0))
    dtype = np.float32 if bound < _EXACT_FLOAT32 else np.float64
    return np.matmul(left.astype(dtype), right.astype(dtype)).astype(np.int64)


def _largest(values: Array) -> int:
    """The largest magnitude of ``values``, or that of their type if it has 8 bits."""
    if values.dtype.itemsize == 1:
        limits = np.iinfo(values.dtype)
        return max(-limits.min, limits.max)
    return int(np.abs(values.astype(np.int64)).max(initial=0))


def multipliers(scale_in: float, scale_weights: Array, scale_out: float) -> Float32:
    """Requantisation factors s_x · s_w / s_y per channel, rounded as float32."""
    return (np.float32(scale_in) * scale_weights.astype(np.float32)).astype(
        np.float32
    ) / np.float32(scale_out)


def mean_multiplier(scale_in: float, scale_out: float, count: int) -> Float32:
    """Requantisation factor s_x / (s_y · count) of a sum over ``count`` elements."""
    divisor = np.float32(scale_out) * np.float32(count)
    return np.asarray(np.float32(scale_in) / divisor, np.float32)


def requantise(
    sums: Array, multiplier: Array, zero: int, low: int, high: int, dtype: IntegerDType
) -> Array:
    """clamp(round(float32(sums) · multiplier) + zero), rounding half to even."""
    scaled = np.rint(sums.astype(np.float32) * multiplier.astype(np.float32))
    return np.clip(scaled + np.float32(zero), low, high).astype(dtype)


def fused_multiply_add(x: Array, y: Array | float, z: Array | float) -> Float32:
    """x · y + z of float32 operands with a single rounding.

    ``x`` holds 8-bit integers, so that product and sum are exact in float64 unless
    the exponents of the operands are more than 20 apart.
    """
    exact = x.astype(np.float64) * np.float64(y) + np.asarray(z, np.float64)
    return exact.astype(np.float32)


def add_constants(
    scale_a: float,
    zero_a: int,
    scale_b: float,
    zero_b: int,
    scale_c: float,
    zero_c: int,
) -> tuple[float, float, float]:
    """Float32 constants (ratio_a, ratio_b, offset) of a quantised addition.

    Compilers contract onnxruntime's z_c − (r_a · z_a + r_b · z_b) to one fused
    multiply-add, whose outer product is that of a.
    """
    ratio_a = np.float32(scale_a) / np.float32(scale_c)
    ratio_b = np.float32(scale_b) / np.float32(scale_c)
    inner = ratio_b * np.float32(zero_b)
    shift = np.float32(zero_a * float(ratio_a) + float(inner))
    return float(ratio_a), float(ratio_b), float(np.float32(zero_c) - shift)


def quantised_add(
    a: Array,
    b: Array,
    ratio_a: float,
    ratio_b: float,
    offset: float,
    dtype: IntegerDType,
) -> Array:
    """saturate(round(fma(a, ratio_a, fma(b, ratio_b, offset))))."""
    inner = fused_multiply_add(b, ratio_b, offset)
    return saturate(np.rint(fused_multiply_add(a, ratio_a, inner)), dtype)


def product_ratio(scale_a: float, scale_b: float, scale_c: float) -> float:
    """Float32 factor s_a · s_b / s_c of a quantised product."""
    return float(np.float32(scale_a) * np.float32(scale_b) / np.float32(scale_c))


def quantised_product(
    a: Array,
    zero_a: int,
    b: Array,
    zero_b: int,
    ratio: float,
    zero: int,
    dtype: IntegerDType,
) -> Array:
    """saturate(round(f32(f32((a − z_a)·(b − z_b))·ratio) + zero))."""
    product = (a.astype(np.int32) - zero_a) * (b.astype(np.int32) - zero_b)
    scaled = product.astype(np.float32) * np.float32(ratio)
    return saturate(np.rint(scaled + np.float32(zero)), dtype)


def mean(
    taps: Array,
    count: Array | int,
    scale_in: float,
    zero_in: int,
    scale_out: float,
    zero_out: int,
    dtype: IntegerDType,
) -> Array:
    """Quantised mean over the first axis of ``taps``, summed in order in float32."""
    total = np.zeros(taps.shape[1:], np.float32)
    for tap in taps:
        real = (tap.astype(np.int32) - zero_in).astype(np.float32)
        total += np.float32(scale_in) * real
    scaled = (total / np.asarray(count, np.float32)) / np.float32(scale_out)
    return saturate(np.rint(scaled + np.float32(zero_out)), dtype)


def lookup(values: Array, table: Array, dtype: IntegerDType) -> Array:
    """Entries of a uint8[256] ``table``, as ``dtype``, at the bytes of ``values``."""
    return table[values.view(np.uint8)].view(dtype)
