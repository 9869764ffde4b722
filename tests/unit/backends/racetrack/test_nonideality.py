"""Descriptions of non-idealities: provenance, and what is refused."""

import pytest
import yaml

from cimc.backends.racetrack.nonideality import NONIDEALITIES, RacetrackNonidealities
from cimc.diagnostics import InputError
from cimc.target import get_target


@pytest.mark.parametrize("name", NONIDEALITIES.names())
def test_presets_carry_provenance_and_survive_yaml(name):
    found = get_target("racetrack").nonidealities(name)
    assert found.name == name
    values = yaml.safe_load(found.to_yaml())
    assert RacetrackNonidealities.model_validate(values) == found
    code = values["position_code"] or {}
    for quantity in [*values.values(), *code.values()]:
        if isinstance(quantity, dict) and quantity is not code:
            assert quantity["status"] in ("recalled", "assumed")
            assert quantity["source"]


def test_recalled_rates_of_shifts_are_met():
    found = NONIDEALITIES.load("hifi")
    first = found.over_shift.value + found.under_shift.value
    recalled = [4.55e-5, 9.95e-5, 2.07e-4, 3.76e-4, 5.94e-4, 8.43e-4, 1.10e-3]
    for steps, rate in enumerate(recalled, 1):
        further = found.growth.value * steps * (steps - 1) / 2
        assert first * (steps + further) == pytest.approx(rate, rel=0.28)


def test_a_code_must_see_what_it_corrects():
    values = NONIDEALITIES.load("hifi-pecc").model_dump()
    values["position_code"]["corrects"] = 3
    with pytest.raises(InputError) as caught:
        NONIDEALITIES.validated(values, "here")
    assert caught.value.diagnostic.code == "E027"
    assert "position_code: corrects: 3 is more than the 2" in str(
        caught.value.diagnostic
    )


def test_a_step_errs_once():
    values = NONIDEALITIES.load("none").model_dump()
    for name in ("over_shift", "under_shift"):
        values[name]["value"] = 0.5
    with pytest.raises(InputError, match="unfit"):
        NONIDEALITIES.validated(values, "here")
