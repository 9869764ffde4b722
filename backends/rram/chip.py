"""Chip descriptions: YAML files in which every number carries its provenance."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from xdsl.dialects.builtin import ModuleOp

from cimc.backends.rram.machine import Machine, attach_machine
from cimc.diagnostics import InputError

__all__ = [
    "Chip",
    "Cycles",
    "Energies",
    "Quantity",
    "Structure",
    "Timing",
    "attach_chip",
    "chip_names",
    "load_chip",
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Value = TypeVar("Value", int, float)
Unit = TypeVar("Unit")


class Quantity(_Model, Generic[Value, Unit]):
    """A physical number and where it comes from.

    ``status``: *read* in the source named, *recalled* (published, unconfirmed) or
    *assumed* by this project for the reason named.
    """

    value: Value
    unit: Unit
    status: Literal["read", "recalled", "assumed"]
    source: str = Field(min_length=1)


_Number = Annotated[float, Field(ge=0, allow_inf_nan=False)]

Cycles = Quantity[Annotated[int, Field(ge=0, le=1 << 31)], Literal["cycles"]]
Energy = Quantity[_Number, Literal["pJ"]]
Power = Quantity[_Number, Literal["mW"]]
Frequency = Quantity[Annotated[float, Field(gt=0, allow_inf_nan=False)], Literal["MHz"]]


class Structure(_Model):
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
    vector_registers: int = Field(ge=1, le=16)
    vector_register_bytes: int = Field(ge=64, le=1 << 20, multiple_of=4)
    vector_lanes: int = Field(ge=1, le=65536)
    parameter_registers: int = Field(ge=1, le=65536)
    """Sets of a bias and a multiplier per column."""
    table_registers: int = Field(ge=1, le=65536)
    sequence_registers: int = Field(ge=1, le=65536)
    instruction_memory: int = Field(ge=1, le=1 << 24)
    """Instructions per core, setup and main together."""
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


class Timing(_Model):
    """Durations in clock cycles."""

    issue: Cycles
    mvm: Cycles
    vector_startup: Cycles
    memory_latency: Cycles
    call_latency: Cycles
    programming_row: Cycles


class Energies(_Model):
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


class Chip(_Model):
    """A multi-core RRAM chip."""

    name: str = Field(min_length=1)
    description: str
    structure: Structure
    clock: Frequency
    timing: Timing
    energy: Energies

    def to_yaml(self) -> str:
        """The whole description with its provenance."""
        return yaml.safe_dump(
            self.model_dump(), sort_keys=False, allow_unicode=True, width=88
        )

    def machine(self) -> Machine:
        """What passes and simulator need to know of it."""
        structure = self.structure.model_dump(
            exclude={"weight_bits", "cell_bits", "dac_bits", "adc_bits"}
        )
        timing = {
            f"{name}_cycles": quantity["value"]
            for name, quantity in self.timing.model_dump().items()
        }
        return Machine(name=self.name, **structure, **timing)

    def with_structure(self, **sizes: int) -> Chip:
        """The same chip with other sizes, such as ``cores=256``.

        Raises:
            InputError: a size is unknown or out of bounds (E021).
        """
        values = self.model_dump()
        values["structure"].update(sizes)
        return _validated(values, self.name)


def chip_names() -> list[str]:
    """Names of the presets."""
    return sorted(
        path.name.removesuffix(".yaml")
        for path in _presets().iterdir()
        if path.name.endswith(".yaml")
    )


def load_chip(source: str) -> Chip:
    """The preset of that name, or the description in that YAML file.

    A description may start from a preset with ``extends: NAME`` and give only what
    differs.

    Raises:
        InputError: there is none, or it is unfit (E021).
    """
    if source in chip_names():
        return _validated(
            _read((_presets() / f"{source}.yaml").read_text(), source), source
        )
    path = Path(source)
    if path.suffix not in (".yaml", ".yml"):
        raise InputError(
            "E021",
            f"unknown chip {source!r}",
            hints=(f"one of: {', '.join(chip_names())}", "or the path of a .yaml file"),
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("E021", f"cannot be read: {error}", where=source) from error
    return _validated(_read(text, source), source)


def attach_chip(module: ModuleOp, chip: Chip) -> None:
    """Write the chip into the module attribute ``rram.chip``."""
    attach_machine(module, chip.machine())


def _presets() -> Any:
    return files("cimc.backends.rram") / "chips"


def _read(text: str, where: str) -> dict[str, Any]:
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
    if parent not in chip_names() or parent == where:
        raise InputError(
            "E021",
            f"extends must name a preset, not {parent!r}",
            where=where,
            hints=(f"one of: {', '.join(chip_names())}",),
        )
    base = _read((_presets() / f"{parent}.yaml").read_text(), str(parent))
    return _merged(base, values)


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes``, mappings merged key by key."""
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[key] = _merged(cast(Any, old), cast(Any, value)) if both else value
    return result


def _validated(values: Mapping[str, Any], where: str) -> Chip:
    try:
        return Chip.model_validate(values)
    except ValidationError as error:
        problems = tuple(map(_problem, error.errors(include_url=False)))
        raise InputError(
            "E021",
            f"the chip description has {len(problems)} unfit field(s)",
            where=where,
            notes=problems,
        ) from error


def _problem(item: ErrorDetails) -> str:
    """One field at fault, and why."""
    place = ".".join(map(str, item["loc"]))
    match item["type"]:
        case "extra_forbidden":
            siblings = [*Chip.model_fields, *Structure.model_fields]
            siblings += [*Timing.model_fields, *Energies.model_fields]
            close = get_close_matches(str(item["loc"][-1]), siblings, 1)
            return f"{place}: there is no such field" + (
                f", did you mean {close[0]}?" if close else ""
            )
        case "model_type" | "model_attributes_type":
            return f"{place}: give a mapping {{value, unit, status, source}}"
        case _:
            return f"{place}: {item['msg']}"
