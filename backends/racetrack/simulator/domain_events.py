"""What happened during a domain-level run, and the energy of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cimc.backends.racetrack.cells import Steps
from cimc.backends.racetrack.chip import Chip

__all__ = ["Events", "cell_cycles"]


@dataclass
class Events:
    """Counts of single events; the energy is theirs and no instruction's."""

    instructions: int = 0
    array_steps: int = 0
    """Steps of arrays, however wide: the shifts that are reported."""
    track_steps: int = 0
    """Single tracks moved by one position, those of cells left out."""
    bits_read: int = 0
    bits_written: int = 0
    link_bits: int = 0
    calls: int = 0
    lane_operations: int = 0
    cells: Steps = field(default_factory=Steps)
    """Steps of single cells, all lanes together."""

    def energy(self, chip: Chip) -> dict[str, float]:
        """Energy in pJ by component, leakage left out."""
        each, cells = chip.energy, self.cells
        return {
            "issue": self.instructions * each.issue.value,
            "shift": self.track_steps * each.shift.value
            + cells.shift * each.cell_shift.value,
            "sense": self.bits_read * each.read.value + cells.sense * each.sense.value,
            "write": self.bits_written * each.write.value
            + cells.write * each.cell_write.value,
            "mac": cells.gate * each.gate.value
            + cells.transverse_read * each.transverse_read.value
            + cells.transverse_write * each.transverse_write.value,
            "vector": self.lane_operations * each.vector_lane.value,
            "transfer": self.link_bits / 8 * each.transfer_byte.value,
            "sync": self.calls * each.call.value,
        }


def cell_cycles(steps: Steps, chip: Chip) -> int:
    """Cycles of a cell that takes its steps one after the other."""
    timing = chip.timing
    return (
        steps.sense * timing.sense.value
        + steps.gate * timing.gate.value
        + steps.write * timing.cell_write.value
        + steps.shift * timing.cell_shift.value
        + steps.transverse_read * timing.transverse_read.value
        + steps.transverse_write * timing.transverse_write.value
    )
