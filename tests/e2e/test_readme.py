"""What the README shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from cimc.driver import compile_model, execute_images, random_images
from cimc.target import get_target
from tests.support.command_line import CommandLine

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_library_example_runs(tmp_path, monkeypatch, capsys):
    (code,) = blocks("python")
    (tmp_path / "models").symlink_to(ROOT / "models")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    assert "tile.sweep" in capsys.readouterr().out
    assert (tmp_path / "out" / "program.bin").is_file()


def test_the_chip_example_compiles(tmp_path):
    (text,) = blocks("yaml")
    path = tmp_path / "my-chip.yaml"
    path.write_text(text, encoding="utf-8")
    chip = get_target("rram").load_chip(str(path))
    assert chip.name == "my-chip"
    model = ROOT / "models" / "lenet5_int8.onnx"
    metrics = compile_model(model, chip=str(path)).artifact.metrics
    assert metrics["crossbars"]["available"] == 256 * 4


def test_the_numbers_of_the_main_job_are_current():
    artifact = compile_model(ROOT / "models" / "resnet8_int8.onnx").artifact
    metrics = execute_images(
        artifact, random_images(artifact.model), verify=False
    ).metrics
    static, dynamic = (
        metrics["instructions"]["static"],
        metrics["instructions"]["dynamic"],
    )
    assert f"ResNet-8 takes {static:_} instructions".replace("_", " ") in README
    counts = f"instructions: {static:_}, {dynamic:_} executed".replace("_", " ")
    assert counts in README
    assert f"cycles: {metrics['cycles']:_} per image".replace("_", " ") in README


def listed(listing: str) -> str:
    """What finds a listing in a text, which may say more for … and of types."""
    lines = [line.split("//")[0].strip() for line in listing.splitlines()]
    patterns = [
        "(?s:.*?)" if line == "…" else re.escape(line).replace("…", ".*")
        for line in lines
    ]
    return r"( : .*)?\n\s*".join(patterns)


def test_the_listings_are_current(cimc: CommandLine) -> None:
    model = ROOT / "models" / "resnet8_int8.onnx"
    options = ["--objective", "area", "--dump-ir", "ir"]
    shown = cimc("compile", model, "-o", "out", *options).err
    static, cores = (
        re.search(rf"^{what}: (\d+)", shown, re.M) for what in ("instructions", "cores")
    )
    assert static is not None
    assert cores is not None
    assert f"{static[1]} on {cores[1]} with `--objective area`" in README
    ir = (cimc.folder / "ir" / "11-insert-sync.mlir").read_text()
    program = cimc("disasm", "out").out
    for listing, text in zip(blocks("mlir"), (ir, program), strict=True):
        assert re.search(listed(listing.removesuffix("…\n")), text), listing


def test_the_numbers_of_the_comparison_are_current(cimc: CommandLine) -> None:
    """As in the README, but on one image, which changes the first three rows."""
    found = re.search(r"^cimc (compile .*--(chip|target) \S+,\S+ .*)$", README, re.M)
    assert found is not None
    (cimc.folder / "models").symlink_to(ROOT / "models")
    np.savez(cimc.folder / "one.npz", image=np.zeros((1, 3, 32, 32), np.float32))

    shown = cimc(*found[1].split(), "--input", "one.npz").err

    table = README[found.end() :].split("\n accuracy ", 1)[1].split("```")[0]
    rows = [line.split() for line in table.splitlines()[1:]]
    assert len(rows) > 5
    for row in rows:
        assert row in [line.split() for line in shown.splitlines()]
