"""Interpreter of the ``tile`` level: sweeps in program order, vectorised.

All images of a batch go through an operation together: memory objects are arrays with
the image as their first axis, and values inside sweeps have the shape (images,
positions, n). Signals have no effect here: program order is one of the orders they
allow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from xdsl.dialects.builtin import IntegerType, ModuleOp
from xdsl.ir import Operation, SSAValue

from cimc import numerics
from cimc.diagnostics import VerificationError
from cimc.dialects import tile
from cimc.dialects.cim import Range, WeightsRef
from cimc.dialects.tile.body import element_of, length_of
from cimc.weights import Array, WeightStore

__all__ = ["interpret", "interpret_images"]


def interpret(
    module: ModuleOp, weights: WeightStore, inputs: Mapping[str, Array]
) -> dict[str, Array]:
    """Run a ``tile`` module on one image.

    ``inputs`` maps the tensors of input feature maps to arrays (height, width,
    channels). Returns every feature map by tensor name in the same form.

    Raises:
        VerificationError: copies of one tensor differ (E064).
    """
    one = {tensor: values[np.newaxis] for tensor, values in inputs.items()}
    return {
        tensor: values[0]
        for tensor, values in interpret_images(module, weights, one).items()
    }


def interpret_images(
    module: ModuleOp, weights: WeightStore, inputs: Mapping[str, Array]
) -> dict[str, Array]:
    """Run a ``tile`` module on several images, each alone.

    Arrays are (images, height, width, channels), otherwise as for :func:`interpret`.

    Raises:
        VerificationError: copies of one tensor differ (E064).
    """
    (images,) = {len(values) for values in inputs.values()}
    machine = _Machine(weights, inputs, images)
    for operation in module.body.block.ops:
        machine.execute(operation)
    found: dict[str, Array] = {}
    for map_ in module.body.block.ops:
        if isinstance(map_, tile.FeatureMapOp):
            name, interior = map_.tensor.data, machine.interior(map_.result).copy()
            if not np.array_equal(found.setdefault(name, interior), interior):
                raise VerificationError(
                    "E064", f"copies of feature map {name!r} differ"
                )
    return found


def _dtype(element: IntegerType) -> numerics.IntegerDType:
    return np.uint8 if element == tile.ui8 else np.int8


@dataclass
class _Machine:
    """Arrays by SSA value: memory objects, and in a sweep what it computes."""

    weights: WeightStore
    inputs: Mapping[str, Array]
    images: int
    values: dict[SSAValue, Array] = field(default_factory=dict[SSAValue, Array])

    def execute(self, operation: Operation) -> None:
        """Run one operation; those without a meaning for values are skipped."""
        for class_, action in _ACTIONS:
            if isinstance(operation, class_):
                action(self, operation)
                return

    def constant(self, reference: WeightsRef) -> Array:
        return self.weights.resolve(reference)

    def interior(self, value: SSAValue) -> Array:
        """A view of a feature map without its halo."""
        assert isinstance(value.type, tile.FeatureMapType)
        top, left, _, _ = value.type.halo
        height, width, _ = value.type.shape
        return self.values[value][:, top : top + height, left : left + width]

    def feature_map(self, op: tile.FeatureMapOp) -> None:
        top, left, bottom, right = op.type.halo
        height, width, channels = op.type.shape
        padded = (top + height + bottom, left + width + right)
        shape = (self.images, *padded, channels)
        self.values[op.result] = np.full(
            shape, op.type.fill.data, _dtype(op.type.element)
        )
        if op.role.data == "input":
            self.interior(op.result)[...] = self.inputs[op.tensor.data]

    def partial_sums(self, op: tile.PartialSumsOp) -> None:
        self.values[op.result] = np.zeros((self.images, *op.type.shape), np.int64)

    def block(self, op: tile.WeightBlockOp) -> None:
        matrix = self.constant(op.matrix)
        self.values[op.result] = matrix[op.rows.slice, op.columns.slice]

    def sweep(self, op: tile.SweepOp) -> None:
        for operation in op.body.block.ops:
            self.execute(operation)
        for operation in op.body.block.ops:
            for result in operation.results:
                del self.values[result]

    def window(self, op: tile.WindowOp) -> None:
        source = self.values[op.source]
        top, left, _, _ = op.source_type.halo
        columns, (rows, inside) = op.sweep.columns, _rows(op.sweep)
        taps: list[Array] = []
        for tap_row in range(op.tap_rows.start, op.tap_rows.stop):
            first_row = op.input_row(rows.start, tap_row) + top
            for tap_column in range(op.tap_columns.start, op.tap_columns.stop):
                first_column = op.input_column(columns.start, tap_column) + left
                tap = source[
                    :,
                    _strided(first_row, op.window.stride[0], rows.size),
                    _strided(first_column, op.window.stride[1], columns.size),
                    op.channels.slice,
                ]
                size = (self.images, rows.size, columns.size, op.channels.size)
                taps.append(np.broadcast_to(tap, size))
        flat = np.stack(taps, axis=3).reshape(self.images, rows.size * columns.size, -1)
        self.values[op.result] = flat[:, inside, op.elements.slice]

    def mvm(self, op: tile.MvmOp) -> None:
        block, operand = self.values[op.block], self.values[op.operand]
        groups, rows = op.block_type.groups.data, block.shape[0]
        # Channels vary fastest in a window, so groups are split off the last axis.
        taps = rows // _group_channels(op)
        per_group = operand.reshape(-1, taps, groups, rows // taps)
        per_group = per_group.transpose(2, 0, 1, 3).reshape(groups, -1, rows)
        columns = block.reshape(rows, groups, -1).transpose(1, 0, 2)
        product = numerics.exact_matmul(per_group, columns).transpose(1, 0, 2)
        self.values[op.result] = product.reshape(*operand.shape[:2], -1)

    def accumulate(self, op: tile.AccumulateOp) -> None:
        self.values[op.result] = self.values[op.lhs] + self.values[op.rhs]

    def load_partial(self, op: tile.LoadPartialOp) -> None:
        self.values[op.result] = self.values[op.source][:, *_positions(op.sweep)]

    def store_partial(self, op: tile.StorePartialOp) -> None:
        self.values[op.target][:, *_positions(op.sweep)] = self.values[op.value]

    def requantise(self, op: tile.RequantiseOp) -> None:
        sums = self.values[op.sums] + self.constant(op.bias)[op.channels.slice]
        self.values[op.result] = numerics.requantise(
            sums,
            self.constant(op.multiplier)[op.channels.slice],
            op.zero.value.data,
            op.clamp.low,
            op.clamp.high,
            _dtype(element_of(op.result)),
        )

    def _segments(self, op: tile.MaxOp | tile.SumOp | tile.AverageOp) -> Array:
        """The operand as (segments, images, positions, n)."""
        operand = self.values[op.operand]
        split = operand.reshape(*operand.shape[:2], op.segments.value.data, -1)
        return split.transpose(2, 0, 1, 3)

    def max(self, op: tile.MaxOp) -> None:
        self.values[op.result] = self._segments(op).max(axis=0)

    def sum(self, op: tile.SumOp) -> None:
        self.values[op.result] = self._segments(op).sum(axis=0, dtype=np.int64)

    def average(self, op: tile.AverageOp) -> None:
        self.values[op.result] = numerics.mean(
            self._segments(op),
            op.count.value.data,
            op.source.scale.data,
            op.source.zero.data,
            op.target.scale.data,
            op.target.zero.data,
            _dtype(element_of(op.result)),
        )

    def add(self, op: tile.AddOp) -> None:
        self.values[op.result] = numerics.quantised_add(
            self.values[op.lhs],
            self.values[op.rhs],
            op.lhs_ratio.value.data,
            op.rhs_ratio.value.data,
            op.offset.value.data,
            _dtype(element_of(op.result)),
        )

    def multiply(self, op: tile.MultiplyOp) -> None:
        self.values[op.result] = numerics.quantised_product(
            self.values[op.lhs],
            op.lhs_zero.value.data,
            self.values[op.rhs],
            op.rhs_zero.value.data,
            op.ratio.value.data,
            op.zero.value.data,
            _dtype(element_of(op.result)),
        )

    def shuffle(self, op: tile.ShuffleOp) -> None:
        operand = self.values[op.operand]
        split = operand.reshape(*operand.shape[:2], op.segments.value.data, -1)
        self.values[op.result] = split.transpose(0, 1, 3, 2).reshape(operand.shape)

    def table(self, op: tile.TableOp) -> None:
        self.values[op.result] = numerics.lookup(
            np.ascontiguousarray(self.values[op.operand]),
            self.constant(op.table),
            _dtype(element_of(op.result)),
        )

    def splat(self, op: tile.SplatOp) -> None:
        shape = (self.images, op.sweep.positions, length_of(op.result))
        element = _dtype(element_of(op.result))
        self.values[op.result] = np.full(shape, op.value.value.data, element)

    def store(self, op: tile.StoreOp) -> None:
        target = self.values[op.target] if op.padded else self.interior(op.target)
        rows, columns = _positions(op.sweep)
        (down, right), (row, column) = op.stride, op.offset
        places = rows * down + row, columns * right + column, op.channels.slice
        target[:, *places] = self.values[op.value]


def _positions(sweep: tile.SweepOp) -> tuple[Array, Array]:
    """Row and column of each position of a sweep."""
    flat = np.arange(sweep.part.start, sweep.part.stop)
    rows, columns = np.divmod(flat, sweep.columns.size)
    return rows + sweep.rows.start, columns + sweep.columns.start


def _rows(sweep: tile.SweepOp) -> tuple[Range, slice]:
    """The rows that hold the positions of a sweep, and which of their positions.

    Whole rows are gathered with slices, which is faster than position by position.
    """
    part, width, top = sweep.part, sweep.columns.size, sweep.rows.start
    first = part.start // width
    rows = Range.of(top + first, top + -(-part.stop // width))
    return rows, slice(part.start - first * width, part.stop - first * width)


def _strided(first: int, stride: int, count: int) -> slice:
    """``count`` lines, or the one that all are where the stride is 0."""
    return slice(first, first + (count - 1) * stride + 1, stride or None)


def _group_channels(op: tile.MvmOp) -> int:
    """Input channels of one group of a grouped block."""
    groups = op.block_type.groups.data
    window = op.operand.owner
    if groups == 1 or not isinstance(window, tile.WindowOp):
        return op.block_type.rows.data
    return window.channels.size // groups


_ACTIONS: tuple[tuple[type[Operation], Callable[[_Machine, Any], None]], ...] = (
    (tile.FeatureMapOp, _Machine.feature_map),
    (tile.PartialSumsOp, _Machine.partial_sums),
    (tile.WeightBlockOp, _Machine.block),
    (tile.SweepOp, _Machine.sweep),
    (tile.WindowOp, _Machine.window),
    (tile.MvmOp, _Machine.mvm),
    (tile.AccumulateOp, _Machine.accumulate),
    (tile.LoadPartialOp, _Machine.load_partial),
    (tile.StorePartialOp, _Machine.store_partial),
    (tile.RequantiseOp, _Machine.requantise),
    (tile.MaxOp, _Machine.max),
    (tile.SumOp, _Machine.sum),
    (tile.AverageOp, _Machine.average),
    (tile.AddOp, _Machine.add),
    (tile.MultiplyOp, _Machine.multiply),
    (tile.ShuffleOp, _Machine.shuffle),
    (tile.TableOp, _Machine.table),
    (tile.SplatOp, _Machine.splat),
    (tile.StoreOp, _Machine.store),
)
