"""``cimc check``: what every operator needs, and the smallest chip that holds all."""

from __future__ import annotations

import pytest

from cimc.diagnostics import CimcWarning
from cimc.driver import check_model
from cimc.target import get_target
from tests.support.shipped import MODELS
from tests.unit.frontend.test_unquantised import Builder, between

MODEL = MODELS / "lenet5_int8.onnx"
ARRAYS = {"rram": "crossbars", "racetrack": "weight_arrays"}


@pytest.mark.parametrize("target", ARRAYS)
def test_the_arrays_of_all_layers_are_those_of_the_network(target: str) -> None:
    report = check_model(MODEL, target=target)

    used = report.demand[ARRAYS[target]]["used"]
    assert sum(report.arrays.values()) == used
    assert sum(row["arrays"] for row in report.as_json()["operators"]) == used


def test_bytes_of_constants_and_results() -> None:
    rows = {row.node: row for row in check_model(MODEL).rows}

    assert rows["/fc3/Gemm"].constant_bytes == 84 * 10 + 4 * 10
    assert rows["/fc3/Gemm"].map_bytes == 10
    assert rows["/pool2/MaxPool"].constant_bytes == 0
    assert rows["/pool2/MaxPool"].map_bytes == 16 * 5 * 5


def test_warnings_come_once() -> None:
    b = Builder()
    with pytest.warns(CimcWarning) as found:
        check_model(b.model(between(b)))
    assert sum("W112" in str(warning.message) for warning in found) == 1


@pytest.mark.parametrize("target", ARRAYS)
def test_the_first_preset_is_the_smallest_that_fits(target: str) -> None:
    found, backend = check_model(MODEL, target=target), get_target(target)

    sizes = [backend.load_chip(name).weights for name in found.fitting_chips]
    assert sizes == sorted(sizes)
    assert len(sizes) > 1


def test_the_table_shows_them(cimc) -> None:
    result = cimc("check", str(MODEL))

    assert "smallest preset that holds it: pelke-32, and pelke-64" in result.err
    for title in ("MACs", "crossbars", "weights", "results"):
        assert title in result.err
