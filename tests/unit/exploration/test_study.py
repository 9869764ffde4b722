"""Studies say what is wrong with them."""

import pytest
import yaml

from cimc.diagnostics import InputError
from cimc.exploration.study import Study, load_study

STUDY = {
    "name": "small",
    "target": "rram",
    "chip": "rram-small",
    "networks": {"a": "a.onnx", "b": "b.onnx"},
    "data": "images.npz",
    "space": {
        "network": ["a", "b"],
        "chip.rows": {"first": 8, "last": 24, "step": 8},
        "chip.cores": {"first": 1, "last": 64, "log": True},
    },
    "objectives": ["accuracy", "area_mm2"],
    "constraints": {"accuracy": {"least": 0.5}, "area_mm2": {"most": 2}},
}


def changed(**changes) -> dict:
    return {**STUDY, **changes}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"objectives": []}, "objectives: "),
        ({"objectives": ["speed"]}, "objectives.0: "),
        ({"objectives": ["accuracy", "accuracy"]}, "one is given twice"),
        ({"trails": 5}, "did you mean trials?"),
        ({"space": {"netwrok": ["a"]}}, "space.netwrok: one of network, weights"),
        ({"space": {"network": ["c"]}}, "'c' is none of a, b"),
        ({"space": {"chip.rows": {"first": 3, "last": 2}}}, "last is below first"),
        (
            {"space": {"chip.rows": {"first": 0, "last": 2, "log": True}}},
            "with log, first is at least 1",
        ),
        ({"constraints": {"accuracy": {}}}, "give least, most or both"),
        ({"name": "a/b"}, "name: "),
        ({"name": ".."}, "name: "),
        ({"constraints": {"accuracy": {"least": float("nan")}}}, "accuracy.least: "),
        ({"space": {"weights": ["int3"]}}, "'int3' is none of int8, int4"),
        ({"space": {"objective": ["speed"]}}, "'speed' is none of latency, "),
        ({"space": {"weights": {"first": 4, "last": 8}}}, "some of int8, int4"),
        ({"space": {"chip.rows": {"first": 1, "last": 10**24}}}, "less than or equal"),
        ({"space": {"chip.rows": [True]}}, "space.chip.rows"),
    ],
)
def test_what_is_wrong_is_said(changes, text, tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(changed(**changes)))
    with pytest.raises(InputError) as error:
        load_study(path)
    assert error.value.diagnostic.code == "E151"
    assert text in str(error.value)


def test_paths_are_those_of_the_study(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(STUDY))
    study = load_study(path)
    assert study.networks["a"] == tmp_path / "a.onnx"
    assert study.data == tmp_path / "images.npz"


def test_a_restricted_study_keeps_the_first_values():
    study = Study.model_validate(STUDY)
    hardware, model = study.restricted("hardware"), study.restricted("model")
    assert list(hardware.values("network")) == ["a"]
    assert list(hardware.values("chip.rows")) == [8, 16, 24]
    assert list(model.values("network")) == ["a", "b"]
    assert list(model.values("chip.cores")) == [1]


def test_violations_are_parts_of_the_bounds():
    study = Study.model_validate(STUDY)
    assert study.violations({"accuracy": 0.25, "area_mm2": 1.0}) == {
        "accuracy.least": 0.5,
        "area_mm2.most": -0.5,
    }
