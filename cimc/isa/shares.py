"""Shares of what a chip has, for programs that are on it at the same time."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["shares"]


def shares(
    available: int, needs: Sequence[int], weights: Sequence[int]
) -> list[int] | None:
    """All that there is, in proportion to ``weights``, but at least ``needs``.

    None if there is not enough. Programs run one after another: where each takes time
    in inverse proportion to its share, weights that are square roots of time · share
    give the least sum.
    """
    if sum(needs) > available:
        return None
    found = list(needs)
    free = set(range(len(needs)))
    while free:
        kept = sum(need for item, need in enumerate(needs) if item not in free)
        rest = available - kept
        whole = sum(weights[item] for item in free)
        short = {item for item in free if rest * weights[item] <= needs[item] * whole}
        if not short:
            for item in free:
                found[item] = rest * weights[item] // whole
            break
        free -= short
    heaviest = max(range(len(needs)), key=lambda item: weights[item])
    found[heaviest] += available - sum(found)
    return found
