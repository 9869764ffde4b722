"""What racetrack memory does other than it should: position errors and misreads.

Numbers carry their provenance as those of chips do; README.md says what they mean.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cimc.descriptions import Description, DescriptionFiles, Kind, Named
from cimc.isa.chip import Cycles, Energy, Number, Quantity

__all__ = ["NONIDEALITIES", "PositionCode", "RacetrackNonidealities"]

_Chance = Annotated[float, Field(ge=0, lt=1)]
PerStep = Quantity[_Chance, Literal["per track and step"]]
PerShift = Quantity[_Chance, Literal["per track and shift"]]
PerBit = Quantity[_Chance, Literal["per bit"]]
Growth = Quantity[Number, Literal["per step"]]
_Count = Annotated[int, Field(ge=0)]
Domains = Quantity[_Count, Literal["domains per track"]]
Ports = Quantity[_Count, Literal["ports per track"]]


class PositionCode(Description):
    """Known bits on a track, which tell after each SHIFT how far off it stands."""

    detects: int = Field(ge=1, le=64)
    """The largest error, in domains, that a check sees."""
    corrects: int = Field(ge=0, le=64)
    """The largest error that is shifted back."""
    retries: int = Field(ge=0, le=64)
    """How often correcting is tried again when a check finds the track still off."""
    check_cycles: Cycles
    """One check of all tracks of an array."""
    check_energy: Energy
    """One check of one track."""
    correct_cycles: Cycles
    """One correcting step; those of the tracks of an array run in parallel."""
    correct_energy: Energy
    """One correcting step of one track."""
    extra_domains: Domains
    """Domains that hold the code."""
    extra_ports: Ports
    """Ports that read the code."""

    @model_validator(mode="after")
    def _sees_what_it_corrects(self) -> PositionCode:
        if self.corrects > self.detects:
            raise ValueError(
                f"corrects: {self.corrects} is more than the {self.detects} domains "
                "that a check sees"
            )
        return self


class RacetrackNonidealities(Named):
    """How often tracks and ports err, and the code that finds tracks out of place."""

    over_shift: PerStep
    """A track goes one domain too far in the first step of a shift."""
    under_shift: PerStep
    """A track stays one domain behind in the first step of a shift."""
    growth: Growth
    """How much likelier each further step of the same shift errs: step k errs
    1 + growth·(k − 1) times as often as the first."""
    pinning: PerShift
    """A track does not move at all."""
    misread: PerBit
    """A port reads a bit as its opposite."""
    position_code: PositionCode | None = None

    @model_validator(mode="after")
    def _step_errs_once(self) -> RacetrackNonidealities:
        if self.over_shift.value + self.under_shift.value >= 1:
            raise ValueError("over_shift and under_shift together must be below 1")
        return self


NONIDEALITIES = DescriptionFiles(
    "cimc.backends.racetrack",
    "nonidealities",
    RacetrackNonidealities,
    Kind("description of non-idealities", "E027"),
)
