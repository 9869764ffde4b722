"""Random networks on batches: every feature map of every image is onnxruntime's.

So it is for all ways to run layers at the same time. ``verify-sync`` proves the order
of each program, and the simulator checks it for all images.
"""

from __future__ import annotations

import onnx.printer
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from cimc.context import CompilationContext
from cimc.driver.passes import parse_passes, run_passes
from cimc.target import get_target
from tests.properties.networks import networks
from tests.properties.test_every_level import CROSSBARS, WAYS, Reference, check_counts


@pytest.mark.parametrize("machine", CROSSBARS)
@given(
    model=networks(),
    way=st.sampled_from(sorted(WAYS)),
    batch=st.sampled_from([2, 3, 4, 6]),
)
@settings(max_examples=settings().max_examples // 10)
def test_batches_equal_onnxruntime(machine, model, way, batch):
    note(onnx.printer.to_text(model))
    target, chip = get_target("rram"), CROSSBARS[machine].chip
    references = [Reference(model, seed) for seed in range(batch)]
    module, weights = references[0].model.module, references[0].model.weights
    target.attach_chip(module, chip)
    pipeline = WAYS[way](target.pipeline_for(chip, "latency", batch), chip)
    for pass_ in parse_passes(pipeline):
        run_passes(module, CompilationContext(weights=weights), [pass_])
        if pass_.name == "insert-sync":
            check_counts(module)
    simulator = target.simulator(target.encode(module), weights, chip)
    assert simulator.batch == batch
    runs = simulator.run_batch([reference.inputs for reference in references])
    for reference, run in zip(references, runs, strict=True):
        reference.check(run.feature_maps, f"all passes, {way}")
