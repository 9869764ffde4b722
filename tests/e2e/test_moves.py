"""Operators that move elements, compiled and run."""

from __future__ import annotations

import pytest

from cimc.frontend import import_model
from tests.support.qdq import QdqBuilder, feeds_for
from tests.support.trial import try_on


@pytest.mark.parametrize("target", ["rram", "racetrack"])
def test_blocks_of_more_positions_than_vector_registers(target: str) -> None:
    builder = QdqBuilder()
    x = builder.input([1, 50, 2, 2], 0.1, 3)
    model = builder.model(builder.op("DepthToSpace", [x], 0.1, 3, blocksize=5))

    found = try_on(import_model(model), target, [feeds_for(model)])

    assert found.result == "equal", found.why
