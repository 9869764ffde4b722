"""Vector registers and vector instructions in numpy, for the domain-level simulator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from cimc import numerics
from cimc.backends.racetrack.simulator.domain_tracks import Trap
from cimc.isa import vector
from cimc.weights import Array

__all__ = ["Parameters", "Registers", "execute_vector", "within"]


class Parameters(NamedTuple):
    """A parameter register: int32 biases and float32 multipliers."""

    bias: Array
    multiplier: Array


class Registers:
    """Vector registers as bytes, of which only those that were written may be read."""

    def __init__(self, count: int, size: int) -> None:
        self._bytes: Array = np.zeros((count, size), np.uint8)
        self._written: Array = np.zeros((count, size), np.bool_)

    def read(self, register: int, start: int, length: int) -> Array:
        """A copy of bytes; unwritten ones trap (E042), as do others' (E041)."""
        size = self._bytes.shape[1]
        if start < 0 or start + length > size:
            raise Trap(
                "E041",
                f"bytes {start} to {start + length} are outside a vector register "
                f"of {size}",
            )
        part = slice(start, start + length)
        missing = np.flatnonzero(~self._written[register, part])
        if missing.size:
            raise Trap(
                "E042",
                f"reads byte {start + missing[0]} of v{register}, which nothing has "
                "written",
            )
        return self._bytes[register, part].copy()

    def write(self, register: int, values: Array, start: int = 0) -> None:
        """Write values of any type from a byte on."""
        data = np.ascontiguousarray(values).view(np.uint8)
        self._bytes[register, start : start + data.size] = data
        self._written[register, start : start + data.size] = True

    def words(self, register: int, n: int) -> Array:
        """The first ``n`` int32 lanes."""
        return self.read(register, 0, 4 * n).view(np.int32)

    def floats(self, register: int, n: int) -> Array:
        """The first ``n`` float32 lanes."""
        return self.read(register, 0, 4 * n).view(np.float32)

    def octets(self, register: int, n: int, unsigned: bool) -> Array:
        """The first ``n`` lanes of a byte each."""
        return self.read(register, 0, n).view(_type(unsigned))


def execute_vector(
    op: vector.VectorInstruction,
    registers: Registers,
    parameters: Mapping[int, Parameters],
    tables: Mapping[int, Array],
) -> None:
    """Run one vector instruction; leaving int32 traps (E044)."""
    match op:
        case vector.Add():
            total = registers.words(op.va, op.n).astype(np.int64)
            total += registers.words(op.vb, op.n)
            registers.write(op.vd, within(total, 32).astype(np.int32))
        case vector.Requant():
            q = parameters[op.q]
            total = registers.words(op.vs, op.n).astype(np.int64) + q.bias[: op.n]
            dtype = np.int8 if op.low < 0 else np.uint8
            result = numerics.requantise(
                within(total, 32),
                q.multiplier[: op.n],
                op.zero,
                op.low,
                op.high,
                dtype,
            )
            registers.write(op.vd, result)
        case vector.Table():
            registers.write(op.vd, tables[op.t][registers.octets(op.vs, op.n, True)])
        case vector.Max() | vector.Sum() | vector.FloatSum():
            _reduce(op, registers)
        case vector.Quantise():
            mean = registers.floats(op.vs, op.n) / np.float32(op.count)
            shifted = mean / np.float32(op.scale) + np.float32(op.zero)
            _store_rounded(registers, op.vd, shifted, op.unsigned)
        case vector.Scale():
            values = registers.octets(op.vs, op.n, op.unsigned)
            result = numerics.fused_multiply_add(values, op.ratio, op.offset)
            registers.write(op.vd, result)
        case vector.Blend():
            values = registers.octets(op.va, op.n, op.unsigned_in)
            offsets = registers.floats(op.vf, op.n)
            result = numerics.fused_multiply_add(values, op.ratio, offsets)
            _store_rounded(registers, op.vd, result, op.unsigned_out)
        case vector.Multiply():
            result = numerics.quantised_product(
                registers.octets(op.va, op.n, op.unsigned_a),
                op.zero_a,
                registers.octets(op.vb, op.n, op.unsigned_b),
                op.zero_b,
                op.ratio,
                op.zero,
                _type(op.unsigned_out),
            )
            registers.write(op.vd, result)
        case vector.Shuffle():
            values = registers.octets(op.vs, op.segments * op.n, True)
            registers.write(op.vd, values.reshape(op.segments, op.n).T.ravel())
        case _:
            raise AssertionError(op.name)


def within(values: Array, bits: int) -> Array:
    """``values``, all of which must be signed numbers of that many bits (E044)."""
    outside = np.flatnonzero((values < -(1 << bits - 1)) | (values >= 1 << bits - 1))
    if outside.size:
        raise Trap("E044", f"lane {outside[0]} leaves the range of int{bits}")
    return values


def _type(unsigned: bool) -> numerics.IntegerDType:
    return np.uint8 if unsigned else np.int8


def _store_rounded(
    registers: Registers, vd: int, values: Array, unsigned: bool
) -> None:
    registers.write(vd, numerics.saturate(np.rint(values), _type(unsigned)))


def _reduce(
    op: vector.Max | vector.Sum | vector.FloatSum, registers: Registers
) -> None:
    """Over segments, the old contents of vd first if they take part."""
    values = registers.octets(op.vs, op.segments * op.n, op.unsigned)
    segments = values.reshape(op.segments, op.n)
    match op:
        case vector.Max():
            if op.accumulate:
                old = registers.octets(op.vd, op.n, op.unsigned)
                segments = np.vstack([segments, old])
            registers.write(op.vd, segments.max(axis=0))
        case vector.Sum():
            total = segments.sum(axis=0, dtype=np.int64)
            if op.accumulate:
                total += registers.words(op.vd, op.n)
            registers.write(op.vd, within(total, 32).astype(np.int32))
        case vector.FloatSum():
            real = np.zeros(op.n, np.float32)
            if op.accumulate:
                real = registers.floats(op.vd, op.n)
            for segment in segments.astype(np.int64):
                real = real + np.float32(op.scale) * (segment - op.zero).astype(
                    np.float32
                )
            registers.write(op.vd, real)
