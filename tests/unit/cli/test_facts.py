"""Metrics as a person reads them, whatever the target counts."""

from __future__ import annotations

import pytest

from cimc.cli import facts
from cimc.cli.console import show_metrics

HEAD = {"model": "net", "target": "mirror", "chip": "mu-64"}


def test_resources_are_what_has_the_form_of_one() -> None:
    metrics = {
        "arrays": {"used": 12, "available": 4096},
        "macro_units": {"used": 0, "available": 1},
        "other": {"used": 1, "available": 2, "spare": 1},
        "half": {"used": 1},
        "cycles": 7,
        "layers": [{"used": 1, "available": 2}],
    }

    assert facts.resources(metrics) == {
        "arrays": "12 of 4 096",
        "macro units": "0 of 1",
    }


@pytest.mark.parametrize(
    ("shifts", "text"),
    [
        ({"total": 5100, "bound": 5000}, "5 100 (bound 5 000, x1.02)"),
        ({"total": 3, "bound": 0}, "3 (bound 0)"),
        ({"total": 3}, None),
    ],
)
def test_shifts(shifts: dict[str, int], text: str | None) -> None:
    assert facts.shifts({"shifts": shifts}) == text


@pytest.mark.parametrize(
    ("metrics", "text"),
    [
        (
            {"bound": {"cycles": 5000, "what": "bus"}, "cycles": 5100},
            "5 000 cycles, bus; x1.020",
        ),
        ({"bound": {"cycles": 0, "what": "bus"}, "cycles": 5100}, "0 cycles, bus"),
        ({"bound": {"cycles": 5000, "what": "bus"}}, "5 000 cycles, bus"),
        ({"cycles": 5100}, None),
    ],
)
def test_bound(metrics: dict[str, object], text: str | None) -> None:
    assert facts.bound(metrics) == text


def test_nothing_is_said_of_what_is_not_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_metrics(HEAD)

    assert capsys.readouterr().err == "net on mirror, chip mu-64\n"


def test_a_run_says_where_its_images_come_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    compared = {"equal": True, "elements": 1000, "images": 1, "mismatches": 0}
    simulator = {"images": 1, "source": "random numbers"}
    show_metrics({**HEAD, "simulator": simulator, "verified": compared})

    assert capsys.readouterr().err.splitlines()[1:] == [
        "images: 1 from random numbers",
        "equal to onnxruntime: yes (1 000 elements of 1 image compared)",
    ]


def test_everything_that_a_target_measures(capsys: pytest.CaptureFixture[str]) -> None:
    show_metrics(
        {
            **HEAD,
            "instructions": {"static": 10},
            "banks": {"used": 2, "available": 64},
            "cycles": 1500,
            "time_ns": 3000.0,
            "energy_pj": {"total": 2.5},
            "shifts": {"total": 5100, "bound": 5000},
            "area_mm2": {"total": 1.2345, "arrays": 1.0},
            "memory_bytes": {"weights": 61_700, "maps_and_sums": 12},
        }
    )

    assert capsys.readouterr().err.splitlines()[1:] == [
        "banks: 2 of 64",
        "memory for weights: 61.7 kB",
        "memory for maps and sums: 12 B",
        "instructions: 10",
        "cycles: 1 500 per image (3 us)",
        "shifts: 5 100 (bound 5 000, x1.02)",
        "energy: 2.5 pJ per image",
        "area: 1.23 mm2",
    ]
