"""The loops of a sweep, in which crossbars work while the next window is loaded.

A sweep with matrix products has three stages: fetch windows, multiply them, and compute
with the products. In the loop of a run of positions, each turn fetches for the next
position and computes with the products of this one; as soon as one of them has been
read for the last time, its crossbar multiplies for the next position. A run ends where
the next fetch has to wait for another core, since waiting for that must not hold up
what is there already.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from xdsl.ir import Operation

from cimc.backends.rram.isa import LoopOp

__all__ = ["Stages"]


@dataclass
class Stages:
    """The instructions of one position by stage, and those of every few positions.

    ``multiply`` says after how many instructions of ``compute`` a product has been
    read for the last time, so that the next one may begin.

    ``waits`` and ``calls`` hold, by period in positions, what stands before the first
    and after the last of so many (of one, it stands in the code); ``gates`` is like
    ``waits``, for fetching.
    """

    fetch: list[Operation] = field(default_factory=list[Operation])
    multiply: list[tuple[int, Operation]] = field(
        default_factory=list[tuple[int, Operation]]
    )
    compute: list[Operation] = field(default_factory=list[Operation])
    gates: dict[int, list[Operation]] = field(
        default_factory=dict[int, list[Operation]]
    )
    waits: dict[int, list[Operation]] = field(
        default_factory=dict[int, list[Operation]]
    )
    calls: dict[int, list[Operation]] = field(
        default_factory=dict[int, list[Operation]]
    )

    def loops(self, positions: int) -> list[Operation]:
        """The code for all positions."""
        run = min(self.gates, default=positions)
        if not self.multiply:
            run = 1
        periods = {*self.gates, *self.waits, *self.calls}
        outer = sorted(period for period in periods if period > run)
        inner = [1, *sorted(period for period in periods if 1 < period < run)]
        code, length = self._run(run, inner), run
        for period in outer:
            code = [
                *self.gates.get(period, ()),
                *self.waits.get(period, ()),
                *_loop(period // length, code),
                *self.calls.get(period, ()),
            ]
            length = period
        return _loop(positions // length, code)

    def _run(self, length: int, periods: list[int]) -> list[Operation]:
        """A run of positions: fetch and multiply for the first, then in rotation."""
        return [
            *_copy(self.gates.get(length, ())),
            *_copy(self.fetch),
            *_copy(op for _, op in self.multiply),
            *_copy(self.waits.get(length, ())),
            *self._rotated(length, periods, last=True),
            *_copy(self.calls.get(length, ())),
        ]

    def _rotated(
        self, positions: int, periods: list[int], *, last: bool
    ) -> list[Operation]:
        """The turns of some positions; after the ``last`` there is none to fetch for.

        ``periods`` are those of the loops inside, 1 first.
        """
        *inside, period = periods

        def turn(*, last: bool) -> list[Operation]:
            if not inside:
                return self._position(last=last)
            return [
                *_copy(self.waits.get(period, ())),
                *self._rotated(period, inside, last=last),
                *_copy(self.calls.get(period, ())),
            ]

        turns = positions // period - last
        code = _loop(turns, turn(last=False)) if turns else []
        return [*code, *(turn(last=True) if last else ())]

    def _position(self, *, last: bool) -> list[Operation]:
        if last:
            return _copy(self.compute)
        code = _copy(self.fetch)
        for index in range(len(self.compute) + 1):
            code += _copy(op for after, op in self.multiply if after == index)
            code += _copy(self.compute[index : index + 1])
        return code


def _copy(operations: Iterable[Operation]) -> list[Operation]:
    return [op.clone() for op in operations]


def _loop(count: int, body: list[Operation]) -> list[Operation]:
    return [LoopOp(body, count=count)] if count > 1 and body else body
