"""Chip descriptions: YAML files in which every number carries its provenance."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from typing_extensions import TypeIs

from cimc.diagnostics import InputError

__all__ = [
    "Area",
    "ChipFiles",
    "ChipModel",
    "Cycles",
    "Description",
    "Energy",
    "Frequency",
    "Number",
    "PositiveCycles",
    "Power",
    "Quantity",
    "Sequencing",
    "Writes",
]


class Description(BaseModel):
    """A part of a chip description: no unknown fields, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                "E021", f"cannot be read: {error}", where=source
            ) from error
        return self.validated(self._read(text, source), source)

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
        try:
            return self._model.model_validate(values)
        except ValidationError as error:
            problems = tuple(map(self._problem, error.errors(include_url=False)))
            raise InputError(
                "E021",
                f"the chip description has {len(problems)} unfit field(s)",
                where=where,
                notes=problems,
            ) from error

    def _preset(self, name: str) -> str:
        return (self._presets / f"{name}.yaml").read_text()

    def _read(self, text: str, where: str) -> dict[str, Any]:
        """The mapping in a YAML text, on top of the preset that it extends."""
        try:
            data = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise InputError("E021", f"is not YAML: {error}", where=where) from error
        if not isinstance(data, dict):
            raise InputError("E021", "a chip description is a mapping", where=where)
        values = cast("dict[str, Any]", data)
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

    def _problem(self, item: ErrorDetails) -> str:
        """One field at fault, and why."""
        place = ".".join(map(str, item["loc"]))
        match item["type"]:
            case "extra_forbidden":
                names = _field_names(self._model)
                close = get_close_matches(str(item["loc"][-1]), names, 1)
                return f"{place}: there is no such field" + (
                    f", did you mean {close[0]}?" if close else ""
                )
            case "model_type" | "model_attributes_type":
                return f"{place}: give a mapping {{value, unit, status, source}}"
            case _:
                return f"{place}: {item['msg'].removeprefix('Value error, ')}"


def _field_names(model: type[BaseModel]) -> Iterator[str]:
    """Names of all fields of a description, those of its quantities left out."""
    for name, field in model.model_fields.items():
        yield name
        inner = field.annotation
        if _is_part(inner):
            yield from _field_names(inner)


def _is_part(annotation: object) -> TypeIs[type[Description]]:
    """Whether a field holds a part of the description, not a quantity."""
    return (
        isinstance(annotation, type)
        and issubclass(annotation, Description)
        and not issubclass(annotation, Quantity)
    )


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes``, mappings merged key by key."""
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[key] = _merged(cast(Any, old), cast(Any, value)) if both else value
    return result
