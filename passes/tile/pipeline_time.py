"""How long the cores of a horizontal group take in an order, by a recurrence.

A core takes the product of a position ``mvm`` cycles after the one before, and not
before the sums of the position have come from another core: ``hop`` cycles after that
core took its product for the last position of the chunk. The bus is taken to be free.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cimc.passes.tile.orders import Order

__all__ = ["Timing", "best_order", "cycles"]

Times = NDArray[np.int64]

#: Part of the time that fewer handovers may cost.
_LOSS = 0.0005
#: Numbers of chunks that are tried, in multiples of the cores.
_MULTIPLES = 24


@dataclass(frozen=True)
class Timing:
    """Cycles from product to product, and from core to core."""

    mvm: int
    hop: int


def best_order(cores: int, positions: int, timing: Timing) -> Order:
    """The order with the fewest handovers of those that are about the fastest.

    Linear if it is as good as any.
    """
    tried = {1, 2, 3}
    tried |= {-(-positions // (cores * m)) for m in range(1, _MULTIPLES + 1)}
    orders = [Order("linear", cores, positions)]
    orders += [Order("cyclic", cores, positions, every) for every in sorted(tried)]
    times = {order: cycles(order, timing) for order in orders}
    bound = min(times.values()) * (1 + _LOSS)
    fast = [order for order in orders if times[order] <= bound]
    return min(fast, key=lambda order: (order.handovers, times[order]))


def cycles(order: Order, timing: Timing) -> int:
    """From the first MVM of the group until the last product is taken."""
    cores = range(order.cores)
    awaited = [_awaited(order, core) for core in cores]
    taken = [_taken(order, awaited[core], None, timing) for core in cores]
    pending = True
    while pending:
        pending = False
        for core in cores if order.scheme == "linear" else reversed(cores):
            before = taken[order.before(core)]
            found = _taken(order, awaited[core], before, timing)
            # Around the cycle the first core has waited for the last one's old times.
            if not np.array_equal(found, taken[core]):
                taken[core] = found
                pending = order.scheme == "cyclic"
    return max(int(times[-1]) for times in taken)


def _awaited(order: Order, core: int) -> tuple[Times, Times]:
    """The turns of a core in which it awaits a chunk, and those that hand it on.

    The latter are the turns of the core before in which it is through with the chunk.
    """
    empty = np.empty(0, np.int64)
    visits = [visit for visit in order.visits(core) if not visit.first]
    starts = [np.arange(visit.start, visit.stop, visit.every) for visit in visits]
    stops = [
        found + visit.every - 1 for found, visit in zip(starts, visits, strict=True)
    ]
    here, there = order.start(core), order.start(order.before(core))
    return (
        (np.concatenate([empty, *starts]) - here) % order.positions,
        (np.concatenate([empty, *stops]) - there) % order.positions,
    )


def _taken(
    order: Order, awaited: tuple[Times, Times], before: Times | None, timing: Timing
) -> Times:
    """When a core takes the product of each turn, given the core before it."""
    turns = np.arange(order.positions) * timing.mvm
    late = np.zeros(order.positions, np.int64)
    late[0] = timing.mvm
    if before is not None:
        here, there = awaited
        late[here] = np.maximum(late[here], before[there] + timing.hop - turns[here])
    return np.maximum.accumulate(late) + turns
