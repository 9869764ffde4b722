"""The loops of a sweep, in which crossbars work while the next window is loaded.

A sweep with matrix products has three stages: fetch a window, multiply it, and compute
with the product. In the loop of a run of positions, each turn fetches for the next
position, computes with the products of this one, and multiplies as soon as those are
taken. A run ends where the next fetch has to wait for another core, since waiting for
that must not hold up what is there already.

Sweeps of a series fetch and multiply alike, so that one rotation goes through them all:
the last turn of a sweep fetches and multiplies for the next one.
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
    """The instructions of a sweep: of one position by stage, and of every few of them.

    ``waits`` and ``calls`` hold, by period in positions, what stands before the first
    and after the last of so many (of one, it stands in the code); ``gates`` is like
    ``waits``, for fetching. ``placing`` comes before the first of the ``positions``,
    by the first of the stages that it is for. ``following`` are the stages of the next
    sweep in a series.
    """

    positions: int
    code: dict[Stage, list[Operation]] = field(
        default_factory=lambda: {"fetch": [], "multiply": [], "take": [], "rest": []}
    )
    placing: dict[Stage, list[Operation]] = field(
        default_factory=lambda: {"fetch": [], "take": []}
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
    following: Stages | None = None

    def loops(self) -> list[Operation]:
        """The code for all positions of a sweep on its own."""
        run = min(self.gates, default=self.positions)
        if not self.code["multiply"]:
            run = 1
        periods = {*self.gates, *self.waits, *self.calls}
        outer = sorted(period for period in periods if period > run)
        code, length = [*self._start(run), *self._turns(run)], run
        for period in outer:
            code = [
                *self.gates.get(period, ()),
                *self.waits.get(period, ()),
                *_loop(period // length, code),
                *self.calls.get(period, ()),
            ]
            length = period
        code = _loop(self.positions // length, code)
        return [*self.placing["fetch"], *self.placing["take"], *code]

    def series(self) -> list[Operation]:
        """The code for all positions of this sweep and of those that follow it."""
        code = [*self.placing["fetch"], *self._start(self.positions)]
        sweep: Stages | None = self
        while sweep:
            code += [*sweep.placing["take"], *sweep._turns(sweep.positions)]
            sweep = sweep.following
        return code

    def _start(self, run: int) -> list[Operation]:
        """Fetch and multiply for the first of a run of positions."""
        return [
            *_copy(self.gates.get(run, ())),
            *_copy(self.code["fetch"]),
            *_copy(self.code["multiply"]),
        ]

    def _turns(self, run: int) -> list[Operation]:
        """The turns of a run of positions, for the first of which products come."""
        periods = {*self.waits, *self.calls}
        inner = [1, *sorted(period for period in periods if 1 < period < run)]
        return [
            *_copy(self.waits.get(run, ())),
            *self._rotated(run, inner, last=True),
            *_copy(self.calls.get(run, ())),
        ]

    def _rotated(
        self, positions: int, periods: list[int], *, last: bool
    ) -> list[Operation]:
        """The turns of some positions, perhaps with the ``last`` of the run.

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

        if self.following and not self.following.placing["fetch"]:
            last = False
        turns = positions // period - last
        code = _loop(turns, turn(last=False)) if turns else []
        return [*code, *(turn(last=True) if last else ())]

    def _position(self, *, last: bool) -> list[Operation]:
        """One turn; after the last one, fetch for the next sweep if there is one."""
        stages: tuple[Stage, ...] = ("fetch", "take", "multiply", "rest")
        if last and not self.following:
            stages = ("take", "rest")
        code = [op for stage in stages for op in _copy(self.code[stage])]
        if last and self.following:
            code = [*self.following.placing["fetch"], *code]
        return code


def _copy(operations: Iterable[Operation]) -> list[Operation]:
    return [op.clone() for op in operations]


def _loop(count: int, body: list[Operation]) -> list[Operation]:
    return [LoopOp(body, count=count)] if count > 1 and body else body
