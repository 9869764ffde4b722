"""LeNet-5 on racetrack chips that err: what errors, codes and short shifts do."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import cimc
from cimc.backends.racetrack.chip import CHIPS
from cimc.backends.racetrack.isa import MapShiftOp, ShiftOp
from cimc.backends.racetrack.nonideality import NONIDEALITIES
from cimc.driver import Session
from cimc.target import Specimen, get_target
from tests.support.shipped import MODELS, images


def specimen(preset: str, factor: float = 1, seed: int = 0) -> Specimen:
    """A chip whose steps err more often than those of the preset."""
    values = NONIDEALITIES.load(preset).model_dump()
    for name in ("over_shift", "under_shift"):
        values[name]["value"] *= factor
    return Specimen(NONIDEALITIES.validated(values, preset), seed)


@pytest.fixture(scope="module")
def artifact_on(tmp_path_factory):
    """Compiles LeNet-5, once each, for mu-64 with other sizes."""

    @cache
    def compiled(**sizes):
        path: Path = tmp_path_factory.mktemp("chip") / "chip.yaml"
        path.write_text(CHIPS.load("mu-64").with_structure(**sizes).to_yaml())
        model = MODELS / "lenet5_int8.onnx"
        return cimc.compile(model, target="racetrack", chip=str(path), objective="area")

    return compiled


def runs(artifact, chip: Specimen | None = None, count: int = 2):
    session = Session(artifact, None, chip)
    return [
        session.simulate(feeds) for feeds in images(artifact, "lenet5", count).feeds
    ]


def wrong(found, expected) -> float:
    """The share of elements of feature maps that differ."""
    pairs = [
        (run.feature_maps[tensor], values)
        for run, ideal in zip(found, expected, strict=True)
        for tensor, values in ideal.feature_maps.items()
    ]
    sizes = sum(values.size for _, values in pairs)
    return sum(int((a != b).sum()) for a, b in pairs) / sizes


def test_nothing_errs_at_chance_0(artifact_on) -> None:
    artifact = artifact_on()
    ideal, found = runs(artifact), runs(artifact, specimen("none"))
    assert wrong(found, ideal) == 0
    for run, expected in zip(found, ideal, strict=True):
        for key in ("cycles", "layers", "endurance", "shifts"):
            assert run.metrics[key] == expected.metrics[key]


def test_a_specimen_repeats(artifact_on) -> None:
    artifact = artifact_on()
    chip = specimen("hifi", 10, seed=3)
    first = runs(artifact, chip)
    assert wrong(runs(artifact, chip), first) == 0
    assert wrong(runs(artifact, specimen("hifi", 10, seed=4)), first) > 0


def test_a_position_code_mends_what_errs(artifact_on) -> None:
    artifact = artifact_on()
    ideal = runs(artifact)
    without = runs(artifact, specimen("hifi", 10))
    coded = runs(artifact, specimen("hifi-pecc", 10))
    assert wrong(without, ideal) > 0.05
    assert wrong(coded, ideal) < 0.01 * wrong(without, ideal)
    for run, expected in zip(coded, ideal, strict=True):
        assert run.metrics["cycles"] > expected.metrics["cycles"]
        assert run.metrics["position_errors"]["corrected"] > 1000


def test_short_shifts_let_a_code_mend_more(artifact_on) -> None:
    sizes = {"port_update": "eager"}
    long, short = artifact_on(**sizes), artifact_on(**sizes, longest_shift=1)
    steps = [shift_lengths(artifact) for artifact in (long, short)]
    assert max(steps[0]) > 1 == max(steps[1])
    ideal = runs(long, count=1)
    assert wrong(runs(short, count=1), ideal) == 0
    chip = specimen("hifi-pecc", 30)
    found, mended = (runs(artifact, chip, count=1) for artifact in (long, short))
    assert wrong(found, ideal) > 0.01
    assert wrong(mended, ideal) < 0.01 * wrong(found, ideal)


def shift_lengths(artifact) -> set[int]:
    module = get_target("racetrack").decode(artifact.program)
    return {abs(op.by) for op in module.walk() if isinstance(op, ShiftOp | MapShiftOp)}
