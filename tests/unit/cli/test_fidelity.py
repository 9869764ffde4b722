"""``cimc run --fidelity``: which of a target's simulators runs a program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.support.command_line import CommandLine
from tests.support.qdq import QdqBuilder
from tests.unit.cli.test_bad_models import refused

RUN = ("run", "out", "--input", "image.npz")


def _compile(cimc: CommandLine, folder: Path, target: str) -> None:
    builder = QdqBuilder(np.uint8)
    x = builder.input([1, 2, 3, 3], 0.02, 3)
    weights = np.arange(-36, 36).reshape(4, 2, 3, 3).astype(np.int8)
    y = builder.dense("Conv", x, weights, np.full(4, 0.01), None, 0.1, 7)
    onnx.save(builder.model(y), folder / "tiny.onnx")
    image = np.arange(18, dtype=np.uint8).reshape(1, 2, 3, 3)
    np.savez(folder / "image.npz", **{x: image})
    assert cimc("compile", "tiny.onnx", "-o", "out", "--target", target).code == 0


def test_both_simulators_of_racetrack(cimc: CommandLine, tmp_path: Path) -> None:
    _compile(cimc, tmp_path, "racetrack")
    runs = [
        cimc(*RUN, "--verify", "--json", "--fidelity", name).document
        for name in ("lane", "domain")
    ]
    for run in runs:
        assert run["verified"]["equal"]
    lane, domain = runs
    assert lane["energy_pj"] == pytest.approx(domain["energy_pj"])
    for key in ("cycles", "instructions", "shifts"):
        assert lane[key] == domain[key]


def test_what_there_is_not(cimc: CommandLine, tmp_path: Path) -> None:
    _compile(cimc, tmp_path, "racetrack")
    message = refused(cimc, *RUN, "--fidelity", "atom").err
    assert "error[E006]: --fidelity: " in message
    assert "one of: lane, domain" in message
    arguments = ("--fidelity", "domain", "--trace", "t.json")
    assert "error[E006]: --trace: " in refused(cimc, *RUN, *arguments).err
    _compile(cimc, tmp_path, "rram")
    assert "leave it out" in refused(cimc, *RUN, "--fidelity", "lane").err
