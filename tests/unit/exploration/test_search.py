"""Searches are the same however often they are cut short."""

from itertools import islice

import pytest

from cimc.diagnostics import InputError
from cimc.exploration.evaluation import Outcome
from cimc.exploration.search import Search
from cimc.exploration.study import Study
from tests.unit.exploration.test_study import changed

SAMPLERS = ["nsga2", "nsga3", "tpe", "random", "grid"]


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch) -> None:
    """The files that the studies name; nothing looks into them here."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.onnx", "b.onnx", "images.npz"):
        (tmp_path / name).write_bytes(name.encode())


def made_up(evaluator, points):
    """Some outcomes with a trade-off, and points that are rejected."""
    for point in points:
        rows, cores = point["chip.rows"], point["chip.cores"]
        if rows * cores > 1000:
            yield Outcome({}, "too large")
            continue
        accuracy = 0.4 + 0.1 * (point["network"] == "a") + rows / 100
        yield Outcome(
            {
                "accuracy": accuracy,
                "latency_us": 1.0,
                "energy_uj": 1.0,
                "area_mm2": rows * cores / 400,
                "memory_kb": 1.0,
            }
        )


def described(sampler: str, **changes) -> Study:
    found = {"sampler": sampler, "trials": 50, "population": 8, "seed": 3}
    return Study.model_validate(changed(**{**found, **changes}))


def results(search: Search) -> list:
    return [(t.number, t.state, t.params, t.values) for t in search.trials]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_search_that_is_cut_short_goes_on_as_the_same(sampler, tmp_path):
    study = described(sampler)
    whole = Search(study, tmp_path / "whole")
    list(whole.run(made_up))
    for steps in (3, 8, 1, 12, 100):
        parts = Search(study, tmp_path / "parts")
        list(islice(parts.run(made_up), steps))

    assert results(parts) == results(whole)
    assert len(parts.trials) == 50


def test_a_grid_ends_with_its_last_point(tmp_path):
    space = {
        "network": ["a", "b"],
        "chip.rows": {"first": 8, "last": 24, "step": 8},
        "chip.cores": [2],
    }
    search = Search(described("grid", space=space), tmp_path)
    found = list(search.run(made_up))
    points = [tuple(trial.params.values()) for trial in found]
    assert len(points) == len(set(points)) == 6


@pytest.mark.parametrize("sampler", ["nsga2", "nsga3"])
def test_a_search_learns(sampler, tmp_path):
    """The second half of the trials breaks fewer bounds than the first one."""
    search = Search(described(sampler), tmp_path)
    bad = [
        trial.values is None or any(v > 0 for v in trial.constraints.values())
        for trial in search.run(made_up)
    ]
    assert sum(bad[25:]) < sum(bad[:25])


def test_trials_of_another_study_are_refused(tmp_path):
    Search(described("random"), tmp_path)
    with pytest.raises(InputError, match="E153"):
        Search(described("tpe"), tmp_path)


def test_more_trials_go_on_with_the_same_ones(tmp_path):
    few = Search(described("nsga2").model_copy(update={"trials": 12}), tmp_path / "a")
    list(few.run(made_up))
    before = results(few)
    more = Search(described("nsga2"), tmp_path / "a")
    list(more.run(made_up))
    assert results(more)[:12] == before
    assert len(more.trials) == 50


def test_a_storage_that_is_none(tmp_path):
    with pytest.raises(InputError, match="E154"):
        Search(described("random"), tmp_path, "nosuch://storage")


def test_a_trial_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="E155"):
        Search(described("random"), tmp_path).point(0)


def test_restricted_searches_lie_beside_the_joint_one(tmp_path):
    study = described("random", trials=4)
    hardware = study.restricted("hardware")
    for part in (study, hardware, study.restricted("model")):
        list(Search(part, tmp_path).run(made_up))
    found = Search(hardware, tmp_path).trials
    assert len(found) == 4
    assert {trial.params["network"] for trial in found} == {"a"}
