"""Racetrack chips that are unfit, and networks that do not fit one."""

from __future__ import annotations

import pytest

from tests.support.command_line import CommandLine
from tests.unit.cli.test_bad_models import QUANTISED, refused


def compile_on(
    cimc: CommandLine, structure: str, code: int, more: str = ""
) -> list[str]:
    """What is said of a chip like mu-64 with another ``structure``."""
    text = f"extends: mu-64\nname: own\ndescription: test\nstructure: {{{structure}}}\n"
    (cimc.folder / "own.yaml").write_text(text + more)
    machine = ("--target", "racetrack", "--chip", "own.yaml")
    result = refused(cimc, "compile", QUANTISED, "-o", "out", *machine, code=code)
    return result.err.splitlines()


@pytest.mark.parametrize(
    ("structure", "says"),
    [
        ("cell: abacus", "cell: there is no cell 'abacus', one of ripple, booth"),
        ("ports: 3", "ports: 3 ports per track do not divide 64 domains"),
        ("word_bits: 64", "word_bits: 64 is wider than the 32 tracks"),
        ("weight_bits: 9", "weight_bits: Input should be less than or equal to 8"),
        ("banks: 0", "banks: Input should be greater than or equal to 1"),
        ("accumulator_bits: 12", "accumulator_bits: 12 is less than the 16 bits"),
        ("domains: 4096", "domains: Input should be less than or equal to 4095"),
        ("lanes: 2048", "lanes: Input should be less than or equal to 1024"),
        (
            "domains: 512, ports: 512",
            "ports: 512 ports per track, an instruction has 255",
        ),
        ("vector_register_bytes: 128", "vector_register_bytes: 128 must hold"),
        ("port_policy: farthest", "port_policy: Input should be 'static' or 'nearest'"),
        ("domans: 64", "domans: there is no such field, did you mean domains?"),
    ],
)
def test_unfit_structure(cimc: CommandLine, structure: str, says: str) -> None:
    first, *notes = compile_on(cimc, structure, code=2)

    assert first == "error[E021]: own.yaml: the chip description has 1 unfit field(s)"
    assert notes[0].startswith("  structure")
    assert says in notes[0]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("0", "Input should be greater than or equal to 1"),
        ("-3", "Input should be greater than or equal to 1"),
        ("1.5", "Input should be a valid integer"),
        (".nan", "Input should be a finite number"),
        ("soon", "Input should be a valid integer"),
    ],
)
def test_unfit_timing(cimc: CommandLine, value: str, says: str) -> None:
    more = f"timing: {{shift: {{value: {value}}}}}\n"

    first, note = compile_on(cimc, "banks: 16", 2, more)

    assert first.startswith("error[E021]: own.yaml: ")
    assert note.startswith("  timing.shift.value: ")
    assert says in note


def test_unknown_chip(cimc: CommandLine) -> None:
    machine = ("--target", "racetrack", "--chip", "mu-65")
    message = refused(cimc, "compile", QUANTISED, "-o", "out", *machine).err

    assert "error[E021]: unknown chip 'mu-65'" in message
    assert "one of: destiny-4k, mu-64, mu-64-large, mu-64-w4, rtsim-64k" in message


@pytest.mark.parametrize(
    ("structure", "says"),
    [
        (
            "buffer_macro_units: 10",
            "error[E032]: the model's input: feature maps need more than the 10 macro "
            "units of the chip's buffers",
        ),
        (
            "banks: 1, arrays_per_bank: 1",
            "error[E031]: node '/conv2/Conv': one product needs 3 arrays at once, the "
            "chip has 1",
        ),
        (
            "vector_registers: 1",
            "error[E034]: a sweep needs more than 1 vector registers",
        ),
    ],
)
def test_the_network_does_not_fit(cimc: CommandLine, structure: str, says: str) -> None:
    first, *hints = compile_on(cimc, structure, code=3)

    assert first == says
    assert any(hint.startswith("  try: a chip with") for hint in hints)
    # Another preset would do.
    assert any("mu-64" in hint for hint in hints)


def test_the_preset_for_four_bits_refuses_eight(cimc: CommandLine) -> None:
    machine = ("--target", "racetrack", "--chip", "mu-64-w4")
    message = refused(cimc, "compile", QUANTISED, "-o", "out", *machine, code=3).err

    assert "error[E037]: node '/conv1/Conv': weights from -126 to 127" in message
    assert "cimc quantize --weights int4" in message
