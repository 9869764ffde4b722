"""Area of a racetrack chip by component, from first principles.

Tracks lie above the transistors of their ports, so a macro unit takes the larger of

  tracks   N_tracks * (N_dom + overhead domains) * domain
  ports    N_tracks * ports per track * port

and, beside it, a sense amplifier per bit of its word. An array adds a decoder; a bank
its MAC cells, one per lane and shared by all its arrays, registers, line buffer and
controller.

Source: ours, as is what shares what. Choong et al., arXiv 2507.01429, also interleave
tracks with CMOS; we do not know how they add areas up. Left out: wires and links,
white space, and the accumulators' own area, which is part of the MAC cells.
"""

from __future__ import annotations

from typing import TypedDict

from cimc.backends.racetrack.chip import Chip

__all__ = ["AreaReport", "area_report", "bank_area", "macro_unit_area"]

_UM2_PER_MM2 = 1e6


class AreaReport(TypedDict):
    """Areas in mm2, as a plain dict."""

    total: float
    """``banks`` times the sum over ``bank``, and ``buffers``."""
    bank: dict[str, float]
    """One bank by component."""
    weights: float
    """Of all banks, the arrays of weights: part of ``total``."""
    buffers: float
    """Arrays of feature maps."""


def macro_unit_area(chip: Chip, *, more_domains: int = 0, more_ports: int = 0) -> float:
    """Tracks above ports, whichever takes more, in um2; no sense amplifiers.

    ``more_domains`` and ``more_ports`` are those of a track that the chip has not.
    """
    structure, area = chip.structure, chip.area
    domains = structure.domains + chip.machine().overhead_domains + more_domains
    ports = structure.ports_per_track + more_ports
    return structure.tracks * max(domains * area.domain.value, ports * area.port.value)


def bank_area(chip: Chip) -> dict[str, float]:
    """One bank by component, in mm2."""
    structure, area = chip.structure, chip.area
    registers = structure.vector_registers * structure.vector_register_bytes
    arrays = structure.arrays_per_bank
    macro_units = arrays * chip.machine().weight_macro_units
    components = _arrays(chip, arrays, macro_units) | {
        "mac_cells": structure.lanes * area.mac_cell.value,
        "registers": registers * area.register_byte.value,
        "line_buffer": structure.line_buffer_bytes * area.line_buffer_byte.value,
        "controller": area.controller.value,
    }
    return {name: um2 / _UM2_PER_MM2 for name, um2 in components.items()}


def area_report(
    chip: Chip, banks: int, map_arrays: int, map_macro_units: int
) -> AreaReport:
    """Area of ``banks`` banks with all their arrays, and of buffers of that size."""
    bank = bank_area(chip)
    arrays = _arrays(chip, map_arrays, map_macro_units)
    buffers = sum(arrays.values()) / _UM2_PER_MM2
    return {
        "total": banks * sum(bank.values()) + buffers,
        "bank": bank,
        "weights": banks * sum(bank[name] for name in arrays),
        "buffers": buffers,
    }


def _arrays(chip: Chip, arrays: int, macro_units: int) -> dict[str, float]:
    """That many arrays by component, in um2: each has a decoder of its own."""
    area = chip.area
    amplifiers = macro_units * chip.structure.word_bits
    return {
        "macro_units": macro_units * macro_unit_area(chip),
        "sense_amplifiers": amplifiers * area.sense_amplifier.value,
        "decoders": arrays * area.decoder.value,
    }
