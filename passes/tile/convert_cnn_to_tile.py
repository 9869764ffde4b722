"""``convert-cnn-to-tile``: from tensors to feature maps, weight blocks and sweeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import IntegerType, ModuleOp, StringAttr, i8
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from cimc import numerics
from cimc.context import weights_of
from cimc.diagnostics import InputError
from cimc.dialects import cnn, tile
from cimc.dialects.cim import Clamp, Quantisation, Range, WeightsRef, Window
from cimc.dialects.feature_map import FeatureMap
from cimc.dialects.tile.memory import Role, integer
from cimc.passes.tile.borders import Cut, Padding, cut_at_borders, halo_of, whole
from cimc.weights import Array, WeightStore

__all__ = ["ConvertCnnToTile"]

_UNIT = Window.of((1, 1))


@dataclass(frozen=True)
class ConvertCnnToTile(ModulePass):
    """Turn every CNN operator into sweeps over the positions of its OFM.

    A convolution becomes one matrix product per position with its whole im2col
    kernel matrix; the input's zero point is folded into the bias, since padding is a
    halo of zero points: Σ (x − z)·w + b = Σ x·w + (b − z·Σ w). Pooling windows run
    over the halo, too, where what is in it does not change their result, and are cut
    at the borders elsewhere.
    """

    name = "convert-cnn-to-tile"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Replace all ``cnn`` operations of the module by ``tile`` operations."""
        conversion = _Conversion(weights_of(ctx))
        old = list(op.body.block.ops)
        for operation in old:
            conversion.convert(operation)
        for operation in reversed(old):
            operation.detach()
            operation.erase()
        op.body.block.add_ops(conversion.maps)
        op.body.block.add_ops(conversion.code)


def _part_of(size: int) -> Range:
    return Range.of(0, size)


