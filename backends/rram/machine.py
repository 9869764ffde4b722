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
    mvm_cycles: int
    memory_latency_cycles: int
    programming_row_cycles: int

    positive = ("bus_bytes", "vector_lanes")

    def bus_cycles(self, length: int, count: int = 1) -> int:
        """Beats that ``count`` segments of ``length`` bytes take on the bus."""
        return count * -(-length // self.bus_bytes)


CHIP = MachineAttribute("rram.chip", RramMachine)
