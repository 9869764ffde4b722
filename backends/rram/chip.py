"""RRAM chip descriptions; see :mod:`cimc.isa.chip` for what all machines share."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from cimc.backends.rram.machine import RramMachine
from cimc.descriptions import Description
from cimc.isa.chip import (
    Area,
    ChipFiles,
    ChipModel,
    Cycles,
    Energy,
    Frequency,
    PositiveCycles,
    Power,
    Sequencing,
    Writes,
)

__all__ = ["CHIPS", "Areas", "Chip", "Energies", "Structure", "Timing"]

_INPUT_BITS = 8


class Structure(Sequencing):
    """How many there are of what; bits of cells and converters are for the costs."""

    cores: int = Field(ge=1, le=65536)
    crossbars_per_core: int = Field(ge=1, le=65536)
    rows: int = Field(ge=1, le=65535)
    """Weights along a bit line: inputs of one MVM."""
    columns: int = Field(ge=1, le=65535)
    """Weights along a word line: outputs of one MVM."""
    weight_bits: int = Field(ge=8, le=8)
    cell_bits: int = Field(ge=1, le=8)
    dac_bits: int = Field(ge=1, le=8)
    adc_bits: int = Field(ge=1, le=32)
    shared_memory_bytes: int = Field(ge=1, le=1 << 31)
    bus_bytes: int = Field(ge=1, le=4096)
    """Bytes of one beat on the bus, or on a link of the mesh."""
    mesh_columns: int = Field(default=0, ge=0, le=256)
    """Nodes in a row of the mesh, each a core with its part of the memory; 0: a bus."""

    @property
    def cells_per_weight(self) -> int:
        """⌈weight_bits / cell_bits⌉ per sign: a weight is a differential pair."""
        return 2 * -(-self.weight_bits // self.cell_bits)

    @property
    def reads_per_mvm(self) -> int:
        """Reads of a crossbar that bring in inputs of 8 bits, dac_bits at a time."""
        return -(-_INPUT_BITS // self.dac_bits)

    @model_validator(mode="after")
    def _mvm_fits(self) -> Structure:
        need = max(self.rows, 4 * self.columns)
        if need > self.vector_register_bytes:
            raise ValueError(
                f"vector_register_bytes must hold rows bytes and columns int32: "
                f"at least {need}"
            )
        if self.mesh_columns and (
            self.cores % self.mesh_columns or self.shared_memory_bytes % self.cores
        ):
            raise ValueError(
                "a mesh has full rows of cores and equal parts of the shared memory"
            )
        return self


_BUS = "a bus has one beat per cycle and no routers"


class Timing(Description):
    """Durations in clock cycles."""

    issue: Cycles
    mvm: Cycles
    beat: PositiveCycles = PositiveCycles(
        value=1, unit="cycles", status="assumed", source=_BUS
    )
    """One beat on the bus or a link."""
    hop: Cycles = Cycles(value=0, unit="cycles", status="assumed", source=_BUS)
    """The head of a transfer from node to node of a mesh."""
    vector_startup: Cycles
    memory_latency: Cycles
    call_latency: Cycles
    programming_row: Cycles


class Energies(Description):
    """Energy per event in pJ and standing power in mW."""

    issue: Energy
    """One instruction fetched and issued."""
    cell_read: Energy
    """One cell in one read of a crossbar."""
    dac: Energy
    """One row in one read of a crossbar."""
    adc: Energy
    """One conversion of a bit line."""
    vector_lane: Energy
    """One lane operation."""
    bus_byte: Energy
    memory_byte: Energy
    call: Energy
    cell_write: Energy
    leakage_core: Power
    """Each core in use."""
    leakage_shared: Power
    """Shared memory and bus."""


class Areas(Description):
    """Areas as drawn, in um2; see ``area.py`` for how they add up."""

    cell: Area
    """One RRAM cell with its access transistor."""
    dac: Area
    """The word-line driver of one row, of ``dac_bits``."""
    sample_hold: Area
    """One bit line's, with its place in the multiplexer in front of the converter."""
    adc: Area
    """One converter of ``adc_bits``, with the shift-and-add behind it."""
    register_byte: Area
    """One byte of a vector register."""
    bus_byte: Area
    """One byte of the width of one core's port on the bus."""
    controller: Area
    """Of one core: sequencer, instruction memory, vector unit, small registers."""
    shared_memory_byte: Area
    """One byte, with its share of decoders and amplifiers."""


class Chip(ChipModel):
    """A multi-core RRAM chip."""

    structure: Structure
    clock: Frequency
    endurance: Writes
    """Writes that a cell endures."""
    timing: Timing
    energy: Energies
    area: Areas

    @property
    def weights(self) -> int:
        """See base class."""
        found = self.structure
        crossbars = found.cores * found.crossbars_per_core
        return crossbars * found.rows * found.columns

    def machine(self) -> RramMachine:
        """What passes and simulator need to know of it."""
        structure = self.structure.model_dump(
            exclude={"weight_bits", "cell_bits", "dac_bits", "adc_bits"}
        )
        timing = {
            f"{name}_cycles": quantity["value"]
            for name, quantity in self.timing.model_dump().items()
        }
        return RramMachine(name=self.name, **structure, **timing)

    def with_structure(self, **sizes: int) -> Chip:
        """The same chip with other sizes, such as ``cores=256``.

        With each bit more, a converter takes twice the energy and area, as in Walden's
        figure of merit (IEEE JSAC 17(4), 1999).

        Raises:
            InputError: a size is unknown or out of bounds (E021).
        """
        chip = CHIPS.changed(self, "structure", sizes)
        bits = chip.structure.adc_bits - self.structure.adc_bits
        if bits == 0:
            return chip
        for part in ("energy", "area"):
            chip = CHIPS.changed(
                chip, part, {"adc": _scaled(getattr(chip, part), bits)}
            )
        return chip


def _scaled(costs: Energies | Areas, bits: int) -> dict[str, Any]:
    """What a converter of so many bits more costs."""
    known = costs.adc.model_dump()
    source = f"{known['source']}; times 2 for each of {bits:+} bits (Walden)"
    value = known["value"] * 2.0**bits
    return {**known, "value": value, "status": "assumed", "source": source}


CHIPS = ChipFiles("cimc.backends.rram", Chip)
