"""The loops of a sweep, in which crossbars work while the next window is loaded.

A sweep with matrix products has three stages: fetch a window, multiply it, and compute
with the product. In the loop of a run of positions, each turn fetches for the next
position, computes with the products of this one, and multiplies as soon as those are
taken. A run ends where the next fetch has to wait for another core, since waiting for
that must not hold up what is there already.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from xdsl.ir import Operation

from cimc.backends.rram.isa import LoopOp

__all__ = ["Stage", "Stages"]

#: Where an instruction belongs. ``take`` is the part of the computation that reads
#: products, ``rest`` what follows it.
Stage = Literal["fetch", "multiply", "take", "rest"]


@dataclass
class Stages:
    """The instructions of one position by stage, and those of every few positions.

    ``waits`` and ``calls`` hold, by period in positions, what stands before the first
    and after the last of so many (of one, it stands in the code); ``gates`` is like
    ``waits``, for fetching.
    """

    code: dict[Stage, list[Operation]] = field(
        default_factory=lambda: {"fetch": [], "multiply": [], "take": [], "rest": []}
    )
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
        if not self.code["multiply"]:
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
            *_copy(self.code["fetch"]),
            *_copy(self.code["multiply"]),
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
            stages: tuple[Stage, ...] = ("take", "rest")
        else:
            stages = ("fetch", "take", "multiply", "rest")
        return [op for stage in stages for op in _copy(self.code[stage])]


def _copy(operations: Iterable[Operation]) -> list[Operation]:
    return [op.clone() for op in operations]


def _loop(count: int, body: list[Operation]) -> list[Operation]:
    return [LoopOp(body, count=count)] if count > 1 and body else body
