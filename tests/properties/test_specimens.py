"""Chips of which nothing errs run random networks as ideal chips do."""

import numpy as np
import pytest
from hypothesis import given, settings

from cimc.backends.racetrack.nonideality import NONIDEALITIES
from cimc.context import CompilationContext
from cimc.driver.passes import parse_passes, run_passes
from cimc.frontend import import_model
from cimc.target import Specimen, get_target
from tests.properties.networks import networks
from tests.properties.test_every_level import TRACKS
from tests.support.qdq import feeds_for

MACHINES = {
    name: TRACKS[name]
    for name in ("arrays that are stored anew", "one port, always back to offset 0")
}


def compiled(model, target, chip):
    """The program of a network, and the network as imported."""
    imported = import_model(model, name="random")
    module = imported.module
    target.attach_chip(module, chip)
    passes = parse_passes(target.pipeline(chip, "latency"))
    run_passes(module, CompilationContext(weights=imported.weights), passes)
    return target.encode(module), imported


@pytest.mark.parametrize("machine", MACHINES)
@given(model=networks())
@settings(max_examples=settings().max_examples // 10)
def test_a_racetrack_specimen_without_errors_is_ideal(machine, model):
    chip, target = MACHINES[machine].chip, get_target("racetrack")
    program, imported = compiled(model, target, chip)
    weights = imported.weights
    inputs = imported.host.inputs(0, feeds_for(model, 0))

    ideal = target.simulator(program, weights, chip).run(inputs)
    specimen = Specimen(target.nonidealities("none"), seed=1)
    found = target.simulator(program, weights, chip, specimen).run(inputs)

    assert found.feature_maps.keys() == ideal.feature_maps.keys()
    for tensor, values in ideal.feature_maps.items():
        np.testing.assert_array_equal(found.feature_maps[tensor], values, tensor)
    for key in ("cycles", "layers", "shifts", "endurance", "busy"):
        assert found.metrics[key] == ideal.metrics[key]
    assert (
        ideal.metrics["endurance"]["shifts"]["total"]
        == (ideal.metrics["shifts"]["total"])
    )


@pytest.mark.parametrize("machine", MACHINES)
@given(model=networks())
@settings(max_examples=settings().max_examples // 10)
def test_a_racetrack_specimen_that_errs_much_runs_to_the_end(machine, model):
    chip, target = MACHINES[machine].chip, get_target("racetrack")
    program, imported = compiled(model, target, chip)
    inputs = imported.host.inputs(0, feeds_for(model, 0))
    values = NONIDEALITIES.load("none").model_dump()
    for name in ("over_shift", "under_shift", "pinning", "misread"):
        values[name]["value"] = 0.05
    specimen = Specimen(NONIDEALITIES.validated(values, "test"), seed=1)

    found = target.simulator(program, imported.weights, chip, specimen).run(inputs)

    assert set(imported.segments[0].border.outputs) <= found.feature_maps.keys()
