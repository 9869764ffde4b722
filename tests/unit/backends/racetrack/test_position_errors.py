"""How often tracks err and are corrected, against closed forms."""

import numpy as np
import pytest

from cimc.backends.racetrack.isa import LoopOp
from cimc.backends.racetrack.nonideality import NONIDEALITIES
from cimc.target import Specimen
from tests.unit.backends.racetrack.racetrack_programs import (
    bank,
    row,
    shift,
    simulator,
    small_chip,
)

#: As close to always as a chance may be.
ALWAYS = 1 - 1e-12

#: One array with words of 2048 bytes.
TRACKS = 8 * 2048
WIDE = row("x", 0, 2048, "input")
IMAGE = np.zeros((1, 8, 2048), np.uint8)

CODE = {
    "detects": 2,
    "corrects": 1,
    "retries": 2,
    "check_cycles": {"value": 3, "unit": "cycles"},
    "check_energy": {"value": 0.5, "unit": "pJ"},
    "correct_cycles": {"value": 5, "unit": "cycles"},
    "correct_energy": {"value": 0.25, "unit": "pJ"},
    "extra_domains": {"value": 4, "unit": "domains per track"},
    "extra_ports": {"value": 0, "unit": "ports per track"},
}


def erring(code=None, **chances):
    """Non-idealities with these numbers, and no others."""
    values = NONIDEALITIES.load("none").model_dump()
    for name, value in chances.items():
        values[name] |= {"value": value}
    if code is not None:
        given = {"status": "assumed", "source": "a test"}
        values["position_code"] = {
            key: {**value, **given} if isinstance(value, dict) else value
            for key, value in code.items()
        }
    return NONIDEALITIES.validated(values, "test")


def run(main, nonidealities=None, seed=0, chip=None):
    specimen = nonidealities and Specimen(nonidealities, seed)
    chip = chip or small_chip(buffer_macro_units=1 << 12)
    main = [op.clone() for op in main]
    made = simulator(bank(0, main), chip=chip, maps=WIDE, specimen=specimen)
    return made.run({"x": IMAGE}).metrics


def there_and_back(steps, times):
    return [LoopOp([shift(steps), shift(-steps)], count=times)]


def distribution(steps, over, under, growth):
    """Chance of each displacement after shifts of so many steps (the middle is 0)."""
    chances = np.ones(1)
    for by in steps:
        for step in range(abs(by)):
            factor = 1 + growth * step
            further, behind = over * factor, under * factor
            one = np.array([behind, 1 - further - behind, further])
            chances = np.convolve(chances, one if by > 0 else one[::-1])
    return chances


