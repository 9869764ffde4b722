"""The loops of a sweep, in which crossbars work while the next window is loaded.

A sweep with matrix products has three stages: fetch windows, multiply them, and compute
with the products. In the loop of a run of positions, each turn fetches for the next
position and computes with the products of this one; as soon as one of them has been
read for the last time, its crossbar multiplies for the next position. A run ends where
the next fetch has to wait for another core, since waiting for that must not hold up
what is there already.

Sweeps of a series fetch and multiply alike, so that one rotation goes through them all:
the last turn of a sweep fetches and multiplies for the next one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from xdsl.ir import Operation

from cimc.backends.rram.isa import LoopOp
from cimc.isa.program import MAX_LOOP_DEPTH, Loop

__all__ = ["SweepStages"]


@dataclass
class SweepStages:
    """The instructions of a sweep: of one position by stage, and of every few of them.

    ``multiply`` says after how many instructions of ``compute`` a product has been
    read for the last time, so that the next one may begin.

    ``refill`` is what the first fetch of a run of at most ``row`` positions needs
    from the fetch before it.

    ``waits`` and ``calls`` hold, by period in positions, what stands before the first
    and after the last of so many (of one, it stands in the code); ``gates`` is like
    ``waits``, for fetching. Instructions of ``place_fetch`` and ``place_compute`` take
    registers to the first of the ``positions``. ``following`` are the stages of the
    next sweep in a series.
    """

    positions: int
    fetch: list[Operation] = field(default_factory=list[Operation])
    refill: list[Operation] = field(default_factory=list[Operation])
    row: int = 1
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

    place_fetch: list[Operation] = field(default_factory=list[Operation])
    place_compute: list[Operation] = field(default_factory=list[Operation])
    following: SweepStages | None = None

    def loops(self) -> list[Operation]:
        """The code for all positions of a sweep on its own."""
        run = min(self.gates, default=self.positions)
        if self.refill:
            run = min(run, self.row)
        if not self.multiply:
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
        code = _shallow(_loop(self.positions // length, code))
        return [*self.place_fetch, *self.place_compute, *code]

    def series(self) -> list[Operation]:
        """The code for all positions of this sweep and of those that follow it."""
        code = [*self.place_fetch, *self._start(self.positions)]
        sweep: SweepStages | None = self
        while sweep:
            code += [*sweep.place_compute, *sweep._turns(sweep.positions)]
            if sweep.following:
                # Of what the next one multiplies ahead, more than this one did.
                more = sweep.following.multiply[len(sweep.multiply) :]
                code += _copy(op for _, op in more)
            sweep = sweep.following
        return code

    def _start(self, run: int) -> list[Operation]:
        """Fetch and multiply for the first of a run of positions."""
        return [
            *_copy(self.gates.get(run, ())),
            *_copy(self.refill),
            *_copy(self.fetch),
            *_copy(op for _, op in self.multiply),
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

        if self.following and self._same_turn(self.following):
            last = False
        turns = positions // period - last
        code = _loop(turns, turn(last=False)) if turns else []
        return [*code, *(turn(last=True) if last else ())]

    def _same_turn(self, following: SweepStages) -> bool:
        """Whether the turn before the next sweep is like those before."""
        return not following.place_fetch and len(following.multiply) == len(
            self.multiply
        )

    def _position(self, *, last: bool) -> list[Operation]:
        """One turn; after the last one, fetch for the next sweep if there is one."""
        upcoming = self.following if last else self
        if upcoming is None:
            return _copy(self.compute)
        code = _copy(upcoming.fetch)
        if last:
            code = [*upcoming.place_fetch, *code]
        turns = zip(self.multiply, upcoming.multiply, strict=False)
        multiply = [(after, op) for (after, _), (_, op) in turns]
        for index in range(len(self.compute) + 1):
            code += _copy(op for after, op in multiply if after == index)
            code += _copy(self.compute[index : index + 1])
        return code


def _copy(operations: Iterable[Operation]) -> list[Operation]:
    return [op.clone() for op in operations]


def _shallow(operations: list[Operation], above: int = 0) -> list[Operation]:
    """The same code with as few loops rolled out as nest too deep below ``above``.

    Of the loops inside each other, those with the fewest turns.
    """
    found: list[Operation] = []
    for op in operations:
        if not isinstance(op, Loop):
            found.append(op)
            continue
        counts = _counts(op)
        excess = above + len(counts) - MAX_LOOP_DEPTH
        if excess <= 0:
            found.append(op)
        elif op.count in sorted(counts)[:excess]:
            turns = [copy for _ in range(op.count) for copy in _copy(op.body())]
            found += _shallow(turns, above)
        else:
            body = _shallow(_copy(op.body()), above + 1)
            found.append(LoopOp(body, count=op.count))
    return found


def _counts(loop: Loop) -> list[int]:
    """The turns of a loop and of those inside it, down to the deepest."""
    inside = [_counts(op) for op in loop.body() if isinstance(op, Loop)]
    return [loop.count, *max(inside, key=len, default=list[int]())]


def _loop(count: int, body: list[Operation]) -> list[Operation]:
    return [LoopOp(body, count=count)] if count > 1 and body else body
