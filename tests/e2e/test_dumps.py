"""Dumps are the IR itself: any later one follows from any earlier one."""

from pathlib import Path

import pytest
from xdsl.utils.arg_spec import parse_pipeline

from cimc.driver import default_pipeline
from tests.support.command_line import CommandLine
from tests.support.shipped import MODELS


@pytest.mark.parametrize(
    ("target", "network", "chip"),
    [
        ("rram", "lenet5", "pelke-128"),
        ("rram", "resnet8", "pelke-64"),
        ("racetrack", "lenet5", "mu-64"),
    ],
)
def test_opt_reproduces_every_later_dump(
    target: str, network: str, chip: str, tmp_path: Path, cimc: CommandLine
) -> None:
    model = MODELS / f"{network}_int8.onnx"
    machine = ("--target", target, "--chip", chip)
    assert cimc("compile", model, "-o", "o", *machine, "--dump-ir", "i").code == 0
    passes = [str(spec) for spec in parse_pipeline(default_pipeline(target, chip))]
    dumps = sorted((tmp_path / "i").glob("*.mlir"))
    assert len(dumps) == 1 + len(passes)

    # Each from the one before it: so every later dump follows from every earlier.
    for number, step in enumerate(passes):
        result = cimc("opt", dumps[number], "-p", step)
        assert result.code == 0, result.err
        assert result.out == dumps[number + 1].read_text(), step
    whole = cimc("opt", dumps[0], "-p", ",".join(passes))
    assert whole.out == dumps[-1].read_text()


@pytest.mark.parametrize(
    ("target", "network", "chip"),
    [("rram", "resnet8", "pelke-64"), ("racetrack", "lenet5", "mu-64")],
)
def test_text_and_bytes_of_a_program_are_the_same_thing(
    target: str, network: str, chip: str, tmp_path: Path, cimc: CommandLine
) -> None:
    model = MODELS / f"{network}_int8.onnx"
    machine = ("--target", target, "--chip", chip)
    cimc("compile", model, "-o", "o", *machine, "--dump-ir", "i")

    assert cimc("disasm", "o", "-o", "from_artifact.mlir").code == 0
    assert cimc("disasm", "o/program.bin", "-o", "from_file.mlir").code == 0
    assert cimc("asm", "from_artifact.mlir", "-o", "again.bin").code == 0
    last = sorted((tmp_path / "i").glob("*.mlir"))[-1]
    assert cimc("asm", last, "-o", "dump.bin").code == 0

    program = (tmp_path / "o/program.bin").read_bytes()
    assert (tmp_path / "again.bin").read_bytes() == program
    assert (tmp_path / "dump.bin").read_bytes() == program
    text = (tmp_path / "from_artifact.mlir").read_text()
    assert (tmp_path / "from_file.mlir").read_text() == text
    assert text == last.read_text()
