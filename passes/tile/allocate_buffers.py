"""``allocate-buffers``: give feature maps and partial sums their addresses."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from cimc.diagnostics import DoesNotFitError
from cimc.dialects import tile
from cimc.dialects.tile.memory import integer

__all__ = ["AllocateBuffers"]


@dataclass(frozen=True)
class AllocateBuffers(ModulePass):
    """Lay all buffers side by side in shared memory, each ``alignment`` bytes aligned.

    Feature maps include their halo. ``capacity`` is the size of the memory in bytes.
    """

    name = "allocate-buffers"

    capacity: int
    alignment: int = 64

    def __post_init__(self) -> None:
        if min(self.capacity, self.alignment) < 1:
            raise ValueError("capacity and alignment must be at least 1")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Set ``address`` of every feature map and of all partial sums."""
        end = 0
        for buffer in op.body.block.ops:
            if isinstance(buffer, tile.FeatureMapOp | tile.PartialSumsOp):
                address = -(-end // self.alignment) * self.alignment
                end = address + buffer.size_bytes
                if end > self.capacity:
                    raise DoesNotFitError(
                        "E032",
                        f"feature maps need more than the {self.capacity} bytes "
                        "of shared memory",
                        where=f"node '{buffer.layer.data}'",
                        notes=(f"{end} bytes are needed up to and with this layer",),
                        hints=("a chip with more shared memory",),
                    )
                buffer.properties["address"] = integer(address)
