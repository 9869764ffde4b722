"""Why a point is better: what each of its parameters does for it.

A parameter is put back to the first of its values in the study, the others stay: what
the measures lose or gain by that is what the parameter does, at this point. Where
parameters depend on each other, these differences need not add up to that between the
point and the study's first one.
"""

from __future__ import annotations

from dataclasses import dataclass

from cimc.exploration.evaluation import Evaluator, Outcome, Point
from cimc.exploration.study import Value
from cimc.exploration.workers import Workers, here

__all__ = ["Change", "Explanation", "explain"]


@dataclass(frozen=True)
class Change:
    """What comes of a point when ``parameter`` has the value ``instead``."""

    parameter: str
    value: Value
    instead: Value
    outcome: Outcome


@dataclass(frozen=True)
class Explanation:
    """What comes of a point, of that of all first values, and of those between."""

    own: Outcome
    first: Outcome
    changes: tuple[Change, ...]


def explain(evaluator: Evaluator, point: Point, workers: Workers = here) -> Explanation:
    """Compare a point with the study's first one, one parameter at a time.

    Raises:
        InputError: the study's files are at fault.
        VerificationError: a program differs from onnxruntime (E061).
    """
    study = evaluator.study
    first = {name: study.default(name) for name in point}
    varied = [name for name in point if point[name] != first[name]]
    changed = [{**point, name: first[name]} for name in varied]
    own, start, *found = workers(evaluator, [point, first, *changed])
    return Explanation(
        own,
        start,
        tuple(
            Change(name, point[name], first[name], outcome)
            for name, outcome in zip(varied, found, strict=True)
        ),
    )
