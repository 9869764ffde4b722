"""Words with an offset and domains that move: two simulators, one machine."""

from __future__ import annotations

import numpy as np
import onnx.printer
import pytest
from hypothesis import assume, event, given, note, settings
from hypothesis import strategies as st

from cimc.backends.racetrack.cells import CELLS
from cimc.backends.racetrack.chip import CHIPS
from cimc.backends.racetrack.simulator.domains import DomainSimulator
from cimc.backends.racetrack.simulator.simulator import Simulator
from cimc.context import CompilationContext
from cimc.diagnostics import DoesNotFitError
from cimc.driver.passes import parse_passes, run_passes
from cimc.interpreters import tile
from cimc.target import get_target
from tests.properties.networks import Limits, networks
from tests.properties.test_every_level import Reference

RACETRACK_TARGET = get_target("racetrack")
FIDELITIES = {"lane": Simulator, "domain": DomainSimulator}

TINY = {"domains": 8, "vector_register_bytes": 128, "line_buffer_bytes": 1024}


@st.composite
def chips(draw, cell):
    """Chips of a few tracks; times and energies are those of a preset."""
    chip = CHIPS.load(draw(st.sampled_from(["mu-64", "rtsim-64k", "destiny-4k"])))
    word_bits = draw(st.sampled_from([8, 16, 32]))
    return chip.with_structure(
        **TINY,
        cell=cell,
        ports=draw(st.sampled_from([1, 2, 4])),
        lanes=draw(st.integers(2, 4)),
        banks=draw(st.integers(1, 3)),
        arrays_per_bank=draw(st.sampled_from([1, 2, 8])),
        word_bits=word_bits,
        tracks=word_bits + draw(st.sampled_from([0, 3])),
        weight_bits=draw(st.sampled_from([4, 8])),
        accumulator_bits=draw(st.sampled_from([24, 32])),
        port_policy=draw(st.sampled_from(["static", "nearest"])),
        port_update=draw(st.sampled_from(["lazy", "eager"])),
        link_bytes=draw(st.sampled_from([1, 8])),
        vector_lanes=draw(st.sampled_from([1, 4])),
    )


def assert_agree(lane, domain):
    """Values, shifts, cycles and instructions exactly; energies up to rounding."""
    assert lane.feature_maps.keys() == domain.feature_maps.keys()
    for tensor, values in lane.feature_maps.items():
        np.testing.assert_array_equal(domain.feature_maps[tensor], values, tensor)
    for key in ("cycles", "shifts", "instructions", "time_ns"):
        assert domain.metrics[key] == lane.metrics[key], key
    assert domain.metrics["energy_pj"] == pytest.approx(
        lane.metrics["energy_pj"], rel=1e-9
    )


@pytest.mark.parametrize("cell", CELLS)
@given(data=st.data())
@settings(max_examples=80)
def test_both_fidelities_run_a_network_alike(cell, data):
    chip = data.draw(chips(cell))
    limits = Limits((4, 5, 5), 4, 3, 2, chip.structure.weight_bits)
    model = data.draw(networks(limits))
    note(onnx.printer.to_text(model))
    note(str(chip.structure))
    reference = Reference(model)
    module, weights = reference.model.module, reference.model.weights
    RACETRACK_TARGET.attach_chip(module, chip)
    context = CompilationContext(weights=weights)
    try:
        for pass_ in parse_passes(RACETRACK_TARGET.pipeline(chip)):
            if pass_.name == "convert-tile-to-racetrack":
                expected = tile.interpret(module, weights, reference.inputs)
            run_passes(module, context, [pass_])
    except DoesNotFitError as error:
        event(error.diagnostic.code)
        assume(False)
    program = RACETRACK_TARGET.encode(module)
    lane, domain = (
        simulator(program, weights, chip).run(reference.inputs)
        for simulator in FIDELITIES.values()
    )
    assert_agree(lane, domain)
    for tensor, values in domain.feature_maps.items():
        np.testing.assert_array_equal(values, expected[tensor], tensor)
    reference.check(domain.feature_maps, "the domain level")
    event(f"shifts: {domain.metrics['shifts']['total'] > 0}")
    event(f"link in use: {domain.metrics['energy_pj']['transfer'] > 0}")
