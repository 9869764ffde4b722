"""What each parameter does for a point, by putting it back."""

from types import SimpleNamespace

from cimc.exploration.evaluation import Outcome
from cimc.exploration.explanation import explain
from cimc.exploration.study import Study
from tests.unit.exploration.test_study import changed


def areas(evaluator, points):
    for point in points:
        yield Outcome({"area_mm2": point["chip.rows"] * point["chip.cores"]})


def test_one_parameter_at_a_time():
    study = SimpleNamespace(study=Study.model_validate(changed()))
    point = {"network": "a", "chip.rows": 24, "chip.cores": 3}
    found = explain(study, point, areas)
    assert found.own.measures["area_mm2"] == 72
    assert found.first.measures["area_mm2"] == 8
    assert [
        (c.parameter, c.value, c.instead, c.outcome.measures["area_mm2"])
        for c in found.changes
    ] == [("chip.rows", 24, 8, 24), ("chip.cores", 3, 1, 72 / 3)]
