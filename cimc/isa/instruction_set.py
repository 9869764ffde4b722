"""One machine's instruction set, as encoder, decoder, simulator and manual need it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Dialect

from cimc.isa.declared import DeclaredOp, Instruction
from cimc.isa.machine import MachineAttribute
from cimc.isa.program import Layer, Loop, Section, Unit

__all__ = ["InstructionSet"]


@dataclass(frozen=True)
class InstructionSet:
    """Everything that a dialect of an ISA consists of.

    ``declarations`` stand in a module before its units, ``check`` raises
    VerifyException for what no single operation can see.
    """

    name: str
    unit: type[Unit]
    section: type[Section]
    layer: type[Layer]
    loop: type[Loop]
    declarations: tuple[type[DeclaredOp], ...]
    instructions: tuple[type[Instruction], ...]
    machine: MachineAttribute[Any]
    check: Callable[[ModuleOp], None]

    @cached_property
    def dialect(self) -> Dialect:
        """The xDSL dialect."""
        frame = [*self.declarations, self.layer, self.section, self.unit]
        return Dialect(self.name, [*frame, *self.instructions])

    @cached_property
    def by_opcode(self) -> dict[int, type[Instruction]]:
        """Instructions by opcode."""
        return {op.opcode: op for op in self.instructions}

    @cached_property
    def by_name(self) -> dict[str, type[DeclaredOp]]:
        """What may stand before the units, by name."""
        return {op.name: op for op in (*self.declarations, self.layer)}

    def units_of(self, module: ModuleOp) -> list[Unit]:
        """The cores or banks of a module, in order of appearance."""
        return [op for op in module.ops if isinstance(op, self.unit)]

    def verify(self, module: ModuleOp) -> None:
        """Check single operations, and what only the whole program shows.

        Raises:
            VerifyException: a rule is broken; the message starts with its number.
        """
        for op in module.ops:
            op.verify()
        self.check(module)
