"""RRAM chip descriptions; see :mod:`cimc.isa.chip` for what all machines share."""

from __future__ import annotations

from pydantic import Field, model_validator

from cimc.backends.rram.machine import RramMachine
from cimc.isa.chip import (
    ChipFiles,
    ChipModel,
    Cycles,
    Description,
    Energy,
    Frequency,
    Power,
    Sequencing,
)

__all__ = ["CHIPS", "Chip", "Energies", "Structure", "Timing"]


class Structure(Sequencing):
    """How many there are of what; bits of cells and converters are for the energy."""

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

    @model_validator(mode="after")
    def _mvm_fits(self) -> Structure:
        need = max(self.rows, 4 * self.columns)
        if need > self.vector_register_bytes:
            raise ValueError(
                f"vector_register_bytes must hold rows bytes and columns int32: "
                f"at least {need}"
            )
        return self


class Timing(Description):
    """Durations in clock cycles."""

    issue: Cycles
    mvm: Cycles
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


class Chip(ChipModel):
    """A multi-core RRAM chip."""

    structure: Structure
    clock: Frequency
    timing: Timing
    energy: Energies

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

        Raises:
            InputError: a size is unknown or out of bounds (E021).
        """
        return CHIPS.changed(self, "structure", sizes)


CHIPS = ChipFiles("cimc.backends.rram", Chip)
