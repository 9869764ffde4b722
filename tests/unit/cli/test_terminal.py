"""What a person or a pipe at the other end gets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.shipped import MODELS, compiled

START = [sys.executable, "-c", "from cimc.cli import main; main()"]
QUANTISED = MODELS / "lenet5_int8.onnx"


def shell(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*START, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def cpu_seconds(code: str) -> float:
    """User and system time of a new interpreter that runs ``code``."""
    before = os.times()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    after = os.times()
    return (
        after.children_user
        - before.children_user
        + after.children_system
        - before.children_system
    )


def test_help_is_quick() -> None:
    show_help = "import sys; sys.argv=['cimc', '--help']; from cimc.cli import main\n"
    show_help += "try: main()\nexcept SystemExit as e: assert e.code == 0"

    assert min(cpu_seconds(show_help) for _ in range(3)) < 0.5


def test_importing_loads_nothing_heavy() -> None:
    check = "import sys, cimc, cimc.cli\n"
    check += "heavy = {'numpy', 'onnx', 'onnxruntime', 'numba', 'xdsl', 'yaml'}\n"
    check += "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


def test_run_says_what_it_found(cimc: CommandLine) -> None:
    result = cimc("compile", QUANTISED, "-o", "out", "--run")

    assert result.code == 0
    assert result.out == ""
    assert "written to out" in result.err
    assert "equal to onnxruntime: yes (1 136 384 elements of 128 images" in result.err
    assert "accuracy: 128 of 128 images (onnxruntime: 128)" in result.err
    for fact in ("crossbars: 40 of 1 024", "cycles: ", "energy: "):
        assert fact in result.err
    assert "\x1b" not in result.err


def test_json_is_one_document(cimc: CommandLine) -> None:
    compiled("lenet5", "pelke-128").save(cimc.folder / "out")
    saved = json.loads((cimc.folder / "out/metrics.json").read_text())

    found = cimc("run", "out", "--json", "--verify").document

    assert found["verified"]["equal"] is True
    assert found["simulator"]["instructions_per_s"] > 0
    for key in ("target", "chip", "model", "crossbars"):
        assert found[key] == saved[key]
    assert found["instructions"]["static"] == saved["instructions"]["static"]


def test_print_pipeline_is_a_pipeline(cimc: CommandLine) -> None:
    text = cimc("compile", QUANTISED, "--print-pipeline", "--chip", "pelke-64").out
    assert "im2col-partition{rows=64 columns=64}" in text

    result = cimc("compile", QUANTISED, "-o", "o", "--chip", "pelke-64", "-p", text)

    assert result.code == 0, result.err
    program = (cimc.folder / "o/program.bin").read_bytes()
    assert program == compiled("lenet5", "pelke-64").program


@pytest.mark.parametrize("columns", ["20", "200"])
def test_narrow_terminals_lose_nothing(columns: str, tmp_path: Path) -> None:
    done = shell("check", "missing.onnx", COLUMNS=columns, NO_COLOR="1")
    assert "error[E101]: missing.onnx: the model cannot be read" in done.stderr

    done = shell("check", QUANTISED, COLUMNS=columns, NO_COLOR="1")
    assert done.returncode == 0
    fits = "fits chip pelke-128: 9 of 1 024 crossbars, 11 of 1 024 cores, with one copy"
    assert fits in done.stderr.replace("\n", " ")
    assert "\x1b" not in done.stderr


def test_reader_of_a_pipe_that_has_seen_enough(tmp_path: Path) -> None:
    compiled("resnet8", "pelke-32").save(tmp_path / "out")
    with subprocess.Popen(
        [*START, "disasm", str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    model = str(MODELS / "resnet8_int8.onnx")
    command = ["compile", model, "-o", "out", "--run", "--print-ir-after-all"]
    with subprocess.Popen(
        [*START, *command], stderr=subprocess.PIPE, cwd=tmp_path, text=True
    ) as process:
        assert process.stderr is not None
        # The IR of all passes is more than the pipe holds: it cannot be through yet.
        assert process.stderr.readline() == "// after import\n"
        process.send_signal(signal.SIGINT)
        message = process.stderr.read()
    assert process.returncode == 130
    assert message.splitlines()[-1] == "interrupted"
    assert "Traceback" not in message
    assert list(tmp_path.iterdir()) == []


def test_cold_machine_code_is_announced_once(tmp_path: Path) -> None:
    announce = "from cimc.simulation import jit; "
    announce += "import logging; logging.basicConfig(level=logging.INFO); "
    here = "__import__('pathlib').Path(jit.__file__).parent"
    folder = f"jit._cache_folder({str(tmp_path)!r}, {here})"
    touch = f"(__import__('pathlib').Path({folder}) / 'x.nbi').touch()"
    lines = []
    for code in (f"{folder}; {folder}", touch, folder):
        done = subprocess.run(
            [sys.executable, "-c", announce + code], capture_output=True, text=True
        )
        lines.append(done.stderr.count("compiling native code for this machine"))
    assert lines == [1, 1, 0]
