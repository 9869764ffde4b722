"""What a setup section puts into registers, and that main uses nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from xdsl.ir import Operation

from cimc.isa.program import Unit, linearise
from cimc.isa.rules import broken
from cimc.isa.vector import Requant, SetParameters, SetTable, Table

__all__ = ["RegisterSetup", "set_once"]


@dataclass
class RegisterSetup:
    """Parameters and tables that a unit sets, by register number."""

    parameters: dict[int, SetParameters] = field(
        default_factory=dict[int, SetParameters]
    )
    tables: dict[int, SetTable] = field(default_factory=dict[int, SetTable])

    @classmethod
    def of(cls, unit: Unit) -> RegisterSetup:
        """What the setup section of a unit sets.

        Raises:
            VerifyException: a register is set twice (rule 9).
        """
        found = cls()
        for line in linearise(unit.setup):
            match line.op:
                case SetParameters() as op:
                    set_once(found.parameters, op.q, op)
                case SetTable() as op:
                    set_once(found.tables, op.t, op)
                case _:
                    pass
        return found

    def check(self, op: Operation) -> None:
        """Rule 9: the parameters or table that ``op`` uses are set."""
        match op:
            case Requant():
                parameters = self.parameters.get(op.q)
                if parameters is None or parameters.n < op.n:
                    raise broken(
                        op, 9, f"parameters q{op.q} are not set for {op.n} lanes"
                    )
            case Table():
                if op.t not in self.tables:
                    raise broken(op, 9, f"table t{op.t} is not set")
            case _:
                pass


def set_once(table: dict[int, Any], number: int, op: Operation) -> None:
    """Enter what ``op`` sets under its register's number (rule 9: once)."""
    if number in table:
        raise broken(op, 9, f"{op.name} sets register {number} twice")
    table[number] = op
