"""Commands that concern more than one target."""

from __future__ import annotations

import pytest

from cimc.cli.options import target_chip_pairs
from cimc.diagnostics import InputError
from tests.support.command_line import CommandLine
from tests.support.second_target import CHIP, SecondTarget
from tests.support.shipped import MODELS, compiled
from tests.unit.cli.test_bad_models import refused

QUANTISED = MODELS / "lenet5_int8.onnx"


@pytest.mark.parametrize(
    ("targets", "chips", "pairs"),
    [
        ("a", None, [("a", None)]),
        ("a", "x", [("a", "x")]),
        ("a", "x,y", [("a", "x"), ("a", "y")]),
        ("a,b", None, [("a", None), ("b", None)]),
        ("a,b", "x, y", [("a", "x"), ("b", "y")]),
        ("a,a,b", "x,y,z", [("a", "x"), ("a", "y"), ("b", "z")]),
    ],
)
def test_pairs(targets: str, chips: str | None, pairs: list) -> None:
    assert target_chip_pairs(targets, chips) == pairs


@pytest.mark.parametrize(
    ("targets", "chips"),
    [("a,b", "x"), ("a,b", "x,y,z"), ("a,", None), ("a", "x,"), ("a,,b", "x,y,z")],
)
def test_no_pairs(targets: str, chips: str | None) -> None:
    with pytest.raises(InputError) as error:
        target_chip_pairs(targets, chips)
    assert error.value.diagnostic.code == "E005"


def test_chip_file_with_a_comma_is_one_chip(cimc: CommandLine) -> None:
    chip = cimc("chips", "pelke-64").out
    (cimc.folder / "a,b.yaml").write_text(chip)

    assert cimc("compile", QUANTISED, "-o", "out", "--chip", "a,b.yaml").code == 0
    assert (cimc.folder / "out/manifest.json").is_file()


def test_chips_of_all_targets(cimc: CommandLine, mirror: SecondTarget) -> None:
    lines = cimc("chips").out.splitlines()

    assert lines[0] == "mirror: rram in a mirror"
    assert lines[1] == "  glass-64 (default)"
    first = lines.index(
        "rram: multi-core RRAM crossbars that accumulate in shared memory"
    )
    rram = ["  rram-small", "  pelke-32", "  pelke-64", "  pelke-128 (default)"]
    assert lines[first + 1 : first + 5] == rram
    assert cimc("chips", "--target", "mirror").out == "glass-64\n"
    assert "pelke-32\npelke-64\n" in cimc("chips", "--target", "rram").out


def test_chip_of_whichever_target(cimc: CommandLine, mirror: SecondTarget) -> None:
    assert cimc("chips", CHIP).out.startswith("name: glass-64\n")
    assert cimc("chips", "pelke-64").out.startswith("name: pelke-64\n")
    assert "unknown chip" in refused(cimc, "chips", CHIP, "--target", "rram").err
    message = refused(cimc, "chips", "abacus").err
    assert "unknown chip 'abacus'" in message
    assert "mirror: glass-64" in message
    assert "rram: rram-small, pelke-32, pelke-64" in message


def test_chip_of_a_file(cimc: CommandLine, mirror: SecondTarget) -> None:
    text = cimc("chips", "pelke-64").out
    (cimc.folder / "c.yaml").write_text(text)

    assert cimc("chips", "c.yaml").out == text
    assert cimc("chips", "c.yaml", "--target", "mirror").out == text
    assert "error[E021]: d.yaml: " in refused(cimc, "chips", "d.yaml").err


def test_chip_of_two_targets(
    cimc: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    SecondTarget(chips=(CHIP, "pelke-64")).install(monkeypatch)

    message = refused(cimc, "chips", "pelke-64").err

    assert "several targets" in message
    assert "--target mirror" in message
    assert "--target rram" in message


def test_disasm_reads_the_target_from_the_program(
    cimc: CommandLine, mirror: SecondTarget
) -> None:
    assert cimc("compile", QUANTISED, "-o", "out", "--target", "mirror").code == 0

    found = cimc("disasm", "out/program.bin")

    assert found.code == 0, found.err
    assert found.out == cimc("disasm", "out").out
    assert (
        "mirror" in refused(cimc, "disasm", "out/program.bin", "--target", "rram").err
    )


def test_disasm_of_a_target_that_is_not_installed(cimc: CommandLine) -> None:
    program = compiled("lenet5", "pelke-128").program
    (cimc.folder / "p.bin").write_bytes(program.replace(b"rram", b"abac", 1))

    message = refused(cimc, "disasm", "p.bin").err

    assert "error[E023]: p.bin: " in message
    assert "'abac'" in message
    assert "installed: racetrack, rram" in message


def test_check_for_another_target(cimc: CommandLine, mirror: SecondTarget) -> None:
    result = cimc("check", QUANTISED, "--target", "mirror", "--json")

    assert result.code == 0
    assert "fits chip glass-64: 24 of 1 024 macro units, with one copy" in result.err
    assert "smallest preset that holds it: glass-64\n" in result.err
    assert result.document["demand"]["macro_units"]["used"] == 24


def test_run_of_another_target(cimc: CommandLine, mirror: SecondTarget) -> None:
    compile_ = ("compile", QUANTISED, "-o", "out", "--target", "mirror", "--run")
    compiling = cimc(*compile_).err
    running = cimc("run", "out", "--verify").err

    for shown in (compiling, running):
        assert "macro units: 64 of 1 024\n" in shown
        assert "shifts: 5 100 (bound 5 000, x1.02)\n" in shown
        assert "area: 1.23 mm2\n" in shown
        assert "equal to onnxruntime: yes" in shown
        assert "crossbars" not in shown
