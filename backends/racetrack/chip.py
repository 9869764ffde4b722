"""Racetrack chip descriptions; see :mod:`cimc.isa.chip` for what machines share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from cimc.backends.racetrack.cells import CELLS, Steps
from cimc.backends.racetrack.cells.cell import ACTIVATION_BITS
from cimc.backends.racetrack.fields import LONGEST_SHIFT
from cimc.backends.racetrack.machine import RacetrackMachine
from cimc.descriptions import Description
from cimc.isa.chip import (
    Area,
    ChipFiles,
    ChipModel,
    Energy,
    Frequency,
    PositiveCycles,
    Power,
    Sequencing,
)

__all__ = ["CHIPS", "Areas", "Chip", "Energies", "Structure", "Timing"]


#: Ports of a track that one MAC can name.
_MOST_PORTS = 255


def _known_cell(name: str) -> str:
    if name not in CELLS:
        raise ValueError(f"there is no cell {name!r}, one of {', '.join(CELLS)}")
    return name


class Structure(Sequencing):
    """How many there are of what, as far as instructions can name them.

    A macro unit interleaves tracks with the CMOS below them. An array is a row of macro
    units that shift together: one lane per column of weights, one domain per row.
    """

    banks: int = Field(ge=1, le=65536)
    """Each runs a program of its own on its own MAC cells, one per lane."""
    arrays_per_bank: int = Field(ge=1, le=4096)
    """Arrays of weights."""
    lanes: int = Field(ge=1, le=1024)
    """Weights side by side in an array: outputs of one MAC."""
    domains: int = Field(ge=1, le=4095)
    """N_dom: domains of a track that hold data, overhead not counted."""
    ports: int = Field(ge=1, le=1 << 24)
    """N_ports, of what ``port_scope`` says."""
    port_scope: Literal["track", "macro-unit"]
    tracks: int = Field(ge=1, le=65536)
    """N_tracks of a macro unit."""
    word_bits: int = Field(ge=1, le=65536)
    """Bits side by side on the tracks of a macro unit, read and written at once."""
    weight_bits: int = Field(ge=2, le=8)
    accumulator_bits: int = Field(le=32)
    """At least what a product takes: the bits of a weight and of an activation."""
    cell: Annotated[str, AfterValidator(_known_cell)]
    """The arithmetic of a MAC: see cells/README.md."""
    port_policy: Literal["static", "nearest"]
    """A domain is served by the port of its segment, or by the nearest port."""
    port_update: Literal["lazy", "eager"]
    """Between accesses an array stays where it is, or returns to offset 0."""
    longest_shift: int = Field(default=LONGEST_SHIFT, ge=1, le=LONGEST_SHIFT)
    """Steps of one SHIFT at most: the shorter, the sooner a position code checks."""
    buffer_macro_units: int = Field(ge=1, le=1 << 24)
    """Macro units for feature maps, of the whole chip."""
    line_buffer_bytes: int = Field(ge=64, le=1 << 22)
    """Of a bank: the rows of feature maps under the windows of a sweep."""
    link_bytes: int = Field(ge=1, le=4096)
    """Bytes that a link carries per cycle."""

    @property
    def ports_per_track(self) -> int:
        """Ports of one track, whatever the scope."""
        return self.ports if self.port_scope == "track" else self.ports // self.tracks

    @model_validator(mode="after")
    def _parts_fit_each_other(self) -> Structure:
        if misfits := "; ".join(self._misfits()):
            raise ValueError(misfits)
        return self

    def _misfits(self) -> Iterator[str]:
        ports, domains, tracks = self.ports_per_track, self.domains, self.tracks
        if self.port_scope == "macro-unit" and self.ports % tracks:
            yield (
                f"ports: {self.ports} ports of a macro unit are no multiple of its "
                f"{tracks} tracks"
            )
        elif domains % ports:
            yield f"ports: {ports} ports per track do not divide {domains} domains"
        elif ports > _MOST_PORTS:
            yield f"ports: {ports} ports per track, an instruction has {_MOST_PORTS}"
        if self.word_bits > tracks:
            yield (
                f"word_bits: {self.word_bits} is wider than the {tracks} tracks of a "
                "macro unit"
            )
        if self.weight_bits > self.word_bits:
            yield (
                f"weight_bits: {self.weight_bits} is wider than a word of "
                f"{self.word_bits} bits"
            )
        product = self.weight_bits + ACTIVATION_BITS
        if self.accumulator_bits < product:
            yield (
                f"accumulator_bits: {self.accumulator_bits} is less than the {product} "
                "bits of a product"
            )
        need = max(4 * self.lanes, domains)
        if self.vector_register_bytes < need:
            yield (
                f"vector_register_bytes: {self.vector_register_bytes} must hold an "
                f"int32 per lane and a byte per domain: at least {need}"
            )


class Timing(Description):
    """Durations in clock cycles, each at least one."""

    issue: PositiveCycles
    shift: PositiveCycles
    """One step of an array."""
    read: PositiveCycles
    """The words under ports, one of each macro unit of an array."""
    write: PositiveCycles
    """Words at the ports, one in each macro unit of an array."""
    sense: PositiveCycles
    """One step of a cell, as are the next five; see cells/README.md."""
    gate: PositiveCycles
    cell_write: PositiveCycles
    """A bit of a working track; may be faster than a word of the memory."""
    cell_shift: PositiveCycles
    """The working tracks of a cell by one domain."""
    transverse_read: PositiveCycles
    transverse_write: PositiveCycles
    vector_startup: PositiveCycles
    transfer_latency: PositiveCycles
    call_latency: PositiveCycles


class Energies(Description):
    """Energy per event in pJ and standing power in mW."""

    issue: Energy
    """One instruction fetched and issued."""
    shift: Energy
    """One track by one step."""
    read: Energy
    """One bit."""
    write: Energy
    """One bit."""
    sense: Energy
    """One column of one cell."""
    gate: Energy
    cell_write: Energy
    """One bit of a working track."""
    cell_shift: Energy
    """The working tracks of one cell by one domain."""
    transverse_read: Energy
    transverse_write: Energy
    vector_lane: Energy
    """One lane operation."""
    transfer_byte: Energy
    call: Energy
    leakage_bank: Power
    """Each bank in use, its macro units left out."""
    leakage_macro_unit: Power
    """Each macro unit that holds data, weights or feature maps."""
    leakage_shared: Power
    """Links and clock."""


class Areas(Description):
    """Areas as drawn, in um2; see ``area.py`` for how they add up."""

    domain: Area
    """One domain of a track, with the space to the next track."""
    port: Area
    """One access port: the junction's place and its transistors."""
    sense_amplifier: Area
    """One per bit of a macro unit's word, shared by the ports of the track, with the
    write driver and the port multiplexer."""
    mac_cell: Area
    """The cell of one lane."""
    decoder: Area
    """Port selection and shift driver of one array."""
    register_byte: Area
    """One byte of a vector register."""
    line_buffer_byte: Area
    """One byte of the line buffer."""
    controller: Area
    """Of one bank: sequencer, instruction memory, vector unit, small registers."""


