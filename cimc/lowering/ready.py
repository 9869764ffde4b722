"""Refusing what the passes before a lowering have not prepared."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from xdsl.ir import Operation
from xdsl.utils.exceptions import PassFailedException

__all__ = ["require_ready"]


def require_ready(
    operations: Iterable[Operation], problem: Callable[[Operation], str | None]
) -> None:
    """Raise PassFailedException for the first operation that has a problem.

    Operations of other levels than ``tile`` always are one.
    """
    for op in operations:
        found = problem(op)
        if found is None and op.dialect_name() != "tile":
            found = f"{op.name} is not of the tile level"
        if found is not None:
            raise PassFailedException(found)
