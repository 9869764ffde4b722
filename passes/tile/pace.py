"""How many copies of each layer keep a pipeline of layers at the best pace.

Layers run at the same time, row by row. A layer that has c copies computes c parts of
each row at once; its first row waits for some rows of the layers that it reads, and
its last rows for the last of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ortools.sat.python import cp_model

from cimc.passes.tile.solver import solve

__all__ = ["Link", "Stage", "copies_for_latency"]

#: Deterministic time of the solver, for each of its two searches.
_EFFORT = 4.0
#: Latency that may be given away for fewer cores: one part in so many.
_TRADE = 500


@dataclass(frozen=True)
class Link:
    """What a stage reads: ``source`` is the number of an earlier one.

    The first row needs ``first`` rows of the source; ``last`` rows need its last one.
    """

    source: int
    first: int
    last: int


@dataclass(frozen=True)
class Stage:
    """A layer in a pipeline: ``rows`` of ``columns``, each position in ``cycles``.

    A copy takes ``cores``; there are at most ``limit`` copies.
    """

    rows: int
    columns: int
    cycles: int
    cores: int
    limit: int
    links: tuple[Link, ...] = field(default=())

    def choices(self) -> dict[int, int]:
        """Copies → cycles of one row, for all numbers of copies that gain something."""
        found: dict[int, int] = {}
        for copies in range(1, min(self.limit, self.columns) + 1):
            cycles = -(-self.columns // copies) * self.cycles
            if cycles not in found.values():
                found[copies] = cycles
        return found


def copies_for_latency(stages: list[Stage], cores: int, least: int = 0) -> list[int]:
    """The copies of each stage with which one image takes the least time.

    Together they take at most ``cores``. The time is at least ``least`` cycles, those
    of the bus, so that copies that only wait for it are not made. Of copies that are
    as good but for a small part, the fewest are taken. One of each if the cores do
    not suffice for that.
    """
    if sum(stage.cores for stage in stages) > cores:
        return [1] * len(stages)
    first = _Model(stages, cores, least)
    first.model.minimize(first.latency)
    start = _balanced(stages, cores)
    solver = first.solve(start)
    if solver is None:
        return start
    best = first.chosen(solver)
    second = _Model(stages, cores, least)
    limit = int(solver.value(first.latency))
    second.model.add(second.latency <= limit + limit // _TRADE)
    second.model.minimize(second.cores)
    solver = second.solve(best)
    return best if solver is None else second.chosen(solver)


def _balanced(stages: list[Stage], cores: int) -> list[int]:
    """The fewest copies with which no stage takes longer than needed: a first guess."""
    choices = [stage.choices() for stage in stages]
    spans = sorted(
        {
            stage.rows * cycles
            for stage, choice in zip(stages, choices, strict=True)
            for cycles in choice.values()
        }
    )
    best = [1] * len(stages)
    low, high = 0, len(spans) - 1
    while low <= high:
        middle = (low + high) // 2
        copies = [
            min(
                (c for c, cycles in choice.items() if stage.rows * cycles <= span),
                default=0,
            )
            for stage, choice in zip(stages, choices, strict=True)
            for span in (spans[middle],)
        ]
        used = sum(c * stage.cores for c, stage in zip(copies, stages, strict=True))
        if all(copies) and used <= cores:
            best, high = copies, middle - 1
        else:
            low = middle + 1
    return best


class _Model:
    """Copies, the time of a row, and when each stage begins and ends."""

    def __init__(self, stages: list[Stage], cores: int, least: int) -> None:
        self.model = model = cp_model.CpModel()
        self.choices = [stage.choices() for stage in stages]
        horizon = sum(stage.rows * stage.columns * stage.cycles for stage in stages)
        horizon = max(horizon, least)
        self.taken: list[dict[int, cp_model.IntVar]] = []
        rows: list[cp_model.LinearExpr] = []
        starts: list[cp_model.IntVar] = []
        ends: list[cp_model.IntVar] = []
        zero = model.new_constant(0) * 1
        self.latency = model.new_int_var(least, horizon, "latency")
        for index, (stage, choices) in enumerate(
            zip(stages, self.choices, strict=True)
        ):
            taken = {c: model.new_bool_var(f"{index} x {c}") for c in choices}
            model.add_exactly_one(taken.values())
            row = sum((choices[c] * var for c, var in taken.items()), start=zero)
            start = model.new_int_var(0, horizon, f"start {index}")
            end = model.new_int_var(0, horizon, f"end {index}")
            model.add(end >= start + stage.rows * row)
            for link in stage.links:
                model.add(start >= starts[link.source] + link.first * rows[link.source])
                model.add(end >= ends[link.source] + link.last * row)
            model.add(self.latency >= end)
            self.taken.append(taken)
            rows.append(row)
            starts.append(start)
            ends.append(end)
        self.cores = sum(
            copies * stage.cores * var
            for stage, taken in zip(stages, self.taken, strict=True)
            for copies, var in taken.items()
        )
        model.add(self.cores <= cores)

    def solve(self, hint: list[int]) -> cp_model.CpSolver | None:
        """The solver with its solution, if it has found one."""
        for copies, taken in zip(hint, self.taken, strict=True):
            for number, var in taken.items():
                self.model.add_hint(var, number == copies)
        return solve(self.model, _EFFORT)

    def chosen(self, solver: cp_model.CpSolver) -> list[int]:
        """The copies of each stage in the solution."""
        return [
            next(copies for copies, var in taken.items() if solver.boolean_value(var))
            for taken in self.taken
        ]
