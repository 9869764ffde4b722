"""The generic form: read back unchanged, and accepted by the real mlir-opt."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.printer import Printer

from cimc.context import CompilationContext
from cimc.driver.levels import text_of
from cimc.driver.passes import parse_passes, run_passes
from cimc.driver.text import parse_module
from cimc.frontend import import_model
from cimc.target import get_target

HERE = Path(__file__).parent
MODELS = HERE.parents[1] / "models"
ROUND_TRIPS = sorted([*HERE.rglob("ops.mlir"), *HERE.rglob("attributes.mlir")])


def mlir_opt() -> str | None:
    """The newest mlir-opt on the PATH; distributions append the version."""
    plain = shutil.which("mlir-opt")
    versions = {
        int(found[1]): str(path)
        for folder in os.get_exec_path()
        for path in Path(folder).glob("mlir-opt-*")
        if (found := re.fullmatch(r"mlir-opt-(\d+)", path.name))
    }
    return plain or (versions[max(versions)] if versions else None)


MLIR_OPT = mlir_opt()
needs_mlir_opt = pytest.mark.skipif(
    MLIR_OPT is None, reason="mlir-opt is not installed (Debian: mlir-19-tools)"
)


def context_of_targets() -> CompilationContext:
    context = CompilationContext()
    for name in ("racetrack", "rram"):
        context.add_dialect(get_target(name).dialect())
    return context


def generic(module: ModuleOp) -> str:
    stream = io.StringIO()
    Printer(stream, print_generic_format=True).print_op(module)
    return stream.getvalue()


def accept(*modules: ModuleOp) -> None:
    """Give modules to mlir-opt, which must not complain."""
    command = [str(MLIR_OPT), "--allow-unregistered-dialect", "--split-input-file"]
    text = "\n// -----\n".join(map(generic, modules))
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[:2000]


@pytest.mark.parametrize("path", ROUND_TRIPS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_both_forms_are_read_back_unchanged(path):
    context = context_of_targets()
    module = parse_module(path.read_text(), context, path.name)
    for text in (text_of(module), generic(module)):
        again = parse_module(text, context, path.name)
        assert again.is_structurally_equivalent(module)
        assert text_of(again) == text_of(module)


@needs_mlir_opt
@pytest.mark.parametrize("path", ROUND_TRIPS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_mlir_opt_accepts_every_operation(path):
    accept(parse_module(path.read_text(), context_of_targets(), path.name))


@needs_mlir_opt
@pytest.mark.parametrize(
    ("target", "chip", "name"),
    [
        ("rram", "pelke-64", "lenet5"),
        ("rram", "pelke-64", "resnet8"),
        ("racetrack", "mu-64", "lenet5"),
    ],
)
def test_mlir_opt_accepts_models_after_every_pass(target, chip, name):
    target = get_target(target)
    chip = target.load_chip(chip)
    model = import_model(MODELS / f"{name}_int8.onnx")
    target.attach_chip(model.module, chip)
    stages = [model.module.clone()]
    run_passes(
        model.module,
        CompilationContext(weights=model.weights),
        parse_passes(target.pipeline(chip, "latency")),
        lambda pass_, module, seconds: stages.append(module.clone()),
    )
    accept(*stages)
