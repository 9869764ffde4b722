"""Shares of what a chip has, for programs that are on it at the same time."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["shares"]


def shares(available: int, needs: Sequence[int]) -> list[int] | None:
    """All that there is, in proportion to ``needs`` and at least as much as these.

    None if that is not possible.
    """
    needed = sum(needs)
    spare = available - needed
    if spare < 0:
        return None
    found = [need + (spare * need // needed if needed else 0) for need in needs]
    found[-1] += available - sum(found)
    return found
