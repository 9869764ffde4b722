"""Chip descriptions: YAML files in which every number carries its provenance."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field

from cimc.descriptions import Description, DescriptionFiles, Kind, Named

__all__ = [
    "Area",
    "ChipFiles",
    "ChipModel",
    "Cycles",
    "Energy",
    "Frequency",
    "Number",
    "PositiveCycles",
    "Power",
    "Quantity",
    "Sequencing",
    "Writes",
]


_CHIP = Kind("chip description", "E021")

Value = TypeVar("Value", int, float)
UnitName = TypeVar("UnitName")


class Quantity(Description, Generic[Value, UnitName]):
    """A physical number and where it comes from.

    ``status``: *read* in the source named, *recalled* (published, unconfirmed) or
    *assumed* by this project for the reason named.
    """

    value: Value
    unit: UnitName
    status: Literal["read", "recalled", "assumed"]
    source: str = Field(min_length=1)


Number = Annotated[float, Field(ge=0, allow_inf_nan=False)]

Cycles = Quantity[Annotated[int, Field(ge=0, le=1 << 31)], Literal["cycles"]]
PositiveCycles = Quantity[Annotated[int, Field(ge=1, le=1 << 31)], Literal["cycles"]]
Energy = Quantity[Number, Literal["pJ"]]
Power = Quantity[Number, Literal["mW"]]
Area = Quantity[Number, Literal["um2"]]
Writes = Quantity[Annotated[int, Field(ge=1)], Literal["writes"]]
Frequency = Quantity[Annotated[float, Field(gt=0, allow_inf_nan=False)], Literal["MHz"]]


class Sequencing(Description):
    """Sizes of what every core or bank has: registers, vector unit, instructions."""

    vector_registers: int = Field(ge=1, le=256)
    vector_register_bytes: int = Field(ge=64, le=1 << 20, multiple_of=4)
    vector_lanes: int = Field(ge=1, le=65536)
    parameter_registers: int = Field(ge=1, le=65536)
    """Sets of a bias and a multiplier per column or lane."""
    table_registers: int = Field(ge=1, le=65536)
    sequence_registers: int = Field(ge=1, le=65536)
    instruction_memory: int = Field(ge=1, le=1 << 24)
    """Instructions per core or bank, setup and main together."""


class ChipModel(Named):
    """What all chip descriptions have; a machine's own adds structure and costs."""

    @property
    @abstractmethod
    def weights(self) -> int:
        """How many weights its arrays hold."""


C = TypeVar("C", bound=ChipModel)


class ChipFiles(DescriptionFiles[C]):
    """The chips of one machine: presets in the folder ``chips`` of its package."""

    def __init__(self, package: str, model: type[C]) -> None:
        super().__init__(package, "chips", model, _CHIP)

    def by_size(self) -> list[str]:
        """Names of the presets, the one with room for the fewest weights first."""
        return sorted(self.names(), key=lambda name: self.load(name).weights)

    def changed(self, chip: C, part: str, values: Mapping[str, Any]) -> C:
        """The same chip with other ``values`` in one part, such as ``structure``.

        Raises:
            InputError: a value is unknown or out of bounds (E021).
        """
        description = chip.model_dump()
        description[part].update(values)
        return self.validated(description, chip.name)
