"""``cimc explore`` from the command line, on one process and on several."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml
from distributed import LocalCluster

from cimc.driver import load, load_images
from cimc.exploration.accuracy import classify, outputs_of
from cimc.frontend import import_model
from tests.support.command_line import CommandLine
from tests.support.precise import precise_session
from tests.support.shipped import MODELS

STUDY = {
    "name": "small",
    "target": "racetrack",
    "chip": "mu-64",
    "networks": {"lenet5": str(MODELS / "lenet5.onnx")},
    "data": str(MODELS / "mnist_test.npz"),
    "calibration": str(MODELS / "mnist_calib.npz"),
    "images": 64,
    "space": {
        "weights": ["int8", "int4"],
        "chip.weight_bits": [8, 4],
        "chip.lanes": [32, 64],
        "chip.domains": [32, 64],
    },
    "objectives": ["accuracy", "latency_us", "area_mm2"],
    "constraints": {"accuracy": {"least": 0.5}, "latency_us": {"most": 100000}},
    "trials": 4,
    "population": 2,
}


def written(folder: Path, **changes) -> Path:
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump({**STUDY, **changes}))
    return path


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "trials.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    study = written(folder)
    command = [sys.executable, "-m", "cimc", "explore", study, "-o", folder / "out"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "out"


def test_results(undisturbed: Path) -> None:
    found = rows(undisturbed)
    assert [row["trial"] for row in found] == [str(n) for n in range(4)]
    for row in found:
        # Weights of 8 bits are not for arrays of 4; every other point has a program.
        fits = (row["weights"], row["chip.weight_bits"]) != ("int8", "4")
        assert bool(row["rejected"]) != fits
        assert bool(row["accuracy"]) == fits
    front = json.loads((undisturbed / "front.json").read_text())["front"]
    assert {str(row["trial"]) for row in front} == {
        row["trial"] for row in found if row["front"] == "1"
    }
    assert "plotly" in (undisturbed / "front.html").read_text()


def test_a_cluster_finds_the_same(
    undisturbed: Path, tmp_path: Path, cimc: CommandLine
) -> None:
    options = ("-o", "out", "--workers", 2, "--restricted", "--json")
    result = cimc("explore", written(tmp_path), *options)
    assert result.code == 0, result.err
    volumes = json.loads(result.out)["hypervolume"]
    assert list(volumes) == ["joint", "hardware only", "model only"]
    assert rows(tmp_path / "out") == rows(undisturbed)


def test_a_worker_that_is_lost_loses_nothing(
    undisturbed: Path, tmp_path: Path, cimc: CommandLine
) -> None:
    begun = tmp_path / "out" / "cache" / "network"

    def kill(pid: int) -> None:
        while not begun.exists():
            time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)

    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as local:
        pid, _ = (nanny.pid for nanny in local.workers.values())
        killer = threading.Thread(target=kill, args=(pid,), daemon=True)
        killer.start()
        address = local.scheduler_address
        result = cimc("explore", written(tmp_path), "-o", "out", "--scheduler", address)
        killer.join(timeout=60)
    assert result.code == 0, result.err
    assert not killer.is_alive()
    assert rows(tmp_path / "out") == rows(undisturbed)


def test_a_study_that_was_moved_goes_on(
    undisturbed: Path, tmp_path: Path, cimc: CommandLine
) -> None:
    shutil.copytree(undisturbed, tmp_path / "out")
    for name in ("lenet5.onnx", "mnist_test.npz", "mnist_calib.npz"):
        shutil.copy(MODELS / name, tmp_path)
    moved = {
        "networks": {"lenet5": "lenet5.onnx"},
        "data": "mnist_test.npz",
        "calibration": "mnist_calib.npz",
    }
    result = cimc("explore", written(tmp_path, **moved), "-o", "out")
    assert result.code == 0, result.err
    other = cimc("explore", written(tmp_path, **moved, images=32), "-o", "out")
    assert "error[E153]" in other.err


def test_killed_and_taken_up_again(undisturbed: Path, tmp_path: Path) -> None:
    study = written(tmp_path)
    command = [sys.executable, "-m", "cimc", "explore", study, "-o", tmp_path / "out"]
    for seconds in (3, 5):
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    subprocess.run(command, check=True, capture_output=True)
    assert rows(tmp_path / "out") == rows(undisturbed)


def test_a_trial_is_made_again(
    undisturbed: Path, tmp_path: Path, cimc: CommandLine
) -> None:
    study = written(tmp_path)
    number = next(row["trial"] for row in rows(undisturbed) if row["front"] == "1")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        database = (undisturbed / "trials.db").read_bytes()
        (tmp_path / name / "trials.db").write_bytes(database)
        result = cimc("explore", study, "-o", name, "--reproduce", number)
        assert result.code == 0, result.err
    first, second = (tmp_path / n / f"trial-{number}" for n in ("a", "b"))
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name
    row = rows(undisturbed)[int(number)]
    assert load(first).metrics["time_ns"] / 1e3 == float(row["latency_us"])
    assert cimc("explore", study, "-o", "a", "--reproduce", 4).code == 2


def test_what_parameters_do_for_a_trial(
    undisturbed: Path, tmp_path: Path, cimc: CommandLine
) -> None:
    shutil.copytree(undisturbed, tmp_path / "out")
    study = written(tmp_path)
    found = rows(undisturbed)
    number = next(row["trial"] for row in found if row["front"] == "1")
    result = cimc("explore", study, "-o", "out", "--explain", number, "--json")
    assert result.code == 0, result.err
    document, own = json.loads(result.out), found[int(number)]
    assert str(document["own"]["measures"]["latency_us"]) == own["latency_us"]
    changed = {change["parameter"]: change for change in document["changes"]}
    assert changed.keys() == {
        name for name, (first, *_) in STUDY["space"].items() if own[name] != str(first)
    }
    for name, change in changed.items():
        assert str(change["value"]) == own[name]
        assert change["instead"] == STUDY["space"][name][0]
        assert bool(change["outcome"]["rejected"]) != (
            "accuracy" in change["outcome"]["measures"]
        )
    assert f"trial {number}" in result.err


def test_workers_with_other_versions_are_refused(
    tmp_path: Path, cimc: CommandLine, monkeypatch
) -> None:
    monkeypatch.setattr("cimc.exploration.store.__version__", "0.0")
    result = cimc("explore", written(tmp_path), "-o", "out", "--workers", 1)
    assert result.code == 2
    assert "error[E156]" in result.err
    assert "here is cimc 0.0" in result.err


@pytest.mark.parametrize(
    ("changes", "options", "code"),
    [
        ({"data": str(MODELS / "nosuch.npz")}, (), "E011"),
        ({"images": 1000}, (), "E152"),
        ({"target": "nosuch"}, (), "E001"),
        ({"chip": "nosuch"}, (), "E021"),
        ({"space": {"chip.lane": [1]}}, (), "E151"),
        ({"networks": {"lenet5": "nosuch.onnx"}}, (), "E101"),
        ({"networks": {"lenet5": "study.yaml"}}, (), "E102"),
        ({"calibration": "nosuch.npz"}, (), "E054"),
        ({}, ("--explain", 0), "E155"),
        ({}, ("--scheduler", "tcp://127.0.0.1:9"), "E156"),
        ({}, ("--scheduler", "tcp://127.0.0.1:9", "--workers", 1), "E004"),
        ({"objectives": ["beauty"]}, (), "E151"),
        ({"objectives": ["nonideal_accuracy"]}, (), "E151"),
        ({"specimens": {"nonidealities": "none"}}, (), "E151"),
    ],
)
def test_what_is_wrong_is_said(
    changes, options, code, tmp_path: Path, cimc: CommandLine
) -> None:
    result = cimc("explore", written(tmp_path, **changes), "-o", "out", *options)
    assert result.code == 2
    assert f"error[{code}]" in result.err, result.err
    if code not in ("E155", "E156"):  # are known later
        assert not (tmp_path / "out").exists()


def test_a_chip_beside_the_study_counts_with_what_it_says(
    tmp_path: Path, cimc: CommandLine, monkeypatch
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    chip = folder / "own.yaml"
    chip.write_text("extends: mu-64\nname: own\nstructure: {banks: 8}\n")
    space = {"chip.lanes": [32], "chip.domains": [32]}
    study = written(folder, chip="own.yaml", trials=2, space=space)
    result = cimc("explore", study, "-o", "out")
    assert result.code == 0, result.err
    chip.write_text("extends: mu-64\nname: own\nstructure: {banks: 4}\n")
    assert "error[E153]" in cimc("explore", study, "-o", "out").err


def test_networks_may_name_their_inputs_differently(
    tmp_path: Path, cimc: CommandLine
) -> None:
    model = onnx.load(MODELS / "lenet5.onnx")
    model.graph.input[0].name = "digit"
    for node in model.graph.node:
        node.input[:] = ["digit" if name == "image" else name for name in node.input]
    onnx.save(model, tmp_path / "other.onnx")
    data = {}
    for kind in ("test", "calib"):
        with np.load(MODELS / f"mnist_{kind}.npz") as arrays:
            both = {**arrays, "digit": arrays["image"]}
        data[kind] = tmp_path / f"{kind}.npz"
        np.savez(data[kind], **both)
    networks = {"lenet5": str(MODELS / "lenet5.onnx"), "other": "other.onnx"}
    study = written(
        tmp_path,
        networks=networks,
        data=str(data["test"]),
        calibration=str(data["calib"]),
        space={"network": ["lenet5", "other"]},
        sampler="grid",
    )
    result = cimc("explore", study, "-o", "out")
    assert result.code == 0, result.err
    first, second = rows(tmp_path / "out")
    assert first["accuracy"] == second["accuracy"]


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path, cimc: CommandLine) -> None:
    study = written(tmp_path)
    result = cimc("explore", study, "-o", study)
    assert result.code == 2
    assert "error[E154]" in result.err


@pytest.mark.parametrize(
    ("network", "data"), [("lenet5", "mnist"), ("resnet8", "cifar10")]
)
def test_accuracy_is_that_of_onnxruntime(network: str, data: str) -> None:
    path = MODELS / f"{network}_int8.onnx"
    session = precise_session(path)
    images = load_images(onnx.load(path), MODELS / f"{data}_test.npz")
    expected = [session.run(None, feeds)[0] for feeds in images.feeds]
    guesses = np.array([output.argmax() for output in expected])

    found = list(outputs_of(import_model(path), images.feeds))
    for outputs, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(next(iter(outputs.values())), wanted)
    accuracy = classify(import_model(path), images)
    assert accuracy.correct == int(np.sum(guesses == images.labels))
