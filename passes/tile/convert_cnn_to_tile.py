"""``convert-cnn-to-tile``: from tensors to feature maps, weight blocks and sweeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from cimc import numerics
from cimc.context import weights_of
from cimc.diagnostics import InputError
from cimc.dialects import cnn, tile
from cimc.dialects.cim import Clamp, Quantisation, Range, Window
from cimc.dialects.feature_map import FeatureMap
from cimc.passes.tile.borders import Cut, Padding, cut_at_borders, whole
from cimc.passes.tile.conversion import ONE, Conversion, element, part_to
from cimc.passes.tile.convert_moves import CONVERT_MOVES

__all__ = ["ConvertCnnToTile"]

_FIXED = Window.of((1, 1), stride=(0, 0))
"""The window of an operand that is the same at all positions."""


@dataclass(frozen=True)
class ConvertCnnToTile(ModulePass):
    """Turn every CNN operator into sweeps over the positions of its OFM.

    A convolution becomes one matrix product per position with its whole im2col
    kernel matrix; the input's zero point is folded into the bias, since padding is a
    halo of zero points: Σ (x − z)·w + b = Σ x·w + (b − z·Σ w). Pooling windows run
    over the halo, too, where what is in it does not change their result, and are cut
    at the borders elsewhere. With ``apart`` an output that other layers read, too, is a
    copy, so that what they read may make room for the next image of a batch.
    """

    name = "convert-cnn-to-tile"

    apart: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Replace all ``cnn`` operations of the module by ``tile`` operations."""
        conversion = Conversion(weights_of(ctx), self.apart)
        old = list(op.body.block.ops)
        for operation in old:
            _convert(operation, conversion)
        for operation in reversed(old):
            operation.detach()
            operation.erase()
        op.body.block.add_ops(conversion.maps)
        op.body.block.add_ops(conversion.code)


def _convert(op: Operation, to: Conversion) -> None:
    """Append what computes the result of ``op``."""
    match op:
        case cnn.InputOp():
            to.feature_map(op.output, op.tensor.data, "", "input")
        case cnn.OutputOp():
            to.output(op)
        case cnn.MapOp():
            _CONVERT[type(op)](to, op)
        case _:
            raise PassFailedException(f"{op.name} is not of the cnn level")


def _conv(to: Conversion, op: cnn.ConvOp) -> None:
    """One window, one product with the whole matrix, one requantisation."""
    to.declare(op, "conv", op.macs)
    ofm, name, cout = op.ofm, op.layer.data, op.ofm.channels
    matrix = to.fetch(op.weights).reshape(-1, cout)
    sums = op.ifm.zero * matrix.sum(axis=0, dtype=np.int64)
    bias = to.fetch(op.bias).astype(np.int64) - sums
    if np.abs(bias).max(initial=0) >= 2**31:
        raise InputError(
            "E036",
            "bias and input zero point together exceed 32 bits",
            where=f"node '{op.layer.data}'",
            hints=("quantise the model again",),
        )
    multiplier = numerics.multipliers(
        op.ifm.scale, to.fetch(op.weight_scale), op.requantised.scale
    )
    block = tile.WeightBlockOp(
        to.constant(f"{name}.matrix", matrix),
        part_to(matrix.shape[0]),
        part_to(cout),
        op.group_count,
    )
    window = to.window(op.input, op.window)
    product = tile.MvmOp(block.result, window.result)
    requantised = tile.RequantiseOp(
        product.result,
        to.constant(f"{name}.folded_bias", bias.astype(np.int32)),
        to.constant(f"{name}.multiplier", multiplier),
        part_to(cout),
        op.requantised.zero,
        op.clamp,
        element(ofm),
    )
    to.code.append(block)
    body: list[Operation] = [window, product, requantised]
    if op.table is not None:
        body.append(tile.TableOp(requantised.result, op.table, element(ofm)))
    to.sweep(op, body, part_to(cout))


def _cuts(to: Conversion, op: cnn.MaxPoolOp | cnn.AveragePoolOp) -> Iterable[Cut]:
    """Parts of the OFM of a pooling layer: one if its windows may see the halo."""
    if Padding.of(op.input).serves(op):
        return (whole(op.window, op.ofm),)
    return cut_at_borders(op.window, op.ifm, op.ofm)


def _pooled(
    to: Conversion, op: cnn.MaxPoolOp | cnn.AveragePoolOp, cut: Cut
) -> tuple[tile.WindowOp, int]:
    """The window of one part of a pooling layer, and how many taps it has."""
    window = to.window(op.input, op.window, taps=(cut.tap_rows, cut.tap_columns))
    return window, cut.tap_rows.size * cut.tap_columns.size


