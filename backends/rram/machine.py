"""An RRAM chip as passes and simulator see it: the module attribute ``rram.chip``."""

from __future__ import annotations

from dataclasses import dataclass

from cimc.isa.machine import MachineAttribute, SequencedMachine

__all__ = ["CHIP", "RramMachine"]


@dataclass(frozen=True)
class RramMachine(SequencedMachine):
    """Structure and timing of a chip. Sizes in bytes or entries, times in cycles."""

    cores: int
    crossbars_per_core: int
    rows: int
    columns: int
    shared_memory_bytes: int
    bus_bytes: int
    mesh_columns: int
    mvm_cycles: int
    beat_cycles: int
    hop_cycles: int
    memory_latency_cycles: int
    programming_row_cycles: int

    positive = ("bus_bytes", "vector_lanes", "beat_cycles")

    @property
    def bank_bytes(self) -> int:
        """Shared memory of one node; all of it on a bus."""
        return self.shared_memory_bytes // (self.cores if self.mesh_columns else 1)

    @property
    def kept_vectors(self) -> int:
        """Vector registers that may hold windows and products of the next position."""
        return max(self.vector_registers // 2, self.vector_registers - 16)

    def bus_cycles(self, length: int, count: int = 1) -> int:
        """Cycles that ``count`` segments of ``length`` bytes take on bus or link."""
        return count * -(-length // self.bus_bytes) * self.beat_cycles


CHIP = MachineAttribute("rram.chip", RramMachine)
