"""What a run says is about that run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.support.command_line import CommandLine
from tests.support.shipped import MODELS


def _compiled(cimc: CommandLine) -> None:
    model = MODELS / "lenet5_int8.onnx"
    assert cimc("compile", model, "-o", "out", "--run").code == 0


def test_nothing_is_claimed_that_was_not_compared(cimc: CommandLine) -> None:
    _compiled(cimc)
    result = cimc("run", "out", "--json")
    assert result.code == 0
    assert "equal to onnxruntime" not in result.err
    assert {"verified", "accuracy"}.isdisjoint(json.loads(result.out))
    verified = json.loads(cimc("run", "out", "--verify", "--json").out)["verified"]
    assert (verified["equal"], verified["images"]) == (True, 1)


def test_labels_fit_their_images(cimc: CommandLine, tmp_path: Path) -> None:
    _compiled(cimc)
    with np.load(MODELS / "mnist_test.npz") as arrays:
        images, labels = arrays["image"][:5], arrays["labels"][:4]
    np.savez(tmp_path / "short.npz", image=images, labels=labels)
    result = cimc("run", "out", "--input", "short.npz")
    assert result.code == 2
    assert "error[E122]: short.npz: array 'labels' has shape (4,)" in result.err


def test_an_edited_program_is_compared(cimc: CommandLine, tmp_path: Path) -> None:
    _compiled(cimc)
    assert cimc("disasm", "out", "-o", "program.mlir").code == 0
    text = (tmp_path / "program.mlir").read_text()
    (tmp_path / "program.mlir").write_text(text.replace(" zero 0 ", " zero 3 ", 1))
    assert cimc("asm", "program.mlir").code == 0
    result = cimc("run", "out", "--program", "program.bin", "--verify")
    assert result.code == 1
    assert "equal to onnxruntime: NO" in result.err
    assert "rram.store" in result.err
    assert cimc("run", "out", "--verify").code == 0
