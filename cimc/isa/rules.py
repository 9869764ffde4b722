"""Numbered rules: common ones have one number in the manuals of all machines."""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException

__all__ = ["broken", "limit", "unique"]


def broken(op: Operation, rule: int, why: str) -> VerifyException:
    """The error for an operation that breaks a rule of its dialect: ``[RRAM-1] …``."""
    return VerifyException(f"[{op.dialect_name().upper()}-{rule}] {why}")


def limit(dialect: str, what: str, value: int, maximum: int) -> None:
    """Rule 8: there is no more of anything than the chip has."""
    if value > maximum:
        raise VerifyException(
            f"[{dialect.upper()}-8] {what} {value}, the chip allows {maximum}"
        )


def unique(dialect: str, what: str, values: Iterable[int | str]) -> None:
    """Rule 7: names and numbers are declared once."""
    seen: set[int | str] = set()
    for value in values:
        if value in seen:
            raise VerifyException(
                f"[{dialect.upper()}-7] {what} {value!r} is declared twice"
            )
        seen.add(value)
