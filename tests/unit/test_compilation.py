"""When the rules of the IR are checked during a compilation."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from cimc.diagnostics import CimcError, DoesNotFitError
from cimc.dialects.cnn import ConvOp
from cimc.driver import compile_model, random_images
from cimc.isa.instruction_set import InstructionSet
from cimc.passes import PASSES
from tests.support.shipped import MODELS

LENET = MODELS / "lenet5_int8.onnx"


class BreakIr(ModulePass):
    """Takes the windows away from convolutions."""

    name = "break-ir"

    def apply(self, ctx, op):
        for inner in op.walk():
            if isinstance(inner, ConvOp):
                del inner.properties["window"]


@pytest.fixture
def verified(monkeypatch):
    """The modules that were verified, as IR or as a program."""
    modules = []

    for kind in (ModuleOp, InstructionSet):
        verify = kind.verify

        def recorded(*arguments, verify=verify):
            # The module comes last, after the instruction set if there is one.
            modules.append(arguments[-1])
            verify(*arguments)

        monkeypatch.setattr(kind, "verify", recorded)
    return modules


def test_the_imported_module_and_the_program_are_checked(verified):
    compile_model(LENET)
    assert len(verified) == 2


def test_every_pass_is_checked_with_verify_each(verified):
    seconds = compile_model(LENET, verify_each=random_images).seconds
    assert len(verified) >= len(seconds)


def test_a_pipeline_of_ones_own_is_checked_after_every_pass(monkeypatch):
    monkeypatch.setitem(PASSES, BreakIr.name, lambda: BreakIr)
    with pytest.raises(CimcError, match="pass 'break-ir' left invalid IR") as caught:
        compile_model(LENET, pipeline="fuse-tables,break-ir")
    assert caught.value.diagnostic.code == "E070"


@pytest.mark.parametrize(
    ("target", "preset", "unit"),
    [("rram", "pelke-64", "core"), ("racetrack", "mu-64", "bank")],
)
def test_programs_exceed_the_instruction_memory(target, preset, unit, tmp_path):
    chip = tmp_path / "chip.yaml"
    structure = "structure: {instruction_memory: 4}"
    chip.write_text(f"extends: {preset}\nname: {preset}\n{structure}\n")

    with pytest.raises(DoesNotFitError) as caught:
        compile_model(LENET, target=target, chip=str(chip))

    found = caught.value.diagnostic
    assert found.code == "E033"
    assert f"a {unit} holds 4" in found.message
    assert preset in found.hints[0], "a chip of that name, but a larger one"
