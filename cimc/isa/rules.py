"""Numbered rules: common ones have one number in the manuals of all machines."""

from __future__ import annotations

from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException

__all__ = ["broken"]


def broken(op: Operation, rule: int, why: str) -> VerifyException:
    """The error for an operation that breaks a rule of its dialect: ``[RRAM-1] …``."""
    return VerifyException(f"[{op.dialect_name().upper()}-{rule}] {why}")
