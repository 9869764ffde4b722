"""Allocation of the registers of one core."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from xdsl.ir import Operation, SSAValue

from cimc.diagnostics import DoesNotFitError

__all__ = ["CoreRegisters", "NumberedRegisters", "VectorRegisters"]


@dataclass
class NumberedRegisters:
    """Registers that keep their contents: one per different content.

    ``what`` and ``where`` name them in the message when there are too few.
    """

    what: str
    where: str
    limit: int
    contents: dict[Hashable, int] = field(default_factory=dict[Hashable, int])

    def number(self, content: Hashable) -> int:
        """The register that holds ``content``.

        Raises:
            DoesNotFitError: all registers hold something else (E034).
        """
        if content not in self.contents:
            if len(self.contents) == self.limit:
                raise DoesNotFitError(
                    "E034",
                    f"the program needs more than {self.limit} {self.what} registers",
                    where=self.where,
                    hints=(f"a chip with more {self.what}_registers, or more cores",),
                )
            self.contents[content] = len(self.contents)
        return self.contents[content]


@dataclass
class CoreRegisters:
    """Registers that a core sets up once: parameters, tables, and its sequences."""

    parameters: NumberedRegisters
    tables: NumberedRegisters
    sequences: NumberedRegisters

    @classmethod
    def of(
        cls, where: str, parameters: int, tables: int, sequences: int
    ) -> CoreRegisters:
        """Empty registers of the core that ``where`` names, that many of each kind."""
        return cls(
            NumberedRegisters("parameter", where, parameters),
            NumberedRegisters("table", where, tables),
            NumberedRegisters("sequence", where, sequences),
        )


class VectorRegisters:
    """Vector registers for the values of one sweep.

    A register is free after the last use of its value and is taken again as late as
    possible, so that the units of a core seldom wait for each other. The values
    ``kept`` have registers of their own from the start, which may hold what the next
    position needs while this one is not over; ``None`` leaves one unused.
    """

    def __init__(
        self,
        body: Iterable[Operation],
        limit: int,
        kept: Sequence[SSAValue | None] = (),
    ) -> None:
        self._kept = frozenset(kept)
        self._free = deque(range(limit))
        self._limit = limit
        self._held: dict[SSAValue, int] = {}
        self._last_use: dict[SSAValue, Operation] = {}
        for op in body:
            for operand in op.operands:
                self._last_use[operand] = op
        for value in kept:
            register = self.take()
            if value is not None:
                self._held[value] = register

    def holds(self, value: SSAValue) -> bool:
        """Whether a register holds ``value`` now."""
        return value in self._held

    def __getitem__(self, value: SSAValue) -> int:
        """The register that holds ``value``."""
        return self._held[value]

    def take(self) -> int:
        """A free register, until it is given back.

        Raises:
            DoesNotFitError: there is none (E034).
        """
        if not self._free:
            raise DoesNotFitError(
                "E034",
                f"a sweep needs more than {self._limit} vector registers",
                hints=("a chip with more vector_registers",),
            )
        return self._free.popleft()

    def give_back(self, register: int) -> None:
        """Free a register that :meth:`take` gave."""
        self._free.append(register)

    def define(self, value: SSAValue) -> int:
        """A register for the result ``value``."""
        if value not in self._kept:
            self._held[value] = self.take()
        return self._held[value]

    def release_after(self, op: Operation) -> None:
        """Free the registers of values that ``op`` is the last to use."""
        for operand in dict.fromkeys(op.operands):
            if (
                operand in self._held
                and operand not in self._kept
                and self._last_use[operand] is op
            ):
                self.give_back(self._held.pop(operand))
