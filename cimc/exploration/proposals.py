"""Which points come next: chosen by Optuna from what all before them gave.

What is proposed depends on the study and on the trials before, and on nothing else:
not on the time that they took, and not on what ran while they did. A search that is
cut short and taken up again, or spread over machines, is therefore the same search.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Literal

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    IntDistribution,
)
from optuna.samplers import (
    BaseSampler,
    NSGAIIISampler,
    NSGAIISampler,
    RandomSampler,
    TPESampler,
)
from optuna.trial import FrozenTrial, TrialState, create_trial

from cimc.exploration.evaluation import Outcome, Point
from cimc.exploration.measures import MEASURES
from cimc.exploration.study import Range, Study

__all__ = ["REJECTED", "directions", "finished", "propose"]

Direction = Literal["minimize", "maximize"]

#: Why a trial has no values, among its attributes.
REJECTED = "rejected"


def directions(study: Study) -> list[Direction]:
    """Which way each objective is better, in Optuna's words."""
    return [
        "maximize" if MEASURES[name].maximise else "minimize"
        for name in study.objectives
    ]


def _distributions(study: Study) -> dict[str, BaseDistribution]:
    """The parameters of a study for Optuna."""
    return {
        name: IntDistribution(found.first, found.last, log=found.log, step=found.step)
        if isinstance(found, Range)
        else CategoricalDistribution(found)
        for name, found in study.space.items()
    }


def propose(study: Study, before: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """The next trials of a study, as many as its population or as it has left.

    They have parameters, and no values yet.
    """
    count = min(study.population, study.trials - len(before))
    space = _distributions(study)
    if study.sampler == "grid":
        points = islice(_grid(study), len(before), len(before) + count)
        return [
            create_trial(
                state=TrialState.RUNNING, params=dict(point), distributions=space
            )
            for point in points
        ]
    search = optuna.create_study(
        directions=directions(study), sampler=_sampler(study, len(before))
    )
    search.add_trials(before)
    for _ in range(count):
        search.ask(space)
    return search.trials[len(before) :]


def finished(study: Study, proposal: FrozenTrial, outcome: Outcome) -> FrozenTrial:
    """The proposal with what came of it; one that was rejected has no values."""
    rejected = bool(outcome.rejected)
    reason = {REJECTED: outcome.rejected} if rejected else {}
    return create_trial(
        state=TrialState.FAIL if rejected else TrialState.COMPLETE,
        values=None if rejected else [outcome.measures[n] for n in study.objectives],
        params=proposal.params,
        distributions=proposal.distributions,
        user_attrs={**outcome.measures, **reason},
        system_attrs=proposal.system_attrs,
        constraints=None if rejected else study.violations(outcome.measures),
    )


def _sampler(study: Study, number: int) -> BaseSampler:
    """The study's sampler, with random numbers of its own before each trial."""
    seed = int(np.random.SeedSequence([study.seed, number]).generate_state(1)[0])
    match study.sampler:
        case "nsga2":
            return NSGAIISampler(population_size=study.population, seed=seed)
        case "nsga3":
            return NSGAIIISampler(population_size=study.population, seed=seed)
        case "tpe":
            # Trials of a population are proposed without knowing of each other.
            return TPESampler(seed=seed, constant_liar=True)
        case "random" | "grid":
            return RandomSampler(seed=seed)


def _grid(study: Study) -> Iterator[Point]:
    """All points of the space, the last parameter changing fastest."""
    for values in product(*map(study.values, study.space)):
        yield dict(zip(study.space, values, strict=True))
