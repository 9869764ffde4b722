"""The chip as passes see it: plain numbers in a module attribute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import ClassVar, Generic, Self, TypeVar

from xdsl.dialects.builtin import (
    DictionaryAttr,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    StringAttr,
)
from xdsl.ir import Attribute

from cimc.diagnostics import InputError

__all__ = ["Machine", "MachineAttribute", "SequencedMachine"]


@dataclass(frozen=True)
class Machine:
    """Structure and timing of a chip: a name, numbers that are not negative, words.

    ``positive`` names those that must not be 0 either.
    """

    name: str
    positive: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def of(cls, values: Mapping[str, object], where: str = "chip") -> Self:
        """The machine with these values, each of which must be there and fit.

        Raises:
            InputError: a value is missing, unknown or of the wrong kind (E022).
        """
        kinds = {
            field.name: int if field.type == "int" else str for field in fields(cls)
        }
        wrong = sorted(
            key
            for key in kinds.keys() | values.keys()
            if type(values.get(key)) is not kinds.get(key)
        )
        negative = [k for k, v in values.items() if isinstance(v, int) and v < 0]
        zero = [k for k in cls.positive if values.get(k) == 0]
        if wrong or negative or zero:
            raise InputError(
                "E022",
                f"{where} has missing, unknown or unfit values: "
                f"{', '.join(wrong + negative + zero)}",
            )
        return cls(**values)  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True)
class SequencedMachine(Machine):
    """A machine whose cores or banks have registers and a vector unit."""

    vector_registers: int
    vector_register_bytes: int
    vector_lanes: int
    parameter_registers: int
    table_registers: int
    sequence_registers: int
    instruction_memory: int
    issue_cycles: int
    vector_startup_cycles: int
    call_latency_cycles: int

    def vector_cycles(self, lane_operations: int) -> int:
        """Cycles of a vector instruction."""
        return self.vector_startup_cycles - (-lane_operations // self.vector_lanes)


M = TypeVar("M", bound=Machine)


@dataclass(frozen=True)
class MachineAttribute(Generic[M]):
    """The module attribute ``key`` that holds a machine of that kind."""

    key: str
    machine: type[M]

    def attach(self, module: ModuleOp, machine: Machine) -> None:
        """Write the machine into the module."""
        module.attributes[self.key] = DictionaryAttr(
            {
                key: StringAttr(value)
                if isinstance(value, str)
                else IntegerAttr(value, IntegerType(64))
                for key, value in asdict(machine).items()
            }
        )

    def of(self, values: Mapping[str, object]) -> M:
        """The machine with these values.

        Raises:
            InputError: a value is missing, unknown or of the wrong kind (E022).
        """
        return self.machine.of(values, self.key)

    def find(self, module: ModuleOp) -> M | None:
        """The machine in the module, if there is one.

        Raises:
            InputError: the attribute is malformed (E022).
        """
        attribute = module.attributes.get(self.key)
        if not isinstance(attribute, DictionaryAttr):
            return None
        return self.of({key: _plain(value) for key, value in attribute.data.items()})

    def get(self, module: ModuleOp) -> M:
        """The machine in the module.

        Raises:
            InputError: there is none, or it is malformed (E022).
        """
        machine = self.find(module)
        if machine is None:
            raise InputError(
                "E022",
                f"the module has no attribute {self.key}",
                hints=("compile with --chip, or keep the attribute in the IR file",),
            )
        return machine


def _plain(attribute: Attribute) -> object:
    match attribute:
        case IntegerAttr():
            return attribute.value.data
        case StringAttr():
            return attribute.data
        case _:
            return None
