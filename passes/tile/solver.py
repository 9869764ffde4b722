"""CP-SAT as all passes use it: one worker, a fixed seed, deterministic time."""

from __future__ import annotations

from ortools.sat.python import cp_model

__all__ = ["solve"]


def solve(model: cp_model.CpModel, effort: float) -> cp_model.CpSolver | None:
    """The solver with its solution, or nothing if it has found none.

    ``effort`` is in the solver's deterministic time, so that equal models have equal
    solutions on a slow machine and on a fast one.
    """
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = effort
    status = solver.solve(model)
    return solver if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else None
