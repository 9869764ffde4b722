"""``allocate-buffers``: give feature maps and partial sums their addresses."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from cimc.diagnostics import DoesNotFitError
from cimc.dialects import tile
from cimc.dialects.tile.memory import integer
from cimc.passes.tile.banks import Banks
from cimc.passes.tile.phases import lifetimes, phases_of
from cimc.passes.tile.sweeps import core_of
from cimc.passes.tile.traffic import transfers

__all__ = ["AllocateBuffers"]

Buffer = tile.FeatureMapOp | tile.PartialSumsOp


@dataclass(frozen=True)
class AllocateBuffers(ModulePass):
    """Lay all buffers side by side in shared memory, each ``alignment`` bytes aligned.

    Feature maps include their halo. ``capacity`` is the size of the memory in bytes. On
    a mesh each of the ``cores`` has an equal part of it, in rows of ``mesh_columns``: a
    buffer then lies where the bytes that cores move take the fewest hops, those with
    the most first. Without those there is one bus, and buffers keep their order.

    On a bus, partial sums may lie in one place if no phase accesses both. Feature maps
    may not: halos are preset before an image, and all maps can be read behind it.
    """

    name = "allocate-buffers"

    capacity: int
    alignment: int = 64
    cores: int = 1
    mesh_columns: int = 0

    def __post_init__(self) -> None:
        if min(self.capacity, self.alignment, self.cores) < 1 or self.mesh_columns < 0:
            raise ValueError("sizes must be at least 1")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Set ``address`` of every feature map and of all partial sums."""
        buffers = [o for o in op.body.block.ops if isinstance(o, Buffer)]
        if not self.mesh_columns:
            self._in_order(buffers, phases_of(op))
            return
        traffic = _traffic(op)
        banks = Banks(self.capacity, self.alignment, self.cores, self.mesh_columns)
        by_traffic = sorted(buffers, key=lambda b: -traffic[b.result].total())
        for buffer in by_traffic:
            address = banks.take(buffer.size_bytes, traffic[buffer.result])
            if address is None:
                raise self._does_not_fit(buffer, sum(b.size_bytes for b in buffers))
            buffer.properties["address"] = integer(address)

    def _in_order(
        self, buffers: list[Buffer], phases: list[list[tile.SweepOp]]
    ) -> None:
        always, lives = range(len(phases)), lifetimes(phases)

        def life(buffer: Buffer) -> range:
            sums = isinstance(buffer, tile.PartialSumsOp)
            return lives.get(buffer.result, always) if sums else always

        ends = [0 for _ in phases]
        for buffer in sorted(buffers, key=lambda buffer: -len(life(buffer))):
            end = max(ends[phase] for phase in life(buffer))
            address = -(-end // self.alignment) * self.alignment
            end = address + buffer.size_bytes
            if end > self.capacity:
                raise self._does_not_fit(buffer, end)
            buffer.properties["address"] = integer(address)
            for phase in life(buffer):
                ends[phase] = end

    def _does_not_fit(self, buffer: Buffer, needed: int) -> DoesNotFitError:
        return DoesNotFitError(
            "E032",
            f"feature maps need more than the {self.capacity} bytes of shared memory",
            where=f"node '{buffer.layer.data}'",
            notes=(f"{needed} bytes are needed up to and with this layer",),
            hints=("a chip with more shared memory",),
        )


def _traffic(module: ModuleOp) -> dict[SSAValue, Counter[int]]:
    """Bytes that each core moves to and from each buffer."""
    found: dict[SSAValue, Counter[int]] = defaultdict(Counter)
    for sweep in module.body.block.ops:
        if isinstance(sweep, tile.SweepOp):
            for moved in transfers(sweep):
                found[moved.buffer][core_of(sweep)] += moved.size * sweep.positions
    return found
