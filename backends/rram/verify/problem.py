"""What keeps a program from being proven, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from cimc.diagnostics import CimcError

__all__ = ["Kind", "Problem"]

Kind = Literal[
    "several callers", "unbalanced", "deadlock", "unordered", "wrong order", "beyond"
]
"""What is wrong, or ``beyond`` what can be proven."""


@dataclass(frozen=True)
class Problem(Exception):
    """The first thing that is wrong with a program, or cannot be proven."""

    kind: Kind
    message: str
    where: str = ""
    notes: tuple[str, ...] = ()

    @classmethod
    def beyond(cls, why: str, where: str = "", notes: Iterable[str] = ()) -> Problem:
        """Something that the verifier cannot reason about."""
        return cls("beyond", f"cannot prove: {why}", where, tuple(notes))

    def error(self) -> CimcError:
        """The problem as an error: of cimc, if it has compiled the program."""
        return CimcError(
            "E077",
            self.message,
            where=self.where,
            notes=self.notes,
            hints=("report it with the model and the options, if cimc compiled this",),
        )
