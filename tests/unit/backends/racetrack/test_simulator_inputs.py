"""Programs, constants and inputs that do not fit each other are refused."""

import numpy as np
import pytest

from cimc.backends.racetrack.simulator.simulator import Simulator
from cimc.diagnostics import InputError
from cimc.weights import WeightStore
from tests.support.programs import constant
from tests.unit.backends.racetrack.racetrack_programs import (
    IMAGE,
    MISSING,
    bank,
    encode,
    module_of,
    simulator,
    small_chip,
)
from tests.unit.backends.racetrack.test_simulator_traps import weights


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, r"takes inputs \['x'\], not \[\]"),
        ({"x": IMAGE[:, :7]}, r"takes uint8\(1, 8, 4\)"),
        ({"x": IMAGE.astype(np.float32)}, "is float32"),
        ({"x": IMAGE.astype(int) + 256}, "leaves the range of uint8"),
    ],
)
def test_unfit_inputs(inputs, message):
    with pytest.raises(InputError, match=message) as caught:
        simulator(bank(0, [])).run(inputs)
    assert caught.value.diagnostic.code == "E025"


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"row": 1}, "E026", "has shape"),
        ({"column": 1}, "E026", "has shape"),
        ({"matrix": "wide"}, "E026", "int32 with 2 dimensions instead of int8"),
        ({"order": "short"}, "E026", "does not place 3 rows in 8 domains"),
        ({"order": "high"}, "E026", "does not place 3 rows in 8 domains"),
        ({"order": "bytes"}, "E026", "int8 with 1 dimensions instead of int32"),
        ({"matrix": None}, "E012", "missing"),
    ],
)
def test_unfit_constants(change, code, says):
    store = WeightStore()
    good = weights(store)
    references = {
        "wide": constant(store, "wide", np.zeros((3, 2), np.int32)),
        "short": constant(store, "short", np.zeros(7, np.int32)),
        "high": constant(store, "high", np.array([3] + [-1] * 7, np.int32)),
        "bytes": constant(store, "bytes", np.zeros(8, np.int8)),
        None: MISSING,
    }
    values = {k: v if type(v) is int else references[v] for k, v in change.items()}
    simulator(bank(0, [], [good]), store=store)
    changed = type(good)(**{**good.values, **values})
    with pytest.raises(InputError) as caught:
        simulator(bank(0, [], [changed]), store=store)
    assert caught.value.diagnostic.code == code
    assert says in str(caught.value)


def test_weights_must_have_the_bits_of_the_chip():
    store = WeightStore()
    chip = small_chip(weight_bits=4)
    simulator(bank(0, [], [weights(store, -8)]), store=store, chip=chip)
    other = WeightStore()
    with pytest.raises(InputError, match="leaves the 4 bits of a weight") as caught:
        simulator(bank(0, [], [weights(other, 8)]), store=other, chip=chip)
    assert caught.value.diagnostic.code == "E026"


def test_the_chip_must_be_the_one_compiled_for():
    data = encode(module_of(bank(0, [])))
    with pytest.raises(InputError, match="E022"):
        Simulator(data, WeightStore(), small_chip(link_bytes=16))
