"""What a search has found: the front as JSON and CSV, and what each parameter does."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna.trial import FrozenTrial

from cimc.exploration.front import feasible, pareto_front
from cimc.exploration.measures import MEASURES
from cimc.exploration.proposals import REJECTED
from cimc.exploration.study import Study

__all__ = ["as_csv", "as_json", "effects"]

Effects = Mapping[str, Mapping[str, float]]


def effects(study: Study, trials: Sequence[FrozenTrial]) -> Effects:
    """By objective and parameter: which part of the variance the parameter explains.

    That is the variance of the mean over the trials with each of its values, as part
    of that of all feasible trials (a main effect of the analysis of variance). Where
    the search looks is not uniform, so that parts need not add up to one.
    """
    kept = feasible(trials)
    found: dict[str, dict[str, float]] = {}
    for index, objective in enumerate(study.objectives):
        values = np.array([trial.values[index] for trial in kept])
        whole = float(values.var()) if len(values) else 0.0
        found[objective] = {
            name: _explained(values, [trial.params[name] for trial in kept]) / whole
            if whole > 0
            else 0.0
            for name in study.space
        }
    return found


def _explained(values: np.ndarray[Any, Any], groups: Sequence[Any]) -> float:
    """The variance of the means of groups, each as often as it has values."""
    means = np.empty(len(values))
    for group in dict.fromkeys(groups):
        members = [index for index, other in enumerate(groups) if other == group]
        means[members] = values[members].mean()
    return float(means.var())


def as_json(study: Study, trials: Sequence[FrozenTrial]) -> dict[str, Any]:
    """The front, what is good about each of its points, and how trials ended."""
    kept, front = feasible(trials), pareto_front(study, trials)
    return {
        "study": study.name,
        "objectives": {
            name: {
                "unit": MEASURES[name].unit,
                "better": "more" if MEASURES[name].maximise else "less",
            }
            for name in study.objectives
        },
        "trials": len(trials),
        "feasible": len(kept),
        "rejected": dict(
            Counter(
                trial.user_attrs[REJECTED]
                for trial in trials
                if REJECTED in trial.user_attrs
            ).most_common()
        ),
        "front": [
            {
                "trial": trial.number,
                "parameters": trial.params,
                "measures": {name: trial.user_attrs[name] for name in study.measures},
                "better_than": _ranks(study, trial, kept),
            }
            for trial in front
        ],
        "effects": effects(study, trials),
    }


def _ranks(
    study: Study, trial: FrozenTrial, others: Sequence[FrozenTrial]
) -> dict[str, float]:
    """By objective, the part of all feasible trials that the point is better than."""
    found: dict[str, float] = {}
    for index, name in enumerate(study.objectives):
        values = np.array([other.values[index] for other in others])
        own = trial.values[index]
        worse = values < own if MEASURES[name].maximise else values > own
        found[name] = float(worse.mean())
    return found


def as_csv(study: Study, trials: Sequence[FrozenTrial]) -> str:
    """All finished trials, one a row."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    measures = study.measures
    writer.writerow(["trial", *study.space, *measures, "feasible", "front", "rejected"])
    kept = {trial.number for trial in feasible(trials)}
    front = {trial.number for trial in pareto_front(study, trials)}
    for trial in trials:
        writer.writerow(
            [
                trial.number,
                *(trial.params[name] for name in study.space),
                *(trial.user_attrs.get(name, "") for name in measures),
                int(trial.number in kept),
                int(trial.number in front),
                trial.user_attrs.get(REJECTED, ""),
            ]
        )
    return text.getvalue()
