"""Fields of racetrack instructions that name arrays and domains."""

from __future__ import annotations

from cimc.isa.fields import Integer, Register

__all__ = ["LONGEST_SHIFT", "array_register", "domain", "map_array", "steps"]

#: Steps of one SHIFT at most, as far as its field goes.
LONGEST_SHIFT = (1 << 15) - 1


def array_register() -> Register:
    """A weight array of the bank: ``w3``."""
    return Register("w", 12)


def map_array() -> Register:
    """A feature-map array of the chip: ``m12``."""
    return Register("m", 24)


def domain() -> Integer:
    """A domain along the tracks, relative to an address register."""
    return Integer(14, signed=True)


def steps() -> Integer:
    """By how many steps an array shifts; at most LONGEST_SHIFT."""
    return Integer(16, signed=True)
