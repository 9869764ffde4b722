"""One model on several machines, with one command."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.support.command_line import CommandLine, Result
from tests.support.second_target import SecondTarget
from tests.support.shipped import MODELS, compiled, samples_of
from tests.unit.cli.test_bad_models import refused, snapshot

QUANTISED = MODELS / "lenet5_int8.onnx"
BOTH = ("--target", "rram,mirror", "--chip", "pelke-128,glass-64")


def rows(shown: str) -> dict[str, list[str]]:
    """Cells by label, of all tables together."""
    found: dict[str, list[str]] = {}
    for line in shown.splitlines():
        label, *cells = re.split(r" {2,}", line.strip())
        if line.startswith(" ") and cells:
            found.setdefault(label, []).extend(cells)
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def images(cimc: CommandLine) -> Path:
    """Four images with labels."""
    path = cimc.folder / "images.npz"
    with np.load(samples_of("lenet5")) as arrays:
        np.savez(path, image=arrays["image"][:4], labels=arrays["labels"][:4])
    return path


def compare(cimc: CommandLine, *more: str | Path, model: Path = QUANTISED) -> Result:
    return cimc("compile", model, "-o", "out", *more)


def written(cimc: CommandLine) -> set[str]:
    return {path.parent.name for path in cimc.folder.glob("out/*/manifest.json")}


def test_chips_side_by_side(cimc: CommandLine, images: Path) -> None:
    result = compare(cimc, "--chip", "pelke-32,pelke-128", "--run", "--input", images)

    assert result.code == 0, result.err
    assert result.out == ""
    assert "lenet5_int8, 4 images, onnxruntime has 4 right\n" in result.err
    assert max(map(len, result.err.splitlines())) <= 80
    table = rows(result.err)
    assert table["pelke-32"] == ["pelke-128"]
    assert table["equal to onnxruntime"] == ["yes", "yes"]
    assert table["accuracy"] == ["4 of 4", "4 of 4"]
    assert table["crossbars"] == ["131 of 1 024", "40 of 1 024"]
    for label in ("cycles per image", "time per image", "energy per image"):
        assert len(table[label]) == 2
    assert len(table["area"]) == 2
    assert table["memory for weights"] == ["134 kB", "655 kB"]
    assert {"error", "shifts per image"}.isdisjoint(table)


def test_each_artifact_is_as_if_compiled_alone(cimc: CommandLine, images: Path) -> None:
    calib = ("--calib", samples_of("lenet5", "calib"), "--run", "--input", images)
    float_model = MODELS / "lenet5.onnx"

    chips = ["pelke-32", "pelke-128"]
    result = compare(cimc, "--chip", ",".join(chips), *calib, model=float_model)

    assert result.code == 0, result.err
    assert written(cimc) == {"rram-pelke-32", "rram-pelke-128"}
    for chip in chips:
        alone = cimc("compile", float_model, "-o", chip, "--chip", chip, *calib)
        assert alone.code == 0
        together = contents(cimc.folder / f"out/rram-{chip}")
        assert together == contents(cimc.folder / chip)


def test_a_float_model_is_quantised_once(cimc: CommandLine) -> None:
    model = MODELS / "lenet5.onnx"
    chips = ("--chip", "pelke-32,pelke-128")
    result = compare(cimc, *chips, "--calib", "random", model=model)

    assert result.code == 0
    assert result.err.count("warning[W102]") == 1
    models = cimc.folder.glob("out/*/model.onnx")
    assert len({path.read_bytes() for path in models}) == 1


def test_json_is_the_metrics_of_each(cimc: CommandLine, images: Path) -> None:
    run = ("--run", "--input", images, "--json")
    machines = compare(cimc, "--chip", "pelke-32,pelke-128", *run).document["machines"]

    assert [found["chip"] for found in machines] == ["pelke-32", "pelke-128"]
    alone = cimc("compile", QUANTISED, "-o", "alone", *run).document
    assert machines[1].keys() == alone.keys()
    for key in alone.keys() - {"simulator", "compile"}:
        assert machines[1][key] == alone[key]
    assert machines[1]["compile"]["passes"].keys() == alone["compile"]["passes"].keys()


def test_targets_side_by_side(
    cimc: CommandLine, images: Path, mirror: SecondTarget
) -> None:
    result = compare(cimc, *BOTH, "--run", "--input", images)

    assert result.code == 0, result.err
    assert written(cimc) == {"rram-pelke-128", "mirror-glass-64"}
    table = rows(result.err)
    assert table["rram"] == ["mirror"]
    assert table["crossbars"] == ["40 of 1 024", "—"]
    assert table["macro units"] == ["—", "64 of 1 024"]
    assert table["shifts per image"] == ["—", "5 100 (bound 5 000, x1.02)"]
    assert table["area"][1] == "1.23 mm2"
    assert table["memory for weights"] == ["655 kB", "61.7 kB"]
    assert table["memory for maps and sums"][1] == "—"
    for machine in written(cimc):
        assert cimc("run", f"out/{machine}", "--verify").code == 0


def test_default_chips(cimc: CommandLine, mirror: SecondTarget) -> None:
    result = compare(cimc, "--target", "rram,mirror")

    assert result.code == 0, result.err
    assert written(cimc) == {"rram-pelke-128", "mirror-glass-64"}
    assert {"cycles per image", "equal to onnxruntime"}.isdisjoint(rows(result.err))


def too_little_memory(cimc: CommandLine) -> str:
    """A chip on which no network has room for its feature maps."""
    few = "extends: rram-small\nname: few\nstructure: {shared_memory_bytes: 1024}\n"
    (cimc.folder / "few.yaml").write_text(few)
    return "few.yaml"


def test_what_does_not_fit_keeps_nobody_else(cimc: CommandLine) -> None:
    result = compare(cimc, "--chip", f"{too_little_memory(cimc)},pelke-128", "--json")

    assert result.code == 3
    assert written(cimc) == {"rram-pelke-128"}
    assert not (cimc.folder / "out/rram-few").exists()
    table = rows(result.err)
    assert table["error"] == ["does not fit E032", "—"]
    assert table["crossbars"] == ["—", "40 of 1 024"]
    assert result.err.count("error[E") == 1
    assert "\n  on rram, chip few\n" in result.err
    unfit, fit = result.document["machines"]
    assert unfit.keys() == {"target", "chip", "model", "error"}
    assert unfit["error"]["code"] == "E032"
    assert "error" not in fit


def test_a_wrong_result_is_not_written(
    cimc: CommandLine, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SecondTarget(wrong=True).install(monkeypatch)

    targets = (
        "--target",
        "rram,mirror,rram",
        "--chip",
        f"{too_little_memory(cimc)},glass-64,pelke-128",
    )
    result = compare(cimc, *targets, "--run", "--input", images, "--json")

    # A wrong result is graver than one that does not fit.
    assert result.code == 1
    assert written(cimc) == {"rram-pelke-128"}
    table = rows(result.err)
    assert table["error"] == ["does not fit E032", "wrong result E061", "—"]
    assert table["equal to onnxruntime"] == ["—", "NO, 4 differ", "yes"]
    wrong = result.document["machines"][1]
    assert wrong["verified"]["mismatches"] == 4
    assert wrong["error"]["code"] == "E061"


def test_a_pass_that_is_wrong_is_found_on_its_machine(
    cimc: CommandLine, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SecondTarget(wrong=True).install(monkeypatch)

    result = compare(cimc, *BOTH, "--verify-each", "--input", images)

    assert result.code == 1
    assert "error[E060]" in result.err
    assert written(cimc) == {"rram-pelke-128"}


def test_nothing_is_left_by_an_interrupt(
    cimc: CommandLine, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cimc.driver import comparison

    execute, calls = comparison.execute_images, []

    def interrupted(*arguments, **options):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return execute(*arguments, **options)

    monkeypatch.setattr(comparison, "execute_images", interrupted)
    before = snapshot(cimc.folder)

    result = compare(cimc, "--chip", "pelke-32,pelke-128", "--run", "--input", images)

    assert result.code == 130
    assert len(calls) == 2
    assert snapshot(cimc.folder) == before


def test_dumps_have_folders_of_their_own(cimc: CommandLine) -> None:
    result = compare(cimc, "--chip", "pelke-32,pelke-128", "--dump-ir", "ir")

    assert result.code == 0
    for chip in ("pelke-32", "pelke-128"):
        folder = cimc.folder / f"ir/rram-{chip}"
        assert (folder / "00-import.mlir").is_file()
        assert (folder / "weights.npz").is_file()
        last = sorted(folder.glob("*.mlir"))[-1]
        assert last.read_text() == compiled("lenet5", chip).ir("rram")


def test_more_machines_than_columns(cimc: CommandLine, images: Path) -> None:
    chips = [f"chip-{number}-with-a-long-name" for number in range(5)]
    text = cimc("chips", "pelke-128").out
    for chip in chips:
        named = text.replace("name: pelke-128", f"name: {chip}")
        (cimc.folder / f"{chip}.yaml").write_text(named)

    files = ",".join(f"{chip}.yaml" for chip in chips)
    result = compare(cimc, "--chip", files)

    assert result.code == 0, result.err
    assert max(map(len, result.err.splitlines())) <= 80
    assert rows(result.err)["crossbars"] == ["40 of 1 024"] * 5
    for chip in chips:
        assert result.err.count(chip) == 2  # where it is written, and its column


def test_chip_name_that_is_a_path(cimc: CommandLine) -> None:
    text = cimc("chips", "pelke-128").out
    (cimc.folder / "c.yaml").write_text(text.replace("name: pelke-128", "name: ../x"))

    assert compare(cimc, "--chip", "c.yaml,pelke-64").code == 0
    assert written(cimc) == {"rram-.._x", "rram-pelke-64"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-p", "fuse-tables"], "E005]: -p: "),
        (["--print-pipeline"], "E005]: --print-pipeline: "),
        (["--print-ir-after-all"], "E005]: --print-ir-after-all: "),
        (["--chip", "pelke-64,pelke-64"], "two machines are called rram-pelke-64"),
        (["--target", "rram,rram"], "make no pairs"),
        (["--target", "abacus"], "unknown target 'abacus'"),
        (["--chip", "pelke-64,abacus"], "unknown chip 'abacus'"),
        (["--input", "images.npz"], "--run"),
        (["--run", "--input", "missing.npz"], "E011"),
    ],
)
def test_refused_options(cimc: CommandLine, arguments: list[str], says: str) -> None:
    chips = ("--chip", "pelke-32,pelke-64,pelke-128")

    message = refused(cimc, "compile", QUANTISED, "-o", "out", *chips, *arguments).err

    assert says in message


def test_output_that_is_something_else(cimc: CommandLine) -> None:
    chips = ("--chip", "pelke-32,pelke-128")
    (cimc.folder / "file").write_text("x")
    compiled("lenet5", "pelke-128").save(cimc.folder / "artifact")
    (cimc.folder / "out/rram-pelke-128").mkdir(parents=True)
    (cimc.folder / "out/rram-pelke-128/thesis.txt").write_text("years of work")

    for place, named in [
        ("file", "file"),
        ("artifact", "artifact"),
        ("out", "out/rram-pelke-128"),
    ]:
        message = refused(cimc, "compile", QUANTISED, "-o", place, *chips).err
        assert f"error[E052]: {named}: " in message
    # And the artifact of one machine does not replace those of several.
    assert "E052" in refused(cimc, "compile", QUANTISED, "-o", "out").err


def test_older_artifacts_are_replaced(cimc: CommandLine) -> None:
    for _ in range(2):
        assert compare(cimc, "--chip", "pelke-32,pelke-128").code == 0
    assert compare(cimc, "--chip", "pelke-64,pelke-128").code == 0
    assert written(cimc) == {f"rram-pelke-{size}" for size in (32, 64, 128)}
