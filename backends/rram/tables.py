"""The part META of a program: its tables as canonical JSON, strictly checked."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from xdsl.dialects.builtin import (
    DictionaryAttr,
    Float64Type,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    StringAttr,
    f64,
)
from xdsl.ir import Attribute, Operation

from cimc.backends.rram.container import malformed
from cimc.backends.rram.declared import DeclaredOp
from cimc.backends.rram.dialect import FeatureMapOp, FillOp, LayerOp, MemoryOp
from cimc.backends.rram.machine import Machine, attach_machine, optional_machine_of
from cimc.diagnostics import InputError

__all__ = ["Tables"]

Detail = int | float | str


class Tables(BaseModel):
    """All of a program but its instructions."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model: str | None = None
    chip: dict[str, int | str] | None = None
    memory: int
    constants: list[tuple[str, str]]
    """Name and checksum of every constant, in order of their indices."""
    fills: list[dict[str, int]]
    feature_maps: list[dict[str, int | str]]
    layers: list[dict[str, int | str | dict[str, Detail]]]

    @classmethod
    def of(cls, module: ModuleOp, constants: list[tuple[str, str]]) -> Tables:
        """The tables of a module."""
        machine = optional_machine_of(module)
        model = module.attributes.get("cim.model")
        memory = [op.size for op in module.ops if isinstance(op, MemoryOp)]
        return cls(
            model=model.data if isinstance(model, StringAttr) else None,
            chip=None if machine is None else vars(machine),
            memory=memory[0],
            constants=constants,
            fills=[op.values for op in module.ops if isinstance(op, FillOp)],
            feature_maps=[
                op.values for op in module.ops if isinstance(op, FeatureMapOp)
            ],
            layers=[
                op.values | {"details": _plain_details(op.details)}
                for op in module.ops
                if isinstance(op, LayerOp)
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

    def declarations(self) -> list[Operation]:
        """The operations that stand before the cores."""
        ops: list[Operation] = [MemoryOp(size=self.memory)]
        ops += [_declared(FillOp, values) for values in self.fills]
        ops += [_declared(FeatureMapOp, values) for values in self.feature_maps]
        for values in self.layers:
            details = values.get("details", {})
            if not isinstance(details, dict):
                raise malformed("a layer's details are no dictionary")
            attribute = DictionaryAttr({k: _attribute(v) for k, v in details.items()})
            ops.append(_declared(LayerOp, values | {"details": attribute}))
        return ops

    def annotate(self, module: ModuleOp) -> None:
        """Set the module's attributes."""
        if self.model is not None:
            module.attributes["cim.model"] = StringAttr(self.model)
        if self.chip is not None:
            attach_machine(module, Machine.of(self.chip))


def _declared(op: type[DeclaredOp], values: dict[str, Any]) -> Operation:
    """An operation from a table row, whose keys and kinds are checked here."""
    kinds = {name: field.kind for name, field in op.fields().items()}
    if kinds.keys() != values.keys() or any(
        type(value) is not kinds[name] for name, value in values.items()
    ):
        raise malformed(f"a row of {op.name} has unfit fields: {sorted(values)}")
    return op(**values)


def _plain_details(details: DictionaryAttr) -> dict[str, Detail]:
    """The dictionary's values as plain Python ones, in order of their keys.

    Raises:
        InputError: a value is no integer, f64 or string (E024).
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
            case _:
                raise InputError(
                    "E024", f"detail {key!r} of a layer is no i64, f64 or string"
                )
    return plain


def _attribute(value: Detail) -> Attribute:
    if isinstance(value, str):
        return StringAttr(value)
    if isinstance(value, int):
        return IntegerAttr(value, IntegerType(64))
    return FloatAttr(value, f64)
