"""Lean operations: they read, copy and compare as those of xDSL do."""

import pytest
from xdsl.dialects.builtin import i8
from xdsl.ir import Region

from cimc.dialects import tile
from cimc.dialects.cim import Range, Window
from cimc.dialects.lean import operations_of
from cimc.isa.declared import DeclaredOp, Instruction
from cimc.isa.program import Loop, Step

ROWS, COLUMNS = Range.of(0, 4), Range.of(0, 6)


@pytest.fixture
def sweep():
    map_ = tile.FeatureMapOp(
        "x", "layer", "intermediate", tile.FeatureMapType.of((4, 6, 8), i8)
    )
    window = tile.WindowOp(map_.result, Window.of((1, 1)))
    window.result.name_hint = "w"
    store = tile.StoreOp(window.result, map_.result, Range.of(0, 8))
    return tile.SweepOp("layer", ROWS, COLUMNS, [window, store])


def test_arguments_are_read_as_xdsl_lists_them(sweep):
    window, store = sweep.operations
    assert store.value is store.operands[0] is window.results[0] is window.result
    assert store.target is store.operands[1]
    assert sweep.body is sweep.regions[0]
    assert [use.operation for use in window.result.uses] == [store]


def test_a_property_that_is_none_is_left_out(sweep):
    window, _ = sweep.operations
    assert window.properties == {"window": Window.of((1, 1))}
    assert window.some_elements is None


def test_a_clone_has_the_same_parts_but_shares_none(sweep):
    clone = sweep.clone()
    window, store = clone.operations
    assert clone.is_structurally_equivalent(sweep)
    assert store.value is window.result
    assert window.result.name_hint == "w"
    assert store.target is sweep.operations[1].target
    clone.properties.clear()
    store.properties.clear()
    assert sweep.rows == ROWS
    assert sweep.operations[1].channels == Range.of(0, 8)


def test_clones_of_operations_without_arguments_are_apart():
    step = Step(a=1, by=4)
    clone = step.clone()
    clone.properties.update(Step(a=2, by=4).properties)
    assert (type(clone), step.a, clone.a, clone.by) == (Step, 1, 2, 4)
    loop = Loop([step], count=3).clone()
    assert loop.body()[0] is not step
    assert loop.body()[0].parent_op() is loop


def test_instances_are_those_of_real_subclasses(sweep):
    window, _ = sweep.operations
    assert isinstance(window, tile.WindowOp)
    assert not isinstance(window, tile.StoreOp)
    assert not isinstance(window, DeclaredOp)
    assert isinstance(Loop([Step(a=0, by=1)], count=2), Instruction)


def test_operations_of_a_region_are_in_order_or_there_is_none(sweep):
    assert operations_of(sweep.body) == [*sweep.body.block.ops]
    assert operations_of(Region()) == []
