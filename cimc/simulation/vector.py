"""Values of the vector instructions, bit-exact, compiled.

Registers are one array of bytes seen as uint8, int8, int32 and float32:
``x[core, register, lane]``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cimc.simulation.jit import compiled, fma
from cimc.simulation.layout import (
    A0,
    A1,
    A2,
    A3,
    A4,
    A5,
    A6,
    ADD,
    BLEND,
    FQUANT,
    FSUM,
    MAX,
    MOVE,
    MULTIPLY,
    OP,
    READ0,
    READ1,
    REQUANT,
    SCALE,
    SHUFFLE,
    SPLAT,
    SUM,
    TABLE,
    WRITE,
)
from cimc.weights import Array

__all__ = ["execute_vector"]

_INT32_MIN, _INT32_MAX = -(2**31), 2**31 - 1


@compiled("int64(float32, int64, int64, int64)")
def saturate(value: Any, zero: int, low: int, high: int) -> Any:
    """clamp(value + zero, low, high) for an integral or infinite ``value``."""
    least, most = np.float32(low - zero), np.float32(high - zero)
    return np.int32(min(max(value, least), most)) + zero


@compiled("int64(int32[::1], int32[::1], int64)")
def _overflow(x: Array, y: Array, n: int) -> int:
    """The first of ``n`` lanes whose sum leaves the range of int32, or -1."""
    signs = np.int32(0)
    for i in range(n):
        total = np.int32(x[i] + y[i])
        signs = np.int32(signs | ((total ^ x[i]) & (total ^ y[i])))
    if signs >= 0:
        return -1
    for i in range(n):
        total = np.int64(x[i]) + np.int64(y[i])
        if total < _INT32_MIN or total > _INT32_MAX:
            return i
    return -1


@compiled(
    "int64(int64, int64, int64, boolean, boolean, int64, float32, uint8[::1], "
    "int8[::1], uint8[::1], int32[::1], float32[::1])"
)
def _reduce(
    op: int,
    segments: int,
    n: int,
    unsigned: bool,
    accumulate: bool,
    zero: int,
    scale: float,
    source: Array,
    signed: Array,
    target: Array,
    integers: Array,
    floats: Array,
) -> int:
    """MAX, SUM and FSUM; the lane that overflowed, or -1."""
    for i in range(n):
        largest, total, real = np.int64(-128), np.int64(0), np.float32(0)
        if accumulate:
            largest = np.int64(target[i])
            if not unsigned and largest > 127:
                largest -= 256
            total = np.int64(integers[i])
            real = floats[i]
        elif unsigned:
            largest = np.int64(0)
        for segment in range(segments):
            at = segment * n + i
            value = np.int64(source[at]) if unsigned else np.int64(signed[at])
            if op == MAX:
                largest = max(largest, value)
            elif op == SUM:
                total += value
            else:
                real = real + scale * np.float32(value - zero)
        if op == MAX:
            target[i] = np.uint8(largest)
        elif op == FSUM:
            floats[i] = real
        elif total < _INT32_MIN or total > _INT32_MAX:
            return i
        else:
            integers[i] = total
    return -1


@compiled(
    "void(int64[::1], float32, uint8[::1], int8[::1], uint8[::1], int8[::1], "
    "uint8[::1])"
)
def _multiply(
    row: Array,
    ratio: float,
    a: Array,
    signed_a: Array,
    b: Array,
    signed_b: Array,
    target: Array,
) -> None:
    """MULTIPLY, with the operands of ``row``."""
    low, high = (0, 255) if row[A6] else (-128, 127)
    for i in range(row[A0]):
        x = np.int64(a[i]) if row[A4] else np.int64(signed_a[i])
        y = np.int64(b[i]) if row[A5] else np.int64(signed_b[i])
        product = np.float32((x - row[A1]) * (y - row[A2]))
        scaled = product * ratio + np.float32(row[A3])
        target[i] = np.uint8(saturate(np.rint(scaled), 0, low, high))


@compiled(
    "int64(int64, int64, int64[:, ::1], float32[:, ::1], uint8[:, :, ::1], "
    "int8[:, :, ::1], int32[:, :, ::1], float32[:, :, ::1], int32[::1], float32[::1], "
    "uint8[::1])"
)
def execute_vector(
    core: int,
    pc: int,
    code: Array,
    reals: Array,
    bytes_: Array,
    signed_bytes: Array,
    integers: Array,
    floats: Array,
    biases: Array,
    multipliers: Array,
    tables: Array,
) -> int:
    """Run the vector instruction at ``pc``; the lane that overflowed, or -1."""
    op = code[pc, OP]
    a0, a1, a2, a3, a4 = (
        code[pc, A0],
        code[pc, A1],
        code[pc, A2],
        code[pc, A3],
        code[pc, A4],
    )
    vs, vb, vd = code[pc, READ0], code[pc, READ1], code[pc, WRITE]
    source, target = bytes_[core, vs], bytes_[core, vd]
    signed = signed_bytes[core, vs]
    if op == ADD:
        x, y, z = integers[core, vs], integers[core, vb], integers[core, vd]
        lane = _overflow(x, y, a0)
        if lane >= 0:
            return lane
        for i in range(a0):
            z[i] = x[i] + y[i]
    elif op == REQUANT:
        x, bias, multiplier = integers[core, vs], biases[a0:], multipliers[a0:]
        lane = _overflow(x, bias, a1)
        if lane >= 0:
            return lane
        for i in range(a1):
            total = np.int32(x[i] + bias[i])
            scaled = np.rint(np.float32(total) * multiplier[i])
            target[i] = np.uint8(saturate(scaled, a2, a3, a4))
    elif op == TABLE:
        for i in range(a1):
            target[i] = tables[a0 + source[i]]
    elif op in (MAX, SUM, FSUM):
        return _reduce(
            op,
            a0,
            a1,
            a2 != 0,
            a3 != 0,
            a4,
            reals[pc, 0],
            source,
            signed,
            target,
            integers[core, vd],
            floats[core, vd],
        )
    elif op == FQUANT:
        y = floats[core, vs]
        low, high = (0, 255) if a3 else (-128, 127)
        for i in range(a0):
            mean = y[i] / np.float32(a1)
            shifted = mean / reals[pc, 0] + np.float32(a2)
            target[i] = np.uint8(saturate(np.rint(shifted), 0, low, high))
    elif op == SPLAT:
        target[:a0] = np.uint8(a1)
    elif op == MOVE:
        # From the first byte up: in one register, later bytes are still to be read.
        for i in range(a0):
            target[i] = source[a1 + i]
    elif op == SCALE:
        ratio, offset = reals[pc, 0], reals[pc, 1]
        # From the last lane down: lane i of a wider result overwrites later bytes.
        for i in range(a0 - 1, -1, -1):
            value = np.float32(source[i]) if a1 else np.float32(signed[i])
            floats[core, vd, i] = fma(value, ratio, offset)
    elif op == MULTIPLY:
        _multiply(
            code[pc],
            reals[pc, 0],
            source,
            signed,
            bytes_[core, vb],
            signed_bytes[core, vb],
            target,
        )
    elif op == SHUFFLE:
        for k in range(a0):
            for i in range(a1):
                target[i * a0 + k] = source[k * a1 + i]
    elif op == BLEND:
        low, high = (0, 255) if a2 else (-128, 127)
        y = floats[core, vb]
        for i in range(a0):
            value = np.float32(source[i]) if a1 else np.float32(signed[i])
            target[i] = np.uint8(
                saturate(np.rint(fma(value, reals[pc, 0], y[i])), 0, low, high)
            )
    return -1
