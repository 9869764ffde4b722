"""Address registers of a bank: one per way of moving through a sweep."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from cimc.backends.racetrack.isa import SetOp, StepOp
from cimc.backends.racetrack.lowering.code import Code, plain
from cimc.diagnostics import DoesNotFitError

__all__ = ["ZERO", "Addresses"]

#: An address register that always holds 0.
ZERO = 15


@dataclass
class Addresses:
    """Registers by what they follow, with the values that they hold at this point."""

    registers: dict[Hashable, int] = field(default_factory=dict[Hashable, int])
    values: dict[Hashable, int] = field(default_factory=dict[Hashable, int])

    def register(self, key: Hashable) -> int:
        """The register that follows ``key``.

        Raises:
            DoesNotFitError: there are too many (E034).
        """
        number = self.registers.setdefault(key, len(self.registers))
        if number >= ZERO:
            raise DoesNotFitError(
                "E034",
                f"a sweep needs more than {ZERO} address registers",
                hints=("report it with the model: its windows are unusually many",),
            )
        return number

    def set(self, key: Hashable, value: int) -> Code:
        """Give the register of ``key`` a value, whatever it held."""
        self.values[key] = value
        return plain(SetOp, a=self.register(key), value=value)

    def step(self, key: Hashable, value: int) -> list[Code]:
        """Bring the register of ``key`` to ``value`` from the one that it holds."""
        by = value - self.values[key]
        self.values[key] = value
        return [plain(StepOp, a=self.register(key), by=by)] if by else []
