"""``cimc robustness``, and studies with chips that are not ideal."""

import csv
from pathlib import Path

import pytest
import yaml

from tests.support.command_line import CommandLine
from tests.support.shipped import MODELS, compiled, samples_of


@pytest.fixture(scope="module")
def artifact(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("robustness") / "out"
    compiled("lenet5", "pelke-32").save(folder)
    return folder


def rates(cimc: CommandLine, artifact: Path, *options: str | Path) -> dict:
    images = ("--input", samples_of("lenet5"), "--images", "40", "--specimens", "3")
    result = cimc("robustness", artifact, *images, *options, "--json")
    assert result.code == 0, result.err
    return result.document


def test_ideal_devices_are_as_right_as_onnxruntime(
    artifact: Path, cimc: CommandLine
) -> None:
    found = rates(cimc, artifact, "--nonidealities", "none")
    assert found["mean"] == found["ideal"]
    assert found["interval"] == [found["ideal"], found["ideal"]]
    assert all(row["agreeing"] == row["images"] for row in found["specimens"])


def test_repair_regains_what_stuck_cells_lose(
    artifact: Path, cimc: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "stuck.yaml"
    cells = {"stuck_low": {"value": 0.02}, "stuck_high": {"value": 0.02}}
    described = {"extends": "stuck-1-percent", "name": "worse", "cells": cells}
    file.write_text(yaml.safe_dump(described))
    broken, repaired = (
        rates(cimc, artifact, "--nonidealities", file, "--repair", repair)
        for repair in ("none", "both")
    )
    assert broken["mean"] < broken["ideal"] - 0.1
    assert repaired["mean"] >= (repaired["ideal"] + broken["mean"]) / 2
    low, high = broken["interval"]
    assert low <= broken["mean"] <= high


@pytest.mark.parametrize(
    "options",
    [
        ("--nonidealities", "nosuch"),
        ("--nonidealities", "nosuch.yaml"),
        ("--nonidealities", "none", "--repair", "magic"),
    ],
)
def test_what_is_unknown_is_said(
    options: tuple[str, ...], artifact: Path, cimc: CommandLine
) -> None:
    result = cimc("robustness", artifact, *options)
    assert (result.code, "error[E027]" in result.err) == (2, True)


def test_studies_measure_specimens(cimc: CommandLine, tmp_path: Path) -> None:
    study = {
        "name": "noisy",
        "target": "rram",
        "chip": "pelke-64",
        "networks": {"lenet5": str(MODELS / "lenet5_int8.onnx")},
        "data": str(samples_of("lenet5")),
        "images": 32,
        "specimens": {"nonidealities": "hfox", "count": 2, "images": 8},
        "space": {"chip.adc_bits": [3, 10]},
        "objectives": ["nonideal_accuracy", "area_mm2"],
        "sampler": "grid",
        "trials": 2,
        "population": 2,
    }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    result = cimc("explore", "study.yaml", "-o", "out")
    assert result.code == 0, result.err
    with (tmp_path / "out" / "trials.csv").open() as file:
        rows = {row["chip.adc_bits"]: row for row in csv.DictReader(file)}
    coarse, fine = (
        {name: float(value) for name, value in rows[bits].items() if name in NUMBERS}
        for bits in ("3", "10")
    )
    assert coarse["accuracy"] == fine["accuracy"]
    assert coarse["nonideal_accuracy"] < fine["nonideal_accuracy"]
    assert coarse["area_mm2"] < fine["area_mm2"]


NUMBERS = ("accuracy", "nonideal_accuracy", "area_mm2")
