"""Which trials are best: the Pareto front, and how much of the space it dominates."""

from __future__ import annotations

from collections.abc import Sequence

import moocore  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
from numpy.typing import NDArray
from optuna.trial import FrozenTrial, TrialState

from cimc.exploration.measures import MEASURES
from cimc.exploration.study import Study

__all__ = ["feasible", "hypervolumes", "pareto_front"]


def feasible(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """The trials that have values and keep all bounds."""
    return [
        trial
        for trial in trials
        if trial.state == TrialState.COMPLETE
        and all(value <= 0 for value in trial.constraints.values())
    ]


def pareto_front(study: Study, trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Feasible trials than which no other one is better in one objective and as good
    in all.

    Of several with the same values the first one counts. They come in the order of the
    first objective, the best first.
    """
    kept = feasible(trials)
    if not kept:
        return []
    losses = _losses(study, kept)
    on_front = moocore.is_nondominated(losses)
    front = [index for index in range(len(kept)) if on_front[index]]
    front.sort(key=lambda index: tuple(losses[index]))
    return [kept[index] for index in front]


def hypervolumes(
    study: Study, searches: Sequence[Sequence[FrozenTrial]]
) -> list[float]:
    """The part of the box around all feasible trials that each search dominates.

    The box goes from the best to the worst value of each objective that any of the
    searches has found; objectives count alike, whatever their units.
    """
    losses = [_losses(study, feasible(trials)) for trials in searches]
    everything = np.concatenate(losses)
    if not len(everything):
        return [0.0] * len(losses)
    best, worst = everything.min(axis=0), everything.max(axis=0)
    span = np.where(worst > best, worst - best, 1.0)
    # A point on the far side of the box would not count at all with it as reference.
    reference = np.full(len(span), 1.1)
    whole = float(np.prod(reference))
    return [
        float(moocore.hypervolume((found - best) / span, ref=reference)) / whole
        if len(found)
        else 0.0
        for found in losses
    ]


def _losses(study: Study, trials: Sequence[FrozenTrial]) -> NDArray[np.float64]:
    """Values (trials, objectives), the smaller the better."""
    signs = [-1.0 if MEASURES[name].maximise else 1.0 for name in study.objectives]
    values = np.array([trial.values for trial in trials], np.float64)
    return values.reshape(len(trials), len(signs)) * signs
