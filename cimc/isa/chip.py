"""Chip descriptions: YAML files in which every number carries its provenance."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar, cast

import yaml
from pydantic import Field

from cimc.descriptions import Description, Kind, parsed, read_text, validated
from cimc.diagnostics import InputError

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


class ChipModel(Description, ABC):
    """What all chip descriptions have; a machine's own adds structure and costs."""

    name: str = Field(min_length=1)
    description: str

    @property
    @abstractmethod
    def weights(self) -> int:
        """How many weights its arrays hold."""

    def to_yaml(self) -> str:
        """The whole description with its provenance."""
        return yaml.safe_dump(
            self.model_dump(), sort_keys=False, allow_unicode=True, width=88
        )


C = TypeVar("C", bound=ChipModel)


class ChipFiles(Generic[C]):
    """The chips of one machine: presets in the folder ``chips`` of its package."""

    def __init__(self, package: str, model: type[C]) -> None:
        self._presets: Any = files(package) / "chips"
        self._model = model

    def names(self) -> list[str]:
        """Names of the presets."""
        return sorted(
            path.name.removesuffix(".yaml")
            for path in self._presets.iterdir()
            if path.name.endswith(".yaml")
        )

    def by_size(self) -> list[str]:
        """Names of the presets, the one with room for the fewest weights first."""
        return sorted(self.names(), key=lambda name: self.load(name).weights)

    def load(self, source: str) -> C:
        """The preset of that name, or the description in that YAML file.

        A description may start from a preset with ``extends: NAME`` and give only
        what differs.

        Raises:
            InputError: there is none, or it is unfit (E021).
        """
        if source in self.names():
            return self.validated(self._read(self._preset(source), source), source)
        path = Path(source)
        if path.suffix not in (".yaml", ".yml"):
            raise InputError(
                "E021",
                f"unknown chip {source!r}",
                hints=(
                    f"one of: {', '.join(self.names())}",
                    "or the path of a .yaml file",
                ),
            )
        return self.validated(self._read(read_text(path, _CHIP), source), source)

    def changed(self, chip: C, part: str, values: Mapping[str, Any]) -> C:
        """The same chip with other ``values`` in one part, such as ``structure``.

        Raises:
            InputError: a value is unknown or out of bounds (E021).
        """
        description = chip.model_dump()
        description[part].update(values)
        return self.validated(description, chip.name)

    def validated(self, values: Mapping[str, Any], where: str) -> C:
        """The chip that ``values`` describe.

        Raises:
            InputError: a field is missing, unknown or out of bounds (E021).
        """
        return validated(self._model, values, _CHIP, where)

    def _preset(self, name: str) -> str:
        return (self._presets / f"{name}.yaml").read_text()

    def _read(self, text: str, where: str) -> dict[str, Any]:
        """The mapping in a YAML text, on top of the preset that it extends."""
        values = parsed(text, _CHIP, where)
        parent = values.pop("extends", None)
        if parent is None:
            return values
        if parent not in self.names() or parent == where:
            raise InputError(
                "E021",
                f"extends must name a preset, not {parent!r}",
                where=where,
                hints=(f"one of: {', '.join(self.names())}",),
            )
        return _merged(self._read(self._preset(str(parent)), str(parent)), values)


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes``, mappings merged key by key."""
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[key] = _merged(cast(Any, old), cast(Any, value)) if both else value
    return result
