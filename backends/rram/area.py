"""Area of an RRAM chip by component, from first principles.

A crossbar takes its cells, a driver per row and, per bit line, a sample-and-hold that
keeps the current of a read until a converter gets to it. Converters are as few as the
latency of an MVM allows: it is divided evenly among the reads, and within each of them
every bit line is converted once, one per converter and clock cycle. Where that is too
short, each bit line has a converter of its own.

A core adds its vector registers, a port on the bus and a controller. Of cores and of
shared memory, what a program uses counts, as on the other machines.

Source: ours, as is what shares what. Left out: wires, white space, and the supply of
the programming voltages.
"""

from __future__ import annotations

from typing import TypedDict

from cimc.backends.rram.chip import Chip

__all__ = ["AreaReport", "adcs_per_crossbar", "area_report", "core_area"]

_UM2_PER_MM2 = 1e6


class AreaReport(TypedDict):
    """Areas in mm2, as a plain dict."""

    total: float
    """``cores`` and ``shared_memory``."""
    core: dict[str, float]
    """One core by component."""
    cores: float
    """All cores in use."""
    shared_memory: float
    """What the program uses of it."""


def adcs_per_crossbar(chip: Chip) -> int:
    """Converters that keep up with the MVM of a whole crossbar."""
    lines_per_adc = chip.timing.mvm.value // chip.structure.reads_per_mvm
    return -(-_bit_lines(chip) // max(1, lines_per_adc))


def core_area(chip: Chip) -> dict[str, float]:
    """One core with all its crossbars, by component, in mm2."""
    structure, area = chip.structure, chip.area
    crossbar = {
        "cells": structure.rows * _bit_lines(chip) * area.cell.value,
        "dacs": structure.rows * area.dac.value,
        "sample_holds": _bit_lines(chip) * area.sample_hold.value,
        "adcs": adcs_per_crossbar(chip) * area.adc.value,
    }
    registers = structure.vector_registers * structure.vector_register_bytes
    components = {
        name: structure.crossbars_per_core * um2 for name, um2 in crossbar.items()
    } | {
        "registers": registers * area.register_byte.value,
        "bus_port": structure.bus_bytes * area.bus_byte.value,
        "controller": area.controller.value,
    }
    return {name: um2 / _UM2_PER_MM2 for name, um2 in components.items()}


def area_report(chip: Chip, cores: int, memory_bytes: int) -> AreaReport:
    """Area of ``cores`` cores and of so much of the shared memory: what is in use."""
    core = core_area(chip)
    memory = memory_bytes * chip.area.shared_memory_byte.value
    used, shared = cores * sum(core.values()), memory / _UM2_PER_MM2
    return {
        "total": used + shared,
        "core": core,
        "cores": used,
        "shared_memory": shared,
    }


def _bit_lines(chip: Chip) -> int:
    """Columns of cells of one crossbar."""
    return chip.structure.columns * chip.structure.cells_per_weight
