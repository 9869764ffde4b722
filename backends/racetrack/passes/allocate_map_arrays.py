"""``allocate-map-arrays``: give feature maps and partial sums their tracks."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from cimc.backends.racetrack.layout import MapLayout
from cimc.diagnostics import DoesNotFitError
from cimc.dialects import tile
from cimc.dialects.tile.memory import integer

__all__ = ["AllocateMapArrays"]


@dataclass(frozen=True)
class AllocateMapArrays(ModulePass):
    """Give every row of every buffer arrays of its own, numbered through the chip.

    An array is as many macro units wide as its words take at ``word_bits`` each;
    there are ``capacity`` of them.
    """

    name = "allocate-map-arrays"

    domains: int
    ports: int
    word_bits: int
    capacity: int

    def __post_init__(self) -> None:
        if min(self.domains, self.ports, self.word_bits, self.capacity) < 1:
            raise ValueError("all options must be at least 1")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Set ``address`` of every buffer to the number of its first array."""
        first = units = 0
        for buffer in op.body.block.ops:
            if isinstance(buffer, tile.FeatureMapOp | tile.PartialSumsOp):
                buffer.properties["address"] = integer(first)
                layout = MapLayout.of(buffer, self.domains, self.ports, first)
                for part in layout.slices:
                    first += layout.arrays
                    units += layout.arrays * -(-8 * part.width // self.word_bits)
                layer = buffer.layer.data
                if units > self.capacity:
                    raise DoesNotFitError(
                        "E032",
                        f"feature maps need more than the {self.capacity} macro "
                        "units of the chip's buffers",
                        where=f"node '{layer}'" if layer else "the model's input",
                        notes=(f"{units} are needed up to and with this layer",),
                        hints=("a chip with more buffer_macro_units",),
                    )
