"""The interpreter of the tile level, beyond what whole networks show."""

import numpy as np
import pytest

from cimc.context import CompilationContext
from cimc.diagnostics import VerificationError
from cimc.driver.text import parse_module
from cimc.interpreters import tile
from cimc.weights import WeightStore

COPIES = """
%x = tile.feature_map "x" of "" role "input" core 0 : !tile.feature_map<1x2x1xi8>
%y = tile.feature_map "y" of "l" role "output" core 1 : !tile.feature_map<1x2x1xi8>
%z = tile.feature_map "y" of "l" role "output" core 2 : !tile.feature_map<1x2x1xi8>
tile.sweep "l" core 0 rows <0 : 1> columns <0 : 2> {
  %a = tile.window %x <kernel 1x1> : !tile.feature_map<1x2x1xi8> -> vector<1xi8>
  tile.store %a, %y channels <0 : 1> : vector<1xi8>, !tile.feature_map<1x2x1xi8>
}
tile.sweep "l" core 0 rows <0 : 1> columns <0 : STOP> {
  %a = tile.window %x <kernel 1x1> : !tile.feature_map<1x2x1xi8> -> vector<1xi8>
  tile.store %a, %z channels <0 : 1> : vector<1xi8>, !tile.feature_map<1x2x1xi8>
}
"""


def run(stop: int) -> dict:
    module = parse_module(
        COPIES.replace("STOP", str(stop)), CompilationContext(), "copies"
    )
    image = np.array([[[3], [-4]]], np.int8)
    return tile.interpret(module, WeightStore(), {"x": image})


def test_copies_of_a_map_are_one_result():
    assert run(2)["y"].tolist() == [[[3], [-4]]]


def test_copies_that_differ_are_an_error():
    with pytest.raises(VerificationError, match="copies of feature map 'y' differ"):
        run(1)