class Chip(ChipModel):
    """A chip of racetrack banks that compute beside their tracks."""

    structure: Structure
    clock: Frequency
    timing: Timing
    energy: Energies
    area: Areas

    @property
    def weights(self) -> int:
        """See base class."""
        found = self.structure
        return found.banks * found.arrays_per_bank * found.lanes * found.domains

    def machine(self) -> RacetrackMachine:
        """What passes and simulator need to know of it."""
        structure = self.structure.model_dump(
            exclude={"port_scope", "tracks", "cell", "ports"}
        )
        timing = self.timing
        return RacetrackMachine(
            name=self.name,
            **structure,
            ports=self.structure.ports_per_track,
            issue_cycles=timing.issue.value,
            shift_cycles=timing.shift.value,
            read_cycles=timing.read.value,
            write_cycles=timing.write.value,
            mac_cycles=self.mac_cycles(),
            vector_startup_cycles=timing.vector_startup.value,
            transfer_latency_cycles=timing.transfer_latency.value,
            call_latency_cycles=timing.call_latency.value,
        )

    def mac_steps(self) -> Steps:
        """Steps of one MAC of one lane."""
        structure = self.structure
        cell = CELLS[structure.cell]
        return cell.steps(structure.weight_bits, structure.accumulator_bits)

    def mac_cycles(self) -> int:
        """Cycles of one MAC: its steps one after the other, all lanes in parallel."""
        steps, timing = self.mac_steps(), self.timing
        return (
            steps.sense * timing.sense.value
            + steps.gate * timing.gate.value
            + steps.write * timing.cell_write.value
            + steps.shift * timing.cell_shift.value
            + steps.transverse_read * timing.transverse_read.value
            + steps.transverse_write * timing.transverse_write.value
        )

    def mac_energy(self) -> dict[str, float]:
        """Energy of one MAC of one lane in pJ, by the component that takes it.

        ``mac`` is the arithmetic proper: gates and transverse reads and writes.
        """
        steps, energy = self.mac_steps(), self.energy
        return {
            "sense": steps.sense * energy.sense.value,
            "write": steps.write * energy.cell_write.value,
            "mac": (
                steps.gate * energy.gate.value
                + steps.transverse_read * energy.transverse_read.value
                + steps.transverse_write * energy.transverse_write.value
            ),
            "shift": steps.shift * energy.cell_shift.value,
        }

    def with_structure(self, **sizes: int | str) -> Chip:
        """The same chip with other sizes, such as ``banks=4``.

        Raises:
            InputError: a size is unknown or out of bounds (E021).
        """
        return CHIPS.changed(self, "structure", sizes)


CHIPS = ChipFiles("cimc.backends.racetrack", Chip)
