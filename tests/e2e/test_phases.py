"""Shipped networks on chips that are too small for them: phases, end to end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

from cimc.backends.rram.verify.proof import prove
from cimc.dialects import tile
from cimc.driver import compile_model, execute_images
from cimc.passes.tile.phases import handed_over, phases_of
from tests.support.command_line import CommandLine
from tests.support.faults import faults
from tests.support.shipped import MODELS, images

Few = Callable[[str, int], str]


@pytest.fixture
def few(tmp_path: Path) -> Few:
    """A preset with so many cores, as a file."""

    def write(preset: str, cores: int) -> str:
        path, structure = tmp_path / "few.yaml", f"structure: {{cores: {cores}}}\n"
        path.write_text(f"extends: {preset}\nname: few\n{structure}")
        return str(path)

    return write


@pytest.mark.parametrize(
    ("network", "preset", "cores", "phases", "in_several", "by_rows"),
    [
        ("resnet8", "pelke-128", 9, 3, 0, 0),
        ("resnet8", "pelke-32", 30, 4, 1, 0),
        ("resnet8", "rram-small", 3, 51, 7, 44),
        ("lenet5", "rram-small", 3, 45, 3, 39),
    ],
)
def test_every_level_equals_onnxruntime(
    few: Few,
    network: str,
    preset: str,
    cores: int,
    phases: int,
    in_several: int,
    by_rows: int,
) -> None:
    model, chip = MODELS / f"{network}_int8.onnx", few(preset, cores)
    found: dict[str, int] = {}

    def look(name: str, module: ModuleOp, seconds: float) -> None:
        """Count layers in several phases, and sums that a phase leaves to the next."""
        if name == "cut-phases":
            cut = phases_of(module)
            layers = [{sweep.layer.data for sweep in sweeps} for sweeps in cut]
            names = {layer for some in layers for layer in some}
            several = [n for n in names if sum(n in some for some in layers) > 1]
            buffers = [value.owner for value in handed_over(cut)]
            sums = [op for op in buffers if isinstance(op, tile.PartialSumsOp)]
            found.update(several=len(several), by_rows=len(sums))

    artifact = compile_model(model, chip=chip, observer=look).artifact
    some = images(artifact, network, count=2)
    compiled = compile_model(model, chip=chip, verify_each=lambda _: some)
    metrics = execute_images(artifact, some, verify=True).metrics

    assert compiled.artifact.program == artifact.program
    assert metrics["verified"]["equal"]
    assert metrics["verified"]["images"] == 2
    assert len(metrics["phases"]) == phases
    assert found == {"several": in_several, "by_rows": by_rows}
    in_phases = sum(row["cycles"] for row in metrics["phases"])
    assert in_phases + metrics["host_traffic"]["cycles"] == metrics["cycles"]
    assert metrics["bound"]["cycles"] <= metrics["cycles"]


def test_no_wait_of_a_later_phase_may_be_dropped(few: Few) -> None:
    model = MODELS / "resnet8_int8.onnx"
    artifact = compile_model(model, chip=few("pelke-128", 9)).artifact
    module = artifact.target.decode(artifact.program)
    assert prove(module) is None

    tried = 0
    for fault in faults(module):
        if fault.kind == "drop" and "phase 1: rram.wait" in fault.what:
            undo = fault.inject()
            problem = prove(module)
            undo()
            assert problem is not None, fault.what
            assert "phase 1, instruction" in problem.where
            tried += 1
    assert tried > 10


def test_the_command_line_says_what_phases_cost(few: Few, cimc: CommandLine) -> None:
    model, chip = MODELS / "resnet8_int8.onnx", few("pelke-128", 9)

    line = "phases: 3, programmed for every image in 3.84 ms with "
    compiled = cimc("compile", model, "--chip", chip, "-o", "out", "--json")
    assert compiled.code == 0
    assert line in compiled.err
    document = compiled.document
    assert len(document["phases"]) == 3
    assert document["programming"]["time_ns"] == 3 * 128 * 10_000
    # No crossbar is programmed more often than there are phases.
    assert document["programming"]["images_until_worn"] == 10**8 // 3
    assert document["without_phases"]["crossbars"] == 21

    checked = cimc("check", model, "--chip", chip, "--json")
    assert checked.code == 0
    assert line in checked.err
    assert "without phases it takes at least 21 crossbars, 21 cores" in checked.err
    assert checked.document["phases"]["rram-small"] == 2
    assert checked.document["phases"]["pelke-128"] == 1
    assert "pelke-128" in checked.document["fitting_chips"]
    assert "rram-small" not in checked.document["fitting_chips"]