def _max_pool(to: Conversion, op: cnn.MaxPoolOp) -> None:
    """One sweep per part of the OFM whose windows are cut alike."""
    to.declare(op, "max_pool")
    for cut in _cuts(to, op):
        window, taps = _pooled(to, op, cut)
        largest = tile.MaxOp(window.result, taps)
        channels = part_to(op.ofm.channels)
        to.sweep(op, [window, largest], channels, cut.rows, cut.columns)


def _average_pool(to: Conversion, op: cnn.AveragePoolOp) -> None:
    """One sweep per part of the OFM whose windows are cut alike."""
    to.declare(op, "average_pool")
    kernel_height, kernel_width = op.window.kernel
    for cut in _cuts(to, op):
        window, taps = _pooled(to, op, cut)
        average = tile.AverageOp(
            window.result,
            taps,
            kernel_height * kernel_width if op.includes_pad else taps,
            Quantisation.of(op.ifm.scale, op.ifm.zero),
            Quantisation.of(op.ofm.scale, op.ofm.zero),
            element(op.ofm),
        )
        channels = part_to(op.ofm.channels)
        to.sweep(op, [window, average], channels, cut.rows, cut.columns)


def _global_average_pool(to: Conversion, op: cnn.GlobalAveragePoolOp) -> None:
    """An integer sum over the map, requantised by s_x / (s_y · count)."""
    to.declare(op, "global_average_pool")
    ifm, ofm, name = op.ifm, op.ofm, op.layer.data
    count = ifm.height * ifm.width
    ratio = numerics.mean_multiplier(ifm.scale, ofm.scale, count)
    window = to.window(op.input, Window.of((ifm.height, ifm.width)))
    total = tile.SumOp(window.result, count)
    requantised = tile.RequantiseOp(
        total.result,
        to.constant(
            f"{name}.folded_bias",
            np.full(ofm.channels, -ifm.zero * count, np.int32),
        ),
        to.constant(f"{name}.multiplier", np.full(ofm.channels, ratio, np.float32)),
        part_to(ofm.channels),
        ofm.zero,
        Clamp.of(ofm.low, ofm.high),
        element(ofm),
    )
    to.sweep(op, [window, total, requantised], part_to(ofm.channels))


def _operands(to: Conversion, op: cnn.AddOp | cnn.MultiplyOp) -> list[tile.WindowOp]:
    """The operands at each position; one without positions is the same at all."""
    return [
        to.window(value, ONE if ifm.shape == op.ofm.shape else _FIXED)
        for value, ifm in zip((op.lhs, op.rhs), op.operand_maps, strict=True)
    ]


def _add(to: Conversion, op: cnn.AddOp) -> None:
    """Two loads and one quantised addition per position."""
    to.declare(op, "add")
    (a, b), ofm = op.operand_maps, op.ofm
    constants = numerics.add_constants(
        a.scale, a.zero, b.scale, b.zero, ofm.scale, ofm.zero
    )
    lhs, rhs = _operands(to, op)
    added = tile.AddOp(lhs.result, rhs.result, *constants, element(ofm))
    to.sweep(op, [lhs, rhs, added], part_to(ofm.channels))


def _multiply(to: Conversion, op: cnn.MultiplyOp) -> None:
    """Two loads and one quantised product per position."""
    to.declare(op, "multiply")
    (a, b), ofm = op.operand_maps, op.ofm
    ratio = numerics.product_ratio(a.scale, b.scale, ofm.scale)
    lhs, rhs = _operands(to, op)
    product = tile.MultiplyOp(
        lhs.result, a.zero, rhs.result, b.zero, ratio, ofm.zero, element(ofm)
    )
    to.sweep(op, [lhs, rhs, product], part_to(ofm.channels))


def _concat(to: Conversion, op: cnn.ConcatOp) -> None:
    """One copy per operand."""
    to.declare(op, "concat")
    start = 0
    for operand in op.inputs:
        stop = start + FeatureMap.of(operand).channels
        to.sweep(op, [to.window(operand)], Range.of(start, stop))
        start = stop


def _table(to: Conversion, op: cnn.TableOp) -> None:
    """One look-up per element."""
    to.declare(op, "table")
    window = to.window(op.input)
    looked_up = tile.TableOp(window.result, op.table, element(op.ofm))
    to.sweep(op, [window, looked_up], part_to(op.ofm.channels))


_CONVERT: Mapping[type[cnn.MapOp], Callable[[Conversion, Any], None]] = {
    cnn.ConvOp: _conv,
    cnn.MaxPoolOp: _max_pool,
    cnn.AveragePoolOp: _average_pool,
    cnn.GlobalAveragePoolOp: _global_average_pool,
    cnn.AddOp: _add,
    cnn.MultiplyOp: _multiply,
    cnn.ConcatOp: _concat,
    cnn.TableOp: _table,
    **CONVERT_MOVES,
}
