"""The part META of a program: its tables as canonical JSON, strictly checked."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, ConfigDict, ValidationError
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    Float64Type,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    StringAttr,
    f64,
)
from xdsl.ir import Attribute

from cimc.diagnostics import InputError
from cimc.isa.container import malformed
from cimc.isa.declared import DeclaredOp
from cimc.isa.instruction_set import InstructionSet
from cimc.isa.machine import Machine

__all__ = ["Tables"]

Detail = int | float | str | list[str]


class Tables(BaseModel):
    """All of a program but its instructions."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model: str | None = None
    chip: dict[str, int | str] | None = None
    constants: list[tuple[str, str]]
    """Name and checksum of every constant, in order of their indices."""
    declarations: list[tuple[str, dict[str, Any]]]
    """Name and fields of every declaration, in order."""

    @classmethod
    def of(
        cls, isa: InstructionSet, module: ModuleOp, constants: list[tuple[str, str]]
    ) -> Tables:
        """The tables of a module."""
        machine: Machine | None = isa.machine.find(module)
        model = module.attributes.get("cim.model")
        return cls(
            model=model.data if isinstance(model, StringAttr) else None,
            chip=None if machine is None else vars(machine),
            constants=constants,
            declarations=[
                (op.name, {k: _plain(v) for k, v in op.values.items()})
                for op in module.ops
                if isinstance(op, DeclaredOp) and not isinstance(op, isa.unit)
            ],
        )

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return self.model_dump_json().encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Tables:
        """The tables that :meth:`to_bytes` wrote.

        Raises:
            InputError: the bytes are anything else (E023).
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            raise malformed(f"tables: {error.errors(include_url=False)[0]}") from error

    def operations(self, isa: InstructionSet) -> list[DeclaredOp]:
        """The operations that stand before the units."""
        return [_declared(isa, name, values) for name, values in self.declarations]

    def annotate(self, isa: InstructionSet, module: ModuleOp) -> None:
        """Set the module's attributes."""
        if self.model is not None:
            module.attributes["cim.model"] = StringAttr(self.model)
        if self.chip is not None:
            isa.machine.attach(module, isa.machine.of(self.chip))


def _declared(isa: InstructionSet, name: str, row: dict[str, Any]) -> DeclaredOp:
    """An operation from a table row, whose keys and kinds are checked here."""
    op = isa.by_name.get(name)
    if op is None:
        raise malformed(f"there is no declaration {name!r}")
    values = {key: _attribute(value) for key, value in row.items()}
    kinds = {key: field.kind for key, field in op.fields().items()}
    if kinds.keys() != values.keys() or any(
        type(value) is not kinds[key] for key, value in values.items()
    ):
        raise malformed(f"a row of {op.name} has unfit fields: {sorted(values)}")
    return op(**values)


def _plain(value: Any) -> Any:
    return _plain_details(value) if isinstance(value, DictionaryAttr) else value


def _attribute(value: Any) -> Any:
    """What :func:`_plain` made of a dictionary attribute, as one again."""
    if not isinstance(value, dict):
        return value
    details = cast("dict[str, Any]", value)
    return DictionaryAttr({key: _detail(item) for key, item in details.items()})


def _plain_details(details: DictionaryAttr) -> dict[str, Detail]:
    """The dictionary's values as plain Python ones, in order of their keys.

    Raises:
        InputError: a value is no integer, f64, string or array of strings (E024).
    """
    plain: dict[str, Detail] = {}
    for key, attribute in sorted(details.data.items()):
        match attribute:
            case IntegerAttr(type=IntegerType(width=width)) if width.data == 64:
                plain[key] = attribute.value.data
            case FloatAttr(type=Float64Type()):
                plain[key] = attribute.value.data
            case StringAttr():
                plain[key] = attribute.data
            case ArrayAttr() if all(isinstance(item, StringAttr) for item in attribute):
                names = cast("ArrayAttr[StringAttr]", attribute)
                plain[key] = [name.data for name in names]
            case _:
                raise InputError(
                    "E024",
                    f"detail {key!r} of a layer is no i64, f64, string or strings",
                )
    return plain


def _detail(value: Any) -> Attribute:
    match value:
        case str():
            return StringAttr(value)
        case list():
            names = cast("list[Any]", value)
            if not all(isinstance(name, str) for name in names):
                raise malformed(f"a detail of a layer cannot be {value!r}")
            return ArrayAttr([StringAttr(name) for name in names])
        case int():
            return IntegerAttr(value, IntegerType(64))
        case float():
            return FloatAttr(value, f64)
        case _:
            raise malformed(f"a detail of a layer cannot be {value!r}")
