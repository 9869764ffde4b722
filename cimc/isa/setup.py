"""Parameters and tables of a unit: set before they are used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from xdsl.ir import Operation

from cimc.isa.program import Line, Loop
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
    _in_main: set[Operation] = field(default_factory=set[Operation])

    @classmethod
    def of(cls, setup: Iterable[Line]) -> RegisterSetup:
        """What the setup section of a unit sets.

        Raises:
            VerifyException: a register is set twice (rule 9).
        """
        found = cls()
        for line in setup:
            match line.op:
                case SetParameters() as op:
                    set_once(found.parameters, op.q, op)
                case SetTable() as op:
                    set_once(found.tables, op.t, op)
                case _:
                    pass
        return found

    def check(self, op: Operation) -> None:
        """Rule 9, for the operations of a unit in their order.

        The parameters or table that ``op`` uses are set. What main sets, setup does
        not, since an image finds what the one before it left.
        """
        if not _touches_registers(type(op)):
            return
        match op:
            case SetParameters() if op is not self.parameters.get(op.q):
                self._set_in_main(op, self.parameters, op.q)
            case SetTable() if op is not self.tables.get(op.t):
                self._set_in_main(op, self.tables, op.t)
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

    def _set_in_main(self, op: Operation, table: dict[int, Any], number: int) -> None:
        if number in table and table[number] not in self._in_main:
            raise broken(op, 9, f"setup has set register {number} already")
        if isinstance(op.parent_op(), Loop):
            raise broken(op, 9, f"{op.name} must not stand in a loop")
        table[number] = op
        self._in_main.add(op)


@cache
def _touches_registers(kind: type[Operation]) -> bool:
    return issubclass(kind, SetParameters | SetTable | Requant | Table)


def set_once(table: dict[int, Any], number: int, op: Operation) -> None:
    """Enter what ``op`` sets under its register's number (rule 9: once)."""
    if number in table:
        raise broken(op, 9, f"{op.name} sets register {number} twice")
    table[number] = op
