"""A racetrack chip as passes and simulator see it: the attribute ``racetrack.chip``."""

from __future__ import annotations

from dataclasses import dataclass

from cimc.isa.machine import MachineAttribute, SequencedMachine

__all__ = ["CHIP", "RacetrackMachine"]


@dataclass(frozen=True)
class RacetrackMachine(SequencedMachine):
    """Structure and timing of a chip. Sizes in bytes or entries, times in cycles.

    An array is a row of macro units whose tracks shift together. At offset ``o``, port
    ``p`` of each track is at domain ``p * segment + o``.
    """

    banks: int
    arrays_per_bank: int
    lanes: int
    domains: int
    ports: int
    """Per track."""
    word_bits: int
    weight_bits: int
    accumulator_bits: int
    buffer_macro_units: int
    line_buffer_bytes: int
    link_bytes: int
    port_policy: str
    port_update: str
    longest_shift: int
    """Steps of one SHIFT at most."""
    shift_cycles: int
    """One step of an array."""
    read_cycles: int
    write_cycles: int
    mac_cycles: int
    transfer_latency_cycles: int

    positive = (
        "domains",
        "ports",
        "word_bits",
        "vector_lanes",
        "link_bytes",
        "longest_shift",
    )

    @property
    def segment(self) -> int:
        """Domains from one port of a track to the next."""
        return self.domains // self.ports

    @property
    def lowest_offset(self) -> int:
        """Least offset of an array.

        Below 0 where a neighbouring port may serve a domain (policy ``nearest``).
        """
        return -(self.segment - 1) if self._neighbours_serve else 0

    @property
    def highest_offset(self) -> int:
        """Greatest offset of an array."""
        return (2 if self._neighbours_serve else 1) * (self.segment - 1)

    @property
    def overhead_domains(self) -> int:
        """Domains that a track needs beyond its data, for the data to shift into."""
        return self.highest_offset - self.lowest_offset

    @property
    def weight_macro_units(self) -> int:
        """Macro units side by side in an array of weights."""
        return -(-self.lanes * self.weight_bits // self.word_bits)

    def map_macro_units(self, width_bytes: int) -> int:
        """Macro units side by side in an array that is ``width_bytes`` wide."""
        return -(-8 * width_bytes // self.word_bits)

    def link_cycles(self, length: int) -> int:
        """Beats that ``length`` bytes take on a link."""
        return -(-length // self.link_bytes)

    @property
    def _neighbours_serve(self) -> bool:
        return self.port_policy == "nearest" and self.ports > 1


CHIP = MachineAttribute("racetrack.chip", RacetrackMachine)
