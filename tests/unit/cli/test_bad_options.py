"""Options, chips and places at fault."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.unit.cli.test_bad_models import QUANTISED, compile_refused, refused


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["frobnicate"], "frobnicate"),
        (["compile"], "model"),
        (["compile", "m.onnx"], "-o"),
        (["compile", "m.onnx", "-o", "out", "--fast"], "--fast"),
        (["compile", "m.onnx", "-o"], "-o"),
        (["run", "out", "more"], "more"),
        (["chips", "--target", "abacus"], "unknown target 'abacus'"),
        (["chips", "abacus"], "unknown chip 'abacus'"),
        (["quantize", "m.onnx", "-o", "q.onnx", "--activations", "int4"], "int4"),
        (["quantize", "m.onnx", "-o", "q.onnx", "--weights", "uint4"], "'uint4'"),
    ],
)
def test_wrong_usage(cimc: CommandLine, arguments: list[str], says: str) -> None:
    assert says in refused(cimc, *arguments).err


def test_wrong_usage_as_json(cimc: CommandLine) -> None:
    result = cimc("compile", "--json")

    assert result.code == 2
    assert result.document["error"]["code"] == "E004"


def test_no_arguments_show_the_help(cimc: CommandLine) -> None:
    result = cimc()

    assert result.code == 0
    assert "compile" in result.out
    assert result.out == cimc("--help").out


@pytest.mark.parametrize(
    ("pipeline", "code", "says"),
    [
        ("frobnicate", "E071", "fuse-tables"),
        ("fuse-tables{speed=3}", "E071", "speed"),
        ("im2col-partition{rows=many columns=3}", "E071", "many"),
        ("{{{", "E071", "pass-a"),
        ("", "E075", "convert-tile-to-rram"),
        ("fuse-tables", "E075", "convert-tile-to-rram"),
    ],
)
def test_unfit_pipeline(cimc: CommandLine, pipeline: str, code: str, says: str) -> None:
    message = compile_refused(cimc, QUANTISED, "-p", pipeline)

    assert code in message
    assert says in message


def preset(cimc: CommandLine) -> str:
    return cimc("chips", "pelke-128").out


@pytest.mark.parametrize(
    ("pattern", "replacement", "says"),
    [
        ("^name:", "nickname: x\nname:", "nickname"),
        ("  cores: .*", "  cores: -3", "cores"),
        ("  cores: .*", "  cores: 2.5", "cores"),
        ("  rows: .*", "  rows: 0", "rows"),
        ("(mvm:\n    value: ).*", r"\g<1>-1000", "mvm"),
        ("(mvm:\n    value: ).*", r"\g<1>.nan", "mvm"),
        ("(mvm:\n    value: .*\n    unit: ).*", r"\1fortnights", "mvm"),
        ("  bus_bytes: .*\n", "", "bus_bytes"),
        ("(clock:\n  value: ).*", r"\g<1>0", "clock"),
    ],
)
def test_unfit_chip(
    cimc: CommandLine, pattern: str, replacement: str, says: str
) -> None:
    text = preset(cimc)
    changed = re.sub(pattern, replacement, text, count=1, flags=re.MULTILINE)
    assert changed != text
    (cimc.folder / "chip.yaml").write_text(changed)

    message = compile_refused(cimc, QUANTISED, "--chip", "chip.yaml")

    assert "error[E021]: chip.yaml: " in message
    assert says in message


@pytest.mark.parametrize("content", [b"", b"- a\n", b"a: [1\n", b"\xff\xfe\x00"])
def test_chip_that_is_no_description(cimc: CommandLine, content: bytes) -> None:
    (cimc.folder / "chip.yaml").write_bytes(content)

    assert "E021" in compile_refused(cimc, QUANTISED, "--chip", "chip.yaml")


def test_other_folder_is_left_alone(cimc: CommandLine) -> None:
    (cimc.folder / "out").mkdir()
    (cimc.folder / "out/thesis.txt").write_text("years of work")

    assert "error[E052]: out: " in compile_refused(cimc, QUANTISED)


def test_file_in_the_way(cimc: CommandLine) -> None:
    (cimc.folder / "file").write_text("x")
    for output in ("file", "file/out"):
        message = refused(cimc, "compile", QUANTISED, "-o", output).err
        assert f"error[E052]: {output}: " in message
    dumps = ("-o", "out", "--dump-ir", "file")
    assert "E052" in refused(cimc, "compile", QUANTISED, *dumps).err


def test_unwritable_place(cimc: CommandLine) -> None:
    # Not even root can make a folder there.
    message = refused(cimc, "compile", QUANTISED, "-o", "/proc/cimc/out").err

    assert "error[E052]: /proc/cimc/out: cannot be written" in message


def test_nested_places_with_spaces(cimc: CommandLine) -> None:
    for output in ("a b/c d", "a b/c d", "./a b/../e"):
        result = cimc("compile", QUANTISED, "-o", output)
        assert result.code == 0, result.err
        assert (cimc.folder / output / "manifest.json").is_file()
    disassembled = cimc("disasm", "a b/c d", "-o", "x y/z.mlir")
    assert disassembled.code == 0, disassembled.err
    assert cimc("asm", Path("x y/z.mlir"), "-o", "v/w.bin").code == 0
    assert {path.name for path in cimc.folder.iterdir()} == {"a b", "e", "x y", "v"}