@pytest.mark.parametrize("growth", [0, 0.5])
@pytest.mark.parametrize(("steps", "times"), [(1, 1), (1, 10), (3, 3)])
def test_rate_of_displaced_tracks(steps, times, growth):
    over, under = 0.02, 0.005
    nonidealities = erring(over_shift=over, under_shift=under, growth=growth)
    chances = distribution([steps, -steps] * times, over, under, growth)
    displaced = 1 - chances[len(chances) // 2]

    found = run(there_and_back(steps, times), nonidealities)["position_errors"]

    sigma = np.sqrt(TRACKS * displaced * (1 - displaced))
    assert abs(found["displaced_tracks"] - TRACKS * displaced) < 3 * sigma
    # Every step is a trial.
    rate = sum(1 + growth * step for step in range(steps)) * 2 * times * TRACKS
    for name, chance in (("over_shifts", over), ("under_shifts", under)):
        assert abs(found[name] - rate * chance) < 3 * np.sqrt(rate * chance)
    assert found["shifted_tracks"] == TRACKS
    assert found["detected"] == found["corrected"] == found["missed"] == 0


def test_rate_of_pinned_tracks():
    # Pinned once: displaced by 3 steps. Pinned there and back: where it was.
    chance = 0.1
    found = run(there_and_back(3, 1), erring(pinning=chance))["position_errors"]
    displaced = 2 * chance * (1 - chance)
    for name, mean in (("pinned", 2 * chance), ("displaced_tracks", displaced)):
        assert abs(found[name] - TRACKS * mean) < 3 * np.sqrt(TRACKS * mean)


def test_rare_errors_are_spread_over_shifts_and_tracks():
    chance = 1e-5
    metrics = run(there_and_back(1, 1000), erring(over_shift=chance))
    mean = chance * 2000 * TRACKS
    found = metrics["position_errors"]["over_shifts"]
    assert abs(found - mean) < 3 * np.sqrt(mean)


def test_seeds_and_runs_differ_and_repeat():
    nonidealities = erring(over_shift=0.01)

    def errors(seed):
        made = simulator(
            bank(0, there_and_back(1, 1)),
            chip=small_chip(buffer_macro_units=1 << 12),
            maps=WIDE,
            specimen=Specimen(nonidealities, seed),
        )
        runs = [made.run({"x": IMAGE}).metrics for _ in range(2)]
        return [found["position_errors"]["over_shifts"] for found in runs]

    assert errors(1) == errors(1)
    assert len({*errors(1), *errors(2)}) > 2


def test_nothing_that_errs_costs_nothing():
    main = there_and_back(3, 4)
    ideal, found = run(main), run(main, NONIDEALITIES.load("none"))
    for key in ("cycles", "endurance", "busy", "shifts"):
        assert found[key] == ideal[key]
    assert found["energy_pj"]["total"] == ideal["energy_pj"]["total"]
    assert "position_errors" not in ideal


def test_checks_take_time_and_energy():
    main = there_and_back(3, 4)
    ideal, found = run(main), run(main, erring(CODE))
    assert found["cycles"] == ideal["cycles"] + 8 * 3
    code = found["energy_pj"]["position_code"]
    assert code == pytest.approx(8 * TRACKS * 0.5)
    longer = (found["cycles"] - ideal["cycles"]) * _leakage(ideal)
    total = ideal["energy_pj"]["total"] + code + longer
    assert found["energy_pj"]["total"] == pytest.approx(total)


def _leakage(metrics):
    return metrics["energy_pj"]["leakage"] / metrics["cycles"]


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_retries_that_fail_take_time_and_energy(retries):
    # Every step goes too far, those that correct as well: +1, -1, +1, ...
    nonidealities = erring({**CODE, "retries": retries}, over_shift=ALWAYS)
    ideal, found = (run([shift(1), shift(-1)], each) for each in (None, nonidealities))
    rounds = retries + 1
    assert found["cycles"] == ideal["cycles"] + 2 * 3 + rounds * (5 + 3)
    assert found["energy_pj"]["position_code"] == pytest.approx(
        (2 + rounds) * TRACKS * 0.5 + rounds * TRACKS * 0.25
    )
    # The way back ends at 0, or at -2, which is seen but not corrected.
    errors, off = found["position_errors"], TRACKS * (rounds % 2)
    assert errors["detected"] == TRACKS * rounds + off
    assert errors["displaced_tracks"] == off
    assert errors["corrected"] == errors["missed"] == 0


def test_single_errors_are_corrected():
    # Two errors of one track between two checks, or a wrong correction, are left.
    nonidealities = erring(CODE, over_shift=0.001)
    errors = run(there_and_back(1, 20), nonidealities)["position_errors"]
    assert errors["over_shifts"] > 500
    assert errors["corrected"] >= 0.99 * errors["over_shifts"]
    assert errors["displaced_tracks"] == 0


def test_errors_beyond_the_code_are_missed():
    code = {**CODE, "detects": 1, "corrects": 1}
    errors = run([shift(2), shift(-2)], erring(code, pinning=0.1))["position_errors"]
    assert errors["missed"] > 0
    assert errors["detected"] == errors["corrected"] == 0


def test_short_shifts_are_corrected_more_often():
    nonidealities = erring(CODE, over_shift=0.01)
    single = [LoopOp([shift(1)], count=3), LoopOp([shift(-1)], count=3)]
    long = run(there_and_back(3, 1), nonidealities)["position_errors"]
    short = run(single, nonidealities)["position_errors"]
    assert long["displaced_tracks"] > 0.0003 * TRACKS
    assert short["displaced_tracks"] < 0.2 * long["displaced_tracks"]


def test_the_code_takes_area():
    area = run([shift(1), shift(-1)], erring(CODE))["area_mm2"]["position_code"]
    # 8 domains, 3 of overhead and 4 of the code take more than the two ports alone,
    # which are larger than the domains without the code.
    with_code, without = (8 + 3 + 4) * 0.002, 2 * 0.012
    assert area["macro_unit_um2"] == pytest.approx(32 * (with_code - without))
    assert area["share"] == pytest.approx(with_code / without - 1)
