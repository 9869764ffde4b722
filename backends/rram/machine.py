"""The chip as passes see it: plain numbers in the module attribute ``rram.chip``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from xdsl.dialects.builtin import (
    DictionaryAttr,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    StringAttr,
)
from xdsl.ir import Attribute

from cimc.diagnostics import InputError

__all__ = ["Machine", "attach_machine", "machine_of", "optional_machine_of"]

_ATTRIBUTE = "rram.chip"


@dataclass(frozen=True)
class Machine:
    """Structure and timing of a chip. Sizes in bytes or entries, times in cycles."""

    name: str
    cores: int
    crossbars_per_core: int
    rows: int
    columns: int
    vector_registers: int
    vector_register_bytes: int
    vector_lanes: int
    parameter_registers: int
    table_registers: int
    sequence_registers: int
    instruction_memory: int
    shared_memory_bytes: int
    bus_bytes: int
    issue_cycles: int
    mvm_cycles: int
    vector_startup_cycles: int
    memory_latency_cycles: int
    call_latency_cycles: int
    programming_row_cycles: int

    def vector_cycles(self, lane_operations: int) -> int:
        """Cycles of a vector instruction."""
        return self.vector_startup_cycles - (-lane_operations // self.vector_lanes)

    def bus_cycles(self, length: int, count: int = 1) -> int:
        """Beats that ``count`` segments of ``length`` bytes take on the bus."""
        return count * -(-length // self.bus_bytes)

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Machine:
        """The machine with these values, each of which must be there and fit.

        Raises:
            InputError: a value is missing, unknown or of the wrong kind (E022).
        """
        kinds = {
            field.name: str if field.name == "name" else int for field in fields(cls)
        }
        wrong = sorted(
            key
            for key in kinds.keys() | values.keys()
            if type(values.get(key)) is not kinds.get(key)
        )
        negative = [k for k, v in values.items() if isinstance(v, int) and v < 0]
        zero = [k for k in ("bus_bytes", "vector_lanes") if values.get(k) == 0]
        if wrong or negative or zero:
            raise InputError(
                "E022",
                f"{_ATTRIBUTE} has missing, unknown or unfit values: "
                f"{', '.join(wrong + negative + zero)}",
            )
        return cls(**values)  # pyright: ignore[reportArgumentType]


def attach_machine(module: ModuleOp, machine: Machine) -> None:
    """Write the machine into the module."""
    module.attributes[_ATTRIBUTE] = DictionaryAttr(
        {
            key: StringAttr(value)
            if isinstance(value, str)
            else IntegerAttr(value, IntegerType(64))
            for key, value in asdict(machine).items()
        }
    )


def optional_machine_of(module: ModuleOp) -> Machine | None:
    """The machine in the module, if there is one.

    Raises:
        InputError: the attribute is malformed (E022).
    """
    attribute = module.attributes.get(_ATTRIBUTE)
    if not isinstance(attribute, DictionaryAttr):
        return None
    return Machine.of({key: _plain(value) for key, value in attribute.data.items()})


def machine_of(module: ModuleOp) -> Machine:
    """The machine in the module.

    Raises:
        InputError: there is none, or it is malformed (E022).
    """
    machine = optional_machine_of(module)
    if machine is None:
        raise InputError(
            "E022",
            f"the module has no attribute {_ATTRIBUTE}",
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