@dataclass
class _Conversion:
    """The tile operations made so far: feature maps first, then the code."""

    weights: WeightStore
    maps: list[Operation] = field(default_factory=list[Operation])
    code: list[Operation] = field(default_factory=list[Operation])
    values: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    layers: dict[str, tile.LayerOp] = field(default_factory=dict[str, tile.LayerOp])

    def convert(self, op: Operation) -> None:
        """Append what computes the result of ``op``."""
        match op:
            case cnn.InputOp():
                self.feature_map(op.output, op.tensor.data, "", "input")
            case cnn.OutputOp():
                self.output(op)
            case cnn.ConvOp():
                self.conv(op)
            case cnn.MaxPoolOp():
                self.max_pool(op)
            case cnn.AveragePoolOp():
                self.average_pool(op)
            case cnn.GlobalAveragePoolOp():
                self.global_average_pool(op)
            case cnn.AddOp():
                self.add(op)
            case cnn.ConcatOp():
                self.concat(op)
            case cnn.TableOp():
                self.table(op)
            case _:
                raise PassFailedException(f"{op.name} is not of the cnn level")

    def feature_map(self, value: SSAValue, tensor: str, layer: str, role: Role) -> None:
        """Declare the feature map that holds ``value``."""
        described = FeatureMap.of(value)
        padding = Padding.of(value)
        declared = tile.FeatureMapOp(
            tensor,
            layer,
            role,
            tile.FeatureMapType.of(
                described.shape,
                tile.ui8 if described.unsigned else i8,
                halo_of(described.height, described.width, padding.windows),
                padding.fill,
            ),
        )
        self.maps.append(declared)
        self.values[value] = declared.result

    def layer(self, op: cnn.MapOp, kind: str, macs: int = 0) -> SSAValue:
        """Declare the layer of ``op`` and its OFM; the value of that."""
        is_output = any(
            isinstance(use.operation, cnn.OutputOp)
            and use.operation.tensor == op.tensor
            for use in op.output.uses
        )
        role: Role = "output" if is_output else "intermediate"
        self.feature_map(op.output, op.tensor.data, op.layer.data, role)
        self.declare_layer(op.layer.data, kind, macs)
        return self.values[op.output]

    def output(self, op: cnn.OutputOp) -> None:
        """A copy, if the network's output is a map that has another name already."""
        source, name, ofm = self.values[op.input], op.tensor.data, op.ifm
        assert isinstance(source.owner, tile.FeatureMapOp)
        if source.owner.tensor == op.tensor:
            return
        type_ = tile.FeatureMapType.of(ofm.shape, self.element(ofm))
        copy = tile.FeatureMapOp(name, name, "output", type_)
        self.maps.append(copy)
        self.declare_layer(name, "copy", 0)
        window = tile.WindowOp(source, _UNIT)
        store = tile.StoreOp(window.result, copy.result, _part_of(ofm.channels))
        rows, columns = _part_of(ofm.height), _part_of(ofm.width)
        self.code.append(tile.SweepOp(name, rows, columns, [window, store]))

    def declare_layer(self, name: str, kind: str, macs: int) -> None:
        """Declare a layer once; tables that belong to it do not name its kind."""
        layer = self.layers.get(name)
        if layer is None:
            self.layers[name] = layer = tile.LayerOp(name, kind)
            self.code.append(layer)
        elif kind != "table":
            layer.properties["kind"] = StringAttr(kind)
        layer.properties["macs"] = integer(layer.macs.value.data + macs)

    def constant(self, name: str, array: Array) -> WeightsRef:
        """Store a constant and refer to it."""
        return WeightsRef.of(name, self.weights.add(name, array))

    def fetch(self, reference: WeightsRef) -> Array:
        """The constant that ``reference`` means."""
        return self.weights.resolve(reference)

    def sweep(
        self,
        op: cnn.MapOp,
        body: list[Operation],
        channels: Range,
        rows: Range | None = None,
        columns: Range | None = None,
    ) -> None:
        """Append a sweep that stores the last value of ``body`` in the OFM."""
        ofm = self.values[op.output]
        store = tile.StoreOp(body[-1].results[0], ofm, channels)
        rows = rows or _part_of(op.ofm.height)
        columns = columns or _part_of(op.ofm.width)
        self.code.append(tile.SweepOp(op.layer.data, rows, columns, [*body, store]))

    def conv(self, op: cnn.ConvOp) -> None:
        """One window, one product with the whole matrix, one requantisation."""
        self.layer(op, "conv", op.macs)
        ofm, name, cout = op.ofm, op.layer.data, op.ofm.channels
        matrix = self.fetch(op.weights).reshape(-1, cout)
        sums = op.ifm.zero * matrix.sum(axis=0, dtype=np.int64)
        bias = self.fetch(op.bias).astype(np.int64) - sums
        if np.abs(bias).max(initial=0) >= 2**31:
            raise InputError(
                "E036",
                "bias and input zero point together exceed 32 bits",
                where=f"node '{op.layer.data}'",
                hints=("quantise the model again",),
            )
        multiplier = numerics.multipliers(
            op.ifm.scale, self.fetch(op.weight_scale), op.requantised.scale
        )
        block = tile.WeightBlockOp(
            self.constant(f"{name}.matrix", matrix),
            _part_of(matrix.shape[0]),
            _part_of(cout),
            op.group_count,
        )
        window = tile.WindowOp(self.values[op.input], op.window)
        product = tile.MvmOp(block.result, window.result)
        requantised = tile.RequantiseOp(
            product.result,
            self.constant(f"{name}.folded_bias", bias.astype(np.int32)),
            self.constant(f"{name}.multiplier", multiplier),
            _part_of(cout),
            op.requantised.zero,
            op.clamp,
            self.element(ofm),
        )
        self.code.append(block)
        body: list[Operation] = [window, product, requantised]
        if op.table is not None:
            body.append(tile.TableOp(requantised.result, op.table, self.element(ofm)))
        self.sweep(op, body, _part_of(cout))

    @staticmethod
    def element(described: FeatureMap) -> IntegerType:
        """Element type of a feature map."""
        return tile.ui8 if described.unsigned else i8

    def cuts(self, op: cnn.MaxPoolOp | cnn.AveragePoolOp) -> Iterable[Cut]:
        """Parts of the OFM of a pooling layer: one if its windows may see the halo."""
        if Padding.of(op.input).serves(op):
            return (whole(op.window, op.ofm),)
        return cut_at_borders(op.window, op.ifm, op.ofm)

    def pooled(
        self, op: cnn.MaxPoolOp | cnn.AveragePoolOp, cut: Cut
    ) -> tuple[tile.WindowOp, int]:
        """The window of one part of a pooling layer, and how many taps it has."""
        window = tile.WindowOp(
            self.values[op.input],
            op.window,
            tap_rows=cut.tap_rows,
            tap_columns=cut.tap_columns,
        )
        return window, cut.tap_rows.size * cut.tap_columns.size

    def max_pool(self, op: cnn.MaxPoolOp) -> None:
        """One sweep per part of the OFM whose windows are cut alike."""
        self.layer(op, "max_pool")
        for cut in self.cuts(op):
            window, taps = self.pooled(op, cut)
            largest = tile.MaxOp(window.result, taps)
            channels = _part_of(op.ofm.channels)
            self.sweep(op, [window, largest], channels, cut.rows, cut.columns)

    def average_pool(self, op: cnn.AveragePoolOp) -> None:
        """One sweep per part of the OFM whose windows are cut alike."""
        self.layer(op, "average_pool")
        kernel_height, kernel_width = op.window.kernel
        for cut in self.cuts(op):
            window, taps = self.pooled(op, cut)
            average = tile.AverageOp(
                window.result,
                taps,
                kernel_height * kernel_width if op.includes_pad else taps,
                Quantisation.of(op.ifm.scale, op.ifm.zero),
                Quantisation.of(op.ofm.scale, op.ofm.zero),
                self.element(op.ofm),
            )
            channels = _part_of(op.ofm.channels)
            self.sweep(op, [window, average], channels, cut.rows, cut.columns)

    def global_average_pool(self, op: cnn.GlobalAveragePoolOp) -> None:
        """An integer sum over the map, requantised by s_x / (s_y · count)."""
        self.layer(op, "global_average_pool")
        ifm, ofm, name = op.ifm, op.ofm, op.layer.data
        count = ifm.height * ifm.width
        ratio = numerics.mean_multiplier(ifm.scale, ofm.scale, count)
        window = tile.WindowOp(
            self.values[op.input], Window.of((ifm.height, ifm.width))
        )
        total = tile.SumOp(window.result, count)
        requantised = tile.RequantiseOp(
            total.result,
            self.constant(
                f"{name}.folded_bias",
                np.full(ofm.channels, -ifm.zero * count, np.int32),
            ),
            self.constant(
                f"{name}.multiplier", np.full(ofm.channels, ratio, np.float32)
            ),
            _part_of(ofm.channels),
            ofm.zero,
            Clamp.of(ofm.low, ofm.high),
            self.element(ofm),
        )
        self.sweep(op, [window, total, requantised], _part_of(ofm.channels))

    def add(self, op: cnn.AddOp) -> None:
        """Two loads and one quantised addition per position."""
        self.layer(op, "add")
        a, b, ofm = FeatureMap.of(op.lhs), FeatureMap.of(op.rhs), op.ofm
        constants = numerics.add_constants(
            a.scale, a.zero, b.scale, b.zero, ofm.scale, ofm.zero
        )
        lhs = tile.WindowOp(self.values[op.lhs], _UNIT)
        rhs = tile.WindowOp(self.values[op.rhs], _UNIT)
        added = tile.AddOp(lhs.result, rhs.result, *constants, self.element(ofm))
        self.sweep(op, [lhs, rhs, added], _part_of(ofm.channels))

    def concat(self, op: cnn.ConcatOp) -> None:
        """One copy per operand."""
        self.layer(op, "concat")
        start = 0
        for operand in op.inputs:
            stop = start + FeatureMap.of(operand).channels
            window = tile.WindowOp(self.values[operand], _UNIT)
            self.sweep(op, [window], Range.of(start, stop))
            start = stop

    def table(self, op: cnn.TableOp) -> None:
        """One look-up per element."""
        self.layer(op, "table")
        window = tile.WindowOp(self.values[op.input], _UNIT)
        looked_up = tile.TableOp(window.result, op.table, self.element(op.ofm))
        self.sweep(op, [window, looked_up], _part_of(op.ofm.channels))
