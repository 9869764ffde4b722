"""Lower bounds on cycles, by hand; tests/properties holds simulations to them."""

import pytest

from cimc.backends.rram.bounds import layer_bounds
from cimc.backends.rram.chip import CHIPS
from cimc.context import CompilationContext
from cimc.driver.text import parse_module
from cimc.passes.tile.phases import phases_of

MACHINE = CHIPS.load("rram-small").machine()

# Three convolutions of 3 x 3 one after another, the second with stride 2 and on two
# cores for two halves of its columns, and a table over the last.
CHAIN = """
%x = tile.feature_map "x" of "" role "input" : !tile.feature_map<8x8x1xi8, PAD>
%a = tile.feature_map "a" of "a" role "intermediate" : !tile.feature_map<8x8x1xi8, PAD>
%b = tile.feature_map "b" of "b" role "intermediate" : !tile.feature_map<4x4x1xi8, PAD>
%c = tile.feature_map "c" of "c" role "intermediate" : !tile.feature_map<4x4x1xi8>
%t = tile.feature_map "t" of "t" role "output" : !tile.feature_map<4x4x1xi8>
%w0 = tile.weight_block <"w", "00"> rows <0 : 9> columns <0 : 1> core 0 array 0 : BLOCK
%w1 = tile.weight_block <"w", "00"> rows <0 : 9> columns <0 : 1> core 1 array 0 : BLOCK
%w2 = tile.weight_block <"w", "00"> rows <0 : 9> columns <0 : 1> core 2 array 0 : BLOCK
%w3 = tile.weight_block <"w", "00"> rows <0 : 9> columns <0 : 1> core 3 array 0 : BLOCK
tile.sweep "a" core 0 rows <0 : 8> columns <0 : 8> {
  %i = tile.window %x <kernel 3x3 pad 1x1x1x1> : !tile.feature_map<8x8x1xi8, PAD> -> V
  %p = tile.mvm %w0, %i : BLOCK, V -> vector<1xi32>
  %f = FINISH
  tile.store %f, %a channels <0 : 1> : vector<1xi8>, !tile.feature_map<8x8x1xi8, PAD>
}
tile.sweep "b" core 1 rows <0 : 4> columns <0 : 2> {
  %i = tile.window %a <kernel 3x3 stride 2x2 pad 1x1x1x1> :
    !tile.feature_map<8x8x1xi8, PAD> -> V
  %p = tile.mvm %w1, %i : BLOCK, V -> vector<1xi32>
  %f = FINISH
  tile.store %f, %b channels <0 : 1> : vector<1xi8>, !tile.feature_map<4x4x1xi8, PAD>
}
tile.sweep "b" core 2 rows <0 : 4> columns <2 : 4> {
  %i = tile.window %a <kernel 3x3 stride 2x2 pad 1x1x1x1> :
    !tile.feature_map<8x8x1xi8, PAD> -> V
  %p = tile.mvm %w2, %i : BLOCK, V -> vector<1xi32>
  %f = FINISH
  tile.store %f, %b channels <0 : 1> : vector<1xi8>, !tile.feature_map<4x4x1xi8, PAD>
}
tile.sweep "c" core 3 rows <0 : 4> columns <0 : 4> {
  %i = tile.window %b <kernel 3x3 pad 1x1x1x1> : !tile.feature_map<4x4x1xi8, PAD> -> V
  %p = tile.mvm %w3, %i : BLOCK, V -> vector<1xi32>
  %f = FINISH
  tile.store %f, %c channels <0 : 1> : vector<1xi8>, !tile.feature_map<4x4x1xi8>
}
tile.sweep "t" core 4 rows <0 : 4> columns <0 : 4> {
  %i = tile.window %c <kernel 1x1> : !tile.feature_map<4x4x1xi8> -> vector<1xi8>
  %y = tile.table %i <"t", "00"> : vector<1xi8> -> vector<1xi8>
  tile.store %y, %t channels <0 : 1> : vector<1xi8>, !tile.feature_map<4x4x1xi8>
}
"""
SHORT = {
    "PAD": "halo 1x1x1x1 of 0",
    "BLOCK": "!tile.weight_block<9x1xi8>",
    "FINISH": 'tile.requantise %p bias <"b", "00"> multiplier <"m", "00"> '
    "channels <0 : 1> zero 0 clamp <-128 : 127> : vector<1xi32> -> vector<1xi8>",
    " V": " vector<9xi8>",
}


def bounds():
    text = CHAIN
    for short, long in SHORT.items():
        text = text.replace(short, long)
    module = parse_module(text, CompilationContext(), "chain")
    return layer_bounds(phases_of(module), MACHINE)


def test_work_is_that_of_the_busiest_core():
    found = bounds()
    mvm, table = MACHINE.mvm_cycles, MACHINE.vector_cycles(1)
    assert [(name, bound.what) for name, bound in found.items()] == [
        ("a", "crossbar"),
        ("b", "crossbar"),
        ("c", "crossbar"),
        ("t", "vector unit"),
    ]
    assert [bound.work for bound in found.values()] == [
        64 * mvm,
        8 * mvm,
        16 * mvm,
        16 * table,
    ]


def test_heads_and_tails_are_those_of_corners():
    found = bounds()
    mvm, table = MACHINE.mvm_cycles, MACHINE.vector_cycles(1)
    # A corner of %b sees 2 x 2 of %a: a row of 8 and one more. One of %c sees 2 x 2 of
    # %b, of which each core has a row of 2 and one more, and with that 4 rows of %a.
    assert found["a"].head == 0
    assert found["b"].head == 9 * mvm
    assert found["c"].head == max(25 * mvm + mvm, 3 * mvm + 9 * mvm)
    assert found["t"].head == found["c"].head + mvm
    # The last element of %a is in one window of %b, which is in 2 x 2 of %c: in one of
    # the row before the last, and so in the last row of 4.
    assert found["t"].tail == 0
    assert found["c"].tail == table
    assert found["b"].tail == 5 * mvm + table
    assert found["a"].tail == mvm + 5 * mvm + table


@pytest.mark.parametrize("layer", ["a", "b", "c", "t"])
def test_total_is_head_work_and_tail(layer):
    bound = bounds()[layer]
    details = bound.details()
    assert bound.total == sum(
        details[name].value.data
        for name in ("cycles_before", "bound_cycles", "cycles_after")
    )
