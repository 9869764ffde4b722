"""Clocks that know few cores: groups, and that they miss and invent no race."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rram_programs import as_map, core, encode, module_of, small_chip
from test_simulator_random import CORES, begin, body, outcome

from cimc.backends.rram.dialect import CoreOp
from cimc.backends.rram.isa import CallOp, CreditOp, LoadOp, StoreOp, WaitOp
from cimc.backends.rram.simulator.simulator import Simulator
from cimc.diagnostics import VerificationError
from cimc.simulation import loaded_program
from cimc.simulation.knowledge import groups_of, knowledge_of
from cimc.weights import WeightStore
from tests.support.shipped import compiled, images


def few(cores):
    """Let all cores know each other only where there are at most so many."""
    return mock.patch.object(loaded_program, "FEW", cores)


def simulator_of(cores, size=320):
    module = module_of(*cores, declarations=(as_map("in", 0, size, "input"),))
    return Simulator(encode(module), WeightStore(), small_chip())


def test_groups_are_chains_within_layers():
    layers = [{0}, {1}, {1}, {1}, {2}, set()]
    links = [(0, 1), (1, 2), (3, 4), (4, 0), (5, 5)]
    groups = groups_of(layers, links)
    assert groups[1] == groups[2]
    assert len(set(groups.tolist())) == 5


def test_a_core_has_places_for_groups_that_its_own_is_linked_to():
    groups = np.array([0, 1, 1, 2, 3])
    knowledge = knowledge_of(groups, [(0, 2), (3, 1), (4, 4)])
    known = [
        [
            other
            for start, stop, _ in knowledge.runs[row[-2] : row[-1]].tolist()
            for other in range(start, stop)
        ]
        for row in knowledge.cores.tolist()
    ]
    assert known == [[0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3], [1, 2, 3], [4]]


def relay(cores):
    """Core 0 stores, and a chain of calls tells the last core, which reads."""
    last = cores - 1
    first = [
        LoadOp(vd=0, base=0, count=1, length=4),
        StoreOp(base=0, offset=8, vs=0, length=4),
        CallOp(core=1, s=0, by=1),
    ]
    between = [
        [WaitOp(s=0, by=1), CallOp(core=number + 1, s=0, by=1)]
        for number in range(1, last)
    ]
    reads = [WaitOp(s=0, by=1), LoadOp(vd=0, base=0, offset=8, count=1, length=4)]
    return [first, *between, reads]


def apart(bodies):
    """Cores without layers, each of which is a group of its own."""
    return [CoreOp([], body, number=number) for number, body in enumerate(bodies)]


def test_an_order_through_cores_that_know_nothing_of_it_is_found():
    image = np.zeros((1, 1, 320), np.uint8)
    with few(0):
        simulator = simulator_of(apart(relay(4)))
        narrow = simulator._program.knowledge
        simulator.run({"in": image})
        assert simulator._program.knowledge.cores is not narrow.cores
        assert not simulator._program.widen()


def test_a_race_stays_one():
    bodies = relay(4)
    bodies[3] = bodies[3][1:]
    bodies[2] = bodies[2][:1]
    image = np.zeros((1, 1, 320), np.uint8)
    with few(0), pytest.raises(VerificationError) as error:
        simulator_of(apart(bodies)).run({"in": image})
    assert error.value.diagnostic.code == "E043"


@given(st.lists(body, min_size=CORES, max_size=CORES), st.integers(200, 320))
@settings(max_examples=100)
def test_random_programs_do_the_same(bodies, size):
    cores = [
        core(number, begin(number) + ops, [CreditOp(s=1, count=1)])
        for number, ops in enumerate(bodies)
    ]
    image = (np.arange(size) % 251).astype(np.uint8).reshape(1, 1, -1)
    module = module_of(
        *cores, declarations=(as_map("in", 0, size, "input"),), memory=320
    )
    program = encode(module)
    expected = outcome(Simulator(program, WeightStore(), small_chip()), image)
    with few(0):
        found = outcome(Simulator(program, WeightStore(), small_chip()), image)
    assert found == expected


@pytest.mark.parametrize("network", ["lenet5", "resnet8"])
def test_compiled_programs_need_no_more(network):
    artifact = compiled(network, "pelke-32")
    feeds = images(artifact, network, 1).feeds[0]
    expected = artifact.session().simulate(feeds).metrics
    with few(0):
        session = artifact.session()
    assert session.simulate(feeds).metrics == expected
    assert session._simulators[0]._program.widen()
