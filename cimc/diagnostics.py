"""Structured diagnostics: what went wrong, where, why, and what to try.

Every error that a user can cause is a :class:`CimcError` that carries one
:class:`Diagnostic`. The command line prints it and exits with the class's
``exit_code``; the Python API lets it propagate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

__all__ = [
    "CimcError",
    "CimcWarning",
    "Diagnostic",
    "DoesNotFitError",
    "InputError",
    "VerificationError",
]


@dataclass(frozen=True)
class Diagnostic:
    """One message to the user.

    ``code`` is stable (``E…`` for errors, ``W…`` for warnings), ``where`` names
    the file, node, field or instruction at fault, ``notes`` say why and ``hints``
    what to try.
    """

    code: str
    message: str
    where: str = ""
    notes: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()

    def render(self) -> str:
        """The plain text of the diagnostic, one fact a line."""
        kind = "warning" if self.code.startswith("W") else "error"
        place = f"{self.where}: " if self.where else ""
        lines = [f"{kind}[{self.code}]: {place}{self.message}"]
        lines += [f"  {note}" for note in self.notes]
        lines += [f"  try: {hint}" for hint in self.hints]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """The diagnostic as a JSON object."""
        return {
            "code": self.code,
            "message": self.message,
            "where": self.where,
            "notes": list(self.notes),
            "hints": list(self.hints),
        }


class CimcError(Exception):
    """Base of all errors that a user of cimc can meet; carries a diagnostic."""

    exit_code: ClassVar[int] = 70

    def __init__(
        self,
        code: str,
        message: str,
        *,
        where: str = "",
        notes: tuple[str, ...] = (),
        hints: tuple[str, ...] = (),
    ) -> None:
        self.diagnostic = Diagnostic(code, message, where, notes, hints)
        super().__init__(self.diagnostic.render())

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.diagnostic)


class VerificationError(CimcError):
    """The compiled program computes something else than the model (exit code 1)."""

    exit_code = 1


class InputError(CimcError):
    """The model, the data or an option is at fault (exit code 2)."""

    exit_code = 2


class DoesNotFitError(CimcError):
    """The network needs more than the chip has (exit code 3)."""

    exit_code = 3


class CimcWarning(UserWarning):
    """Something the user should know that does not stop the work."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        where: str = "",
        notes: tuple[str, ...] = (),
        hints: tuple[str, ...] = (),
    ) -> None:
        self.diagnostic = Diagnostic(code, message, where, notes, hints)
        super().__init__(self.diagnostic.render())


def _again(kind: type[CimcError], found: Diagnostic) -> CimcError:
    """An error that comes from another process."""
    return kind(
        found.code,
        found.message,
        where=found.where,
        notes=found.notes,
        hints=found.hints,
    )
