"""The context of a compilation."""

import pytest
from xdsl.context import Context

from cimc.context import CompilationContext, weights_of
from cimc.driver.text import parse_module
from cimc.target import get_target
from cimc.weights import WeightStore


def test_own_dialects_are_known_and_targets_are_added():
    context = CompilationContext()
    own = {"builtin", "cim", "cnn", "tile"}
    assert set(context.registered_dialect_names) == own
    rram = get_target("rram").dialect()
    context.add_dialect(rram)
    context.add_dialect(rram)
    assert set(context.registered_dialect_names) == own | {"rram"}
    assert parse_module("rram.memory 64", context, "text").body.block.first_op


def test_each_compilation_owns_its_weights():
    weights = WeightStore()
    context = CompilationContext(weights=weights)
    assert weights_of(context) is weights
    assert weights_of(CompilationContext()) is not weights_of(CompilationContext())


def test_passes_need_a_compilation():
    with pytest.raises(AssertionError, match="passes run in a compilation"):
        weights_of(Context())
