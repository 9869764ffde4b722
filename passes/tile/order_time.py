"""How long the cores of a chain take in an order, by a recurrence.

A core takes the product of a position ``mvm`` cycles after the one before, and not
before the sums of the position have come from another core: ``hand_on`` cycles after
that core took its product for the last position of the chunk. The bus is taken to be
free.

A core that can hold the products of all positions of a chunk multiplies on while it
waits, and takes them all when the sums are there, which is ``more`` cycles later for
each position but the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cimc.passes.tile.orders import Order

__all__ = ["Timing", "best_order", "cycles"]

Times = NDArray[np.int64]

#: Part of the time that it may cost to hand on more than one vector at a time, and
#: that still fewer handovers may cost. Where many cores meet on the bus it is more.
_LOSS, _FURTHER_LOSS = 0.0015, 0.0005
#: Numbers of chunks that are tried, in multiples of the cores.
_MULTIPLES = 24


@dataclass(frozen=True)
class Timing:
    """Cycles from product to product and from core to core, and chunks that are held.

    ``hold`` says of how many positions a core can hold the products.
    """

    mvm: int
    hand_on: int
    more: int = 0
    hold: int = 1


@cache
def best_order(cores: int, positions: int, timing: Timing) -> Order:
    """The order with the fewest handovers of those that are about the fastest.

    Linear if it is as good as any.
    """
    tried = {1, 2, 3, *range(1, timing.hold + 1)}
    tried |= {-(-positions // (cores * m)) for m in range(1, _MULTIPLES + 1)}
    orders = [Order("linear", cores, positions)]
    orders += [Order("cyclic", cores, positions, every) for every in sorted(tried)]
    times = {order: cycles(order, timing) for order in orders}
    for loss in (_FURTHER_LOSS, _LOSS):
        bound = min(times.values()) * (1 + loss)
        fast = [order for order in orders if times[order] <= bound]
        best = min(fast, key=lambda order: (order.handovers, times[order]))
        if best.every > 1:
            break
    return best


def cycles(order: Order, timing: Timing) -> int:
    """From the first MVM of the chain until the last product is taken."""
    cores = range(order.cores)
    awaited = [_awaited(order, core, timing) for core in cores]
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


def _awaited(order: Order, core: int, timing: Timing) -> tuple[Times, Times, Times]:
    """The turns of a core in which it awaits a chunk, those that hand it on, and hops.

    The second are the turns of the core before in which it is through with the chunk.
    """
    empty = np.empty(0, np.int64)
    visits = [visit for visit in order.visits(core) if not visit.first]
    starts = [np.arange(visit.start, visit.stop, visit.every) for visit in visits]
    stops = [
        found + visit.every - 1 for found, visit in zip(starts, visits, strict=True)
    ]
    held = [visit.every <= timing.hold for visit in visits]
    waits = [
        last if hold else first
        for first, last, hold in zip(starts, stops, held, strict=True)
    ]
    hops = [
        np.full(found.size, timing.hand_on + (visit.every - 1) * timing.more * hold)
        for found, visit, hold in zip(starts, visits, held, strict=True)
    ]
    here, there = order.start(core), order.start(order.before(core))
    return (
        (np.concatenate([empty, *waits]) - here) % order.positions,
        (np.concatenate([empty, *stops]) - there) % order.positions,
        np.concatenate([empty, *hops]),
    )


def _taken(
    order: Order,
    awaited: tuple[Times, Times, Times],
    before: Times | None,
    timing: Timing,
) -> Times:
    """When a core takes the product of each turn, given the core before it."""
    turns = np.arange(order.positions) * timing.mvm
    late = np.zeros(order.positions, np.int64)
    late[0] = timing.mvm
    if before is not None:
        here, there, hops = awaited
        late[here] = np.maximum(late[here], before[there] + hops - turns[here])
    return np.maximum.accumulate(late) + turns
