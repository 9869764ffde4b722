"""Equal inputs and options give equal bytes, whatever the process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import cimc
from tests.support.shipped import MODELS

RUN_CIMC = "from cimc.cli import main; main()"


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def compile_elsewhere(output: Path, seed: str, target: str, chip: str) -> None:
    """Compile in a new process whose sets and dictionaries hash differently."""
    arguments = ["compile", MODELS / "lenet5.onnx", "-o", output]
    arguments += ["--target", target, "--chip", chip]
    arguments += ["--calib", MODELS / "mnist_calib.npz", "--run"]
    arguments += ["--dump-ir", f"{output}-ir"]
    done = subprocess.run(
        [sys.executable, "-c", RUN_CIMC, *map(str, arguments)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("target", "chip"), [("rram", "pelke-64"), ("racetrack", "mu-64")]
)
def test_processes_agree_on_every_byte(target: str, chip: str, tmp_path: Path) -> None:
    for seed in ("1", "2"):
        compile_elsewhere(tmp_path / seed, seed, target, chip)

    assert files(tmp_path / "1") == files(tmp_path / "2")
    assert files(tmp_path / "1-ir") == files(tmp_path / "2-ir")
    assert len(files(tmp_path / "1-ir")) > 10


def test_compilations_agree_on_every_byte(tmp_path: Path) -> None:
    for name in ("first", "second"):
        artifact = cimc.compile(MODELS / "resnet8_int8.onnx", chip="pelke-32")
        artifact.save(tmp_path / name)

    assert files(tmp_path / "first") == files(tmp_path / "second")


def test_saving_what_was_loaded_changes_nothing(tmp_path: Path) -> None:
    cimc.compile(MODELS / "lenet5_int8.onnx").save(tmp_path / "first")
    cimc.load(tmp_path / "first").save(tmp_path / "second")

    assert files(tmp_path / "first") == files(tmp_path / "second")
