"""The ``tile`` operations that a ``cnn`` module becomes, while it is converted."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.dialects.builtin import IntegerType, StringAttr, i8
from xdsl.ir import Operation, SSAValue

from cimc.dialects import cnn, tile
from cimc.dialects.cim import Range, WeightsRef, Window
from cimc.dialects.cnn_moves import SliceOp
from cimc.dialects.feature_map import FeatureMap
from cimc.dialects.tile.memory import Role, integer
from cimc.passes.tile.borders import Padding, halo_of
from cimc.passes.tile.channel_parts import part_of
from cimc.weights import Array, WeightStore

__all__ = ["ONE", "Conversion", "element", "part_to"]

ONE = Window.of((1, 1))
"""The window of a single position."""


def part_to(size: int) -> Range:
    """All elements before ``size``."""
    return Range.of(0, size)


def element(described: FeatureMap) -> IntegerType:
    """Element type of a feature map."""
    return tile.ui8 if described.unsigned else i8


@dataclass
class Conversion:
    """The tile operations made so far: feature maps first, then the code.

    With ``apart`` an output that the network reads, too, is a copy of its own.
    """

    weights: WeightStore
    apart: bool = False
    maps: list[Operation] = field(default_factory=list[Operation])
    code: list[Operation] = field(default_factory=list[Operation])
    values: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    views: dict[SSAValue, SliceOp] = field(default_factory=dict[SSAValue, SliceOp])
    layers: dict[str, tile.LayerOp] = field(default_factory=dict[str, tile.LayerOp])

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

    def declare(self, op: cnn.MapOp, kind: str, macs: int = 0) -> None:
        """Declare the layer of ``op`` and its OFM."""
        users = [use.operation for use in op.output.uses]
        outputs = [user for user in users if isinstance(user, cnn.OutputOp)]
        name, role = op.tensor.data, "intermediate"
        if any(output.tensor == op.tensor for output in outputs):
            if self.apart and len(outputs) < len(users):
                name = f"{name}/read"
            else:
                role = "output"
        self.feature_map(op.output, name, op.layer.data, role)
        self.declare_layer(op.layer.data, kind, macs)

    def window(
        self,
        value: SSAValue,
        window: Window = ONE,
        channels: Range | None = None,
        taps: tuple[Range, Range] | None = None,
    ) -> tile.WindowOp:
        """A window over the map that holds ``value``, or over some of its channels."""
        channels = channels or part_to(FeatureMap.of(value).channels)
        while (view := self.views.get(value)) is not None:
            value, channels = view.input, part_of(view.channels, channels)
        rows, columns = taps or (None, None)
        return tile.WindowOp(
            self.values[value],
            window,
            tap_rows=rows,
            tap_columns=columns,
            channels=channels,
        )

    def output(self, op: cnn.OutputOp) -> None:
        """A copy, if the network's output is a map that has another name already."""
        name, ofm = op.tensor.data, op.ifm
        source = self.values.get(op.input)
        held = source.owner if source else None
        if isinstance(held, tile.FeatureMapOp) and held.tensor == op.tensor:
            return
        type_ = tile.FeatureMapType.of(ofm.shape, element(ofm))
        copy = tile.FeatureMapOp(name, name, "output", type_)
        self.maps.append(copy)
        self.declare_layer(name, "copy", 0)
        window = self.window(op.input)
        store = tile.StoreOp(window.result, copy.result, part_to(ofm.channels))
        rows, columns = part_to(ofm.height), part_to(ofm.width)
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
        rows = rows or part_to(op.ofm.height)
        columns = columns or part_to(op.ofm.width)
        self.code.append(tile.SweepOp(op.layer.data, rows, columns, [*body, store]))
