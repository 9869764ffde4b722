"""Artifacts, programs and IR text that are truncated, altered or something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from xdsl.utils.arg_spec import parse_pipeline

from cimc.driver import compile_model, default_pipeline, text_of
from tests.support.command_line import CommandLine
from tests.support.shipped import MODELS, compiled
from tests.unit.cli.test_bad_models import refused

FILES = [
    "manifest.json",
    "program.bin",
    "weights.npz",
    "chip.yaml",
    "model.onnx",
    "metrics.json",
]


@pytest.fixture
def artifact(cimc: CommandLine) -> Path:
    folder = cimc.folder / "out"
    compiled("lenet5", "pelke-128").save(folder)
    return folder


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["removed", "truncated", "altered", "emptied"])
def test_damaged_artifact(
    cimc: CommandLine, artifact: Path, name: str, damage: str
) -> None:
    path = artifact / name
    data = path.read_bytes()
    path.unlink()
    if damage != "removed":
        middle = len(data) // 2
        flipped = bytes([data[middle] ^ 0x80])
        path.write_bytes(
            {
                "truncated": data[:middle],
                "altered": data[:middle] + flipped + data[middle + 1 :],
                "emptied": b"",
            }[damage]
        )

    for command in ("run", "disasm"):
        message = refused(cimc, command, "out").err
        assert "error[E051]: out: " in message
        assert name in message


def alter(path: Path, key: str, value: object) -> None:
    """Change an entry of a manifest, or of its only segment."""
    manifest = json.loads(path.read_text())
    place = manifest if key in manifest | {"target": ""} else manifest["segments"][0]
    place[key] = value
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 99),
        ("format", None),
        ("files", {}),
        ("files", {"../secret": "0"}),
        ("segments", []),
        ("segments", {}),
        ("inputs", "image"),
        ("outputs", [1]),
        ("pipeline", None),
        ("first", 0),
        ("target", ["rram"]),
    ],
)
def test_manifest_with_a_wrong_entry(
    cimc: CommandLine, artifact: Path, key: str, value: object
) -> None:
    alter(artifact / "manifest.json", key, value)

    assert "error[E051]: out: " in refused(cimc, "run", "out").err


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("target", "abacus", "E001"),
        ("inputs", ["nothing"], "E051"),
        ("outputs", ["nothing"], "E051"),
        ("inputs", [], "E025"),
        ("outputs", ["image"], "E025"),
        ("outputs", ["logits_QuantizeLinear_Input"], "E025"),
    ],
)
def test_manifest_that_contradicts_the_program(
    cimc: CommandLine, artifact: Path, key: str, value: object, code: str
) -> None:
    alter(artifact / "manifest.json", key, value)

    assert f"error[{code}]" in refused(cimc, "run", "out").err


def test_manifest_that_is_no_object(cimc: CommandLine, artifact: Path) -> None:
    for text in (b"[]", b"{", b"\xff\xff", b"3"):
        (artifact / "manifest.json").write_bytes(text)
        assert "error[E051]: out: " in refused(cimc, "run", "out").err


@pytest.mark.parametrize("name", ["nothing", "."])
def test_no_artifact(cimc: CommandLine, name: str) -> None:
    assert f"error[E051]: {name}: " in refused(cimc, "run", name).err


@pytest.mark.parametrize(
    "text",
    ["", "garbage", "builtin.module {", '"unknown.op"() : () -> ()', "é\0"],
)
def test_asm_on_something_else(cimc: CommandLine, text: str) -> None:
    (cimc.folder / "p.mlir").write_text(text)

    message = refused(cimc, "asm", "p.mlir").err

    assert "p.mlir" in message


@pytest.mark.parametrize("text", ["garbage", "builtin.module {", "%0 = cnn.nothing"])
def test_opt_on_something_else(cimc: CommandLine, text: str) -> None:
    (cimc.folder / "p.mlir").write_text(text)

    message = refused(cimc, "opt", "p.mlir", "-p", "fuse-tables").err

    assert "error[E072]: p.mlir: " in message


def test_files_that_are_missing_or_no_text(cimc: CommandLine) -> None:
    (cimc.folder / "p.mlir").write_bytes(b"\xff\xfe\xfd")
    for name in ("p.mlir", "missing.mlir"):
        for command in (["opt", name], ["asm", name]):
            assert f"error[E054]: {name}: " in refused(cimc, *command).err
    assert "error[E054]: missing: " in refused(cimc, "disasm", "missing").err


@pytest.mark.parametrize("level", ["cnn", "tile"])
def test_asm_on_another_level(cimc: CommandLine, level: str) -> None:
    (cimc.folder / "p.mlir").write_text(compiled("lenet5", "pelke-128").ir(level))

    message = refused(cimc, "asm", "p.mlir").err

    assert "error[E076]: p.mlir: " in message
    assert level in message


@pytest.mark.parametrize(
    "data", [b"", b"CIMC", b"garbage" * 100, b"CIMC" + bytes(1000)]
)
def test_disasm_on_something_else(cimc: CommandLine, data: bytes) -> None:
    (cimc.folder / "p.bin").write_bytes(data)

    assert "error[E023]" in refused(cimc, "disasm", "p.bin").err


STEPS = [str(step) for step in parse_pipeline(default_pipeline("rram", "pelke-128"))]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A module as imported, with its weights beside it."""
    folder = tmp_path_factory.mktemp("imported")
    texts: list[str] = []
    compilation = compile_model(
        MODELS / "lenet5_int8.onnx",
        observer=lambda pass_, module, seconds: texts.append(text_of(module)),
    )
    compilation.weights.save(folder / "weights.npz")
    (folder / "import.mlir").write_text(texts[0])
    return folder / "import.mlir"


