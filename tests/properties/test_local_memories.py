"""Passes for machines without shared memory: every one leaves the results alone."""

from __future__ import annotations

from collections import Counter

import onnx.printer
import pytest
from hypothesis import event, given, note

from cimc.context import CompilationContext
from cimc.diagnostics import DoesNotFitError
from cimc.dialects.tile import SweepOp
from cimc.driver.passes import parse_passes, run_passes
from cimc.interpreters import tile
from cimc.passes.tile.sweeps import weight_blocks
from tests.properties.networks import networks
from tests.properties.test_every_level import Reference

PIPELINE = (
    "fuse-tables,convert-cnn-to-tile,"
    "im2col-partition{{rows=8 columns=4 depthwise=true}},split-vectors{{channels=4}},"
    "duplicate-weights{{{machine} limit=3}},assign-arrays{{{machine}}},"
    'distribute-sweeps,localise-maps,insert-sync{{scheme="sequential"}}'
)

MACHINES = {
    "copies of everything": "cores=20 arrays=60",
    "few arrays": "cores=4 arrays=6",
}


def check_arrays(module) -> None:
    """No two blocks of a sweep share an array, and every sweep has its core."""
    users = Counter[object]()
    for sweep in module.body.block.ops:
        if isinstance(sweep, SweepOp):
            blocks = weight_blocks(sweep)
            arrays = {(block.core, block.array) for block in blocks}
            assert len(arrays) == len(blocks)
            assert not any(None in array for array in arrays)
            assert blocks or sweep.core is not None
            users.update(arrays)
    event("an array is shared", max(users.values(), default=0) > 1)


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
@given(model=networks())
def test_every_pass_keeps_the_results(machine, model):
    note(onnx.printer.to_text(model))
    reference = Reference(model)
    module, weights = reference.model.module, reference.model.weights
    context = CompilationContext(weights=weights)
    for pass_ in parse_passes(PIPELINE.format(machine=machine)):
        try:
            run_passes(module, context, [pass_])
        except DoesNotFitError:
            event("one product needs more arrays than there are")
            return
        if pass_.name == "assign-arrays":
            check_arrays(module)
        if pass_.name != "fuse-tables":
            reference.check(
                tile.interpret(module, weights, reference.inputs), pass_.name
            )
