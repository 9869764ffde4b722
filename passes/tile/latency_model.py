"""The time of one image in a pipeline of layers, as a CP-SAT model."""

from __future__ import annotations

from collections.abc import Sequence

from ortools.sat.python import cp_model

from cimc.passes.tile.solver import solve
from cimc.passes.tile.stages import LayerStage, beats_of

__all__ = ["LatencyModel"]

#: Deterministic time of one search.
_EFFORT = 4.0


class LatencyModel:
    """Copies, the time of a row, and when each stage begins and ends.

    The ``copies`` of all stages together take at most ``cores``. The ``latency`` is
    what the stages take if they find the bus free, and the time of the bus. Cores that
    wait for the bus in turn take at most both, and at least the longer of the two.
    """

    def __init__(self, stages: Sequence[LayerStage], cores: int) -> None:
        self.model = model = cp_model.CpModel()
        choices = [stage.choices() for stage in stages]
        most = [max(rows_of) for rows_of in choices]
        horizon = sum(stage.span(1) for stage in stages) + beats_of(stages, most)
        self._taken: list[dict[int, cp_model.IntVar]] = []
        rows: list[cp_model.LinearExpr] = []
        starts: list[cp_model.IntVar] = []
        ends: list[cp_model.IntVar] = []
        zero = model.new_constant(0) * 1
        path = model.new_int_var(0, horizon, "path")
        bus = zero + sum(stage.beats for stage in stages)
        for index, (stage, rows_of) in enumerate(zip(stages, choices, strict=True)):
            taken = {c: model.new_bool_var(f"{index} x {c}") for c in rows_of}
            model.add_exactly_one(taken.values())
            row = sum((rows_of[c] * var for c, var in taken.items()), start=zero)
            start = model.new_int_var(0, horizon, f"start {index}")
            end = model.new_int_var(0, horizon, f"end {index}")
            model.add(end >= start + stage.rows * row)
            for link in stage.links:
                model.add(start >= starts[link.source] + link.first * rows[link.source])
                model.add(end >= ends[link.source] + link.last * row)
            model.add(path >= end)
            if stage.copy_beats:
                bus += sum(c * stage.copy_beats * var for c, var in taken.items())
            self._taken.append(taken)
            rows.append(row)
            starts.append(start)
            ends.append(end)
        self.latency = path + bus
        self.cores = sum(
            copies * stage.cores * var
            for stage, taken in zip(stages, self._taken, strict=True)
            for copies, var in taken.items()
        )
        model.add(self.cores <= cores)

    def solve(self, hint: Sequence[int]) -> cp_model.CpSolver | None:
        """The solver with its solution, if it has found one."""
        for copies, taken in zip(hint, self._taken, strict=True):
            for number, var in taken.items():
                self.model.add_hint(var, number == copies)
        return solve(self.model, _EFFORT)

    def copies(self, solver: cp_model.CpSolver) -> tuple[int, ...]:
        """The copies of each stage in the solution."""
        return tuple(
            next(copies for copies, var in taken.items() if solver.boolean_value(var))
            for taken in self._taken
        )