@pytest.mark.parametrize("missing", range(len(STEPS)))
def test_pipeline_without_a_pass(
    cimc: CommandLine, imported: Path, missing: int
) -> None:
    """Each pass either does without the one before it, or says what it lacks."""
    rest = [step for index, step in enumerate(STEPS) if index != missing]

    result = cimc("opt", imported, "-p", ",".join(rest))

    name = STEPS[missing].partition("{")[0]
    if name in {"convert-cnn-to-tile", "place-blocks", "distribute-sweeps"}:
        assert result.code == 2
        assert "error[E074]" in result.err
    elif name == "allocate-buffers":
        assert result.code == 2
        assert "allocate-buffers comes before" in result.err
    elif name == "insert-sync":
        # Nothing orders the cores: verify-sync does not let that through.
        assert "error[E077]" in result.err
    else:
        assert result.code == 0, result.err


@pytest.mark.parametrize("twice", range(len(STEPS)))
def test_pipeline_with_a_pass_twice(
    cimc: CommandLine, imported: Path, twice: int
) -> None:
    steps = [*STEPS[: twice + 1], *STEPS[twice:]]

    result = cimc("opt", imported, "-p", ",".join(steps))

    assert result.code in (0, 2), result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    "step",
    [
        "im2col-partition{rows=0 columns=8}",
        "im2col-partition{rows=8 columns=-1}",
        "split-vectors{channels=0}",
        "cut-phases{cores=0}",
        "cut-phases{program_row=-1}",
        "place-blocks{cores=0 crossbars=1}",
        "place-blocks{cores=1 crossbars=-1}",
        "duplicate-weights{cores=1 arrays=1 limit=0}",
        "assign-arrays{cores=0 arrays=1}",
        "assign-arrays{cores=1 arrays=-1}",
        "allocate-buffers{capacity=1000 alignment=0}",
    ],
)
def test_option_of_a_pass_out_of_bounds(cimc: CommandLine, step: str) -> None:
    (cimc.folder / "p.mlir").write_text("builtin.module {}")

    message = refused(cimc, "opt", "p.mlir", "-p", step).err

    assert "error[E071]" in message
    assert "at least 1" in message
