"""The front and its hypervolume, against their definitions."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import TrialState, create_trial

from cimc.exploration.front import hypervolumes, pareto_front
from cimc.exploration.report import effects
from cimc.exploration.study import Study
from tests.unit.exploration.test_study import changed

STUDY = Study.model_validate(changed(objectives=["accuracy", "area_mm2"]))


def trials(values, violation=0.0):
    found = []
    for number, pair in enumerate(values):
        trial = create_trial(values=list(pair), constraints={"c": violation})
        trial.number = number
        found.append(trial)
    return found


pairs = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12)


@given(pairs)
def test_nothing_is_better_than_the_front(values):
    front = {trial.number for trial in pareto_front(STUDY, trials(values))}
    for number, (accuracy, area) in enumerate(values):
        better = [
            other
            for other, (a, b) in enumerate(values)
            if a >= accuracy and b <= area and (a, b) != (accuracy, area)
        ]
        same = values.index((accuracy, area)) < number
        assert (number in front) == (not better and not same)


@given(pairs.filter(bool), pairs.filter(bool))
def test_hypervolume_is_the_area_that_is_dominated(first, second):
    found = hypervolumes(STUDY, [trials(first), trials(second)])
    everything = np.array([(-a, b) for a, b in first + second], float)
    best, worst = everything.min(axis=0), everything.max(axis=0)
    span = np.where(worst > best, worst - best, 1)
    # A fine grid of points over the box, each dominated or not.
    axis = (np.arange(220) + 0.5) / 200
    for values, volume in zip((first, second), found, strict=True):
        dominated = np.zeros((220, 220), bool)
        for a, b in values:
            x, y = (np.array([-a, b]) - best) / span
            dominated |= (axis[:, None] >= x) & (axis[None, :] >= y)
        assert abs(dominated.mean() - volume) < 0.02


def test_what_is_out_of_bounds_is_not_on_the_front():
    failed = create_trial(state=TrialState.FAIL)
    assert pareto_front(STUDY, [*trials([(1, 1)], violation=0.1), failed]) == []
    assert hypervolumes(STUDY, [[failed]]) == [0.0]


def test_effects_are_parts_of_the_variance():
    study = STUDY.model_copy(update={"space": {"chip.rows": [1, 2], "chip.cores": [1]}})
    found = []
    for number, rows in enumerate([1, 1, 2, 2]):
        trial = create_trial(values=[float(rows), float(number % 2)])
        trial.params = {"chip.rows": rows, "chip.cores": 1}
        found.append(trial)
    assert effects(study, found) == {
        "accuracy": {"chip.rows": 1.0, "chip.cores": 0.0},
        "area_mm2": {"chip.rows": 0.0, "chip.cores": 0.0},
    }
