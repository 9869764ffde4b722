"""Operators that move elements, compiled and run."""

from __future__ import annotations

import numpy as np
import pytest

from cimc.frontend import import_model
from tests.support.qdq import QdqBuilder, feeds_for
from tests.support.trial import try_on


def shuffled(builder: QdqBuilder, x: str, shape: list[int], groups: int) -> str:
    """The channels of ``x`` (1, C, H, W), the first of each of the groups first."""
    _, channels, *size = shape
    steps = (
        ("Reshape", (1, groups, channels // groups, *size), {}),
        ("Transpose", None, {"perm": [0, 2, 1, 3, 4]}),
        ("Reshape", shape, {}),
    )
    for op, sizes, attributes in steps:
        more = [builder.constant("size", np.array(sizes, np.int64))] if sizes else []
        real = builder.node(op, [builder.real(x), *more], **attributes)
        x = builder.stored(real, 0.1, 3)
    return x


@pytest.mark.parametrize("target", ["rram", "racetrack"])
def test_blocks_of_more_positions_than_vector_registers(target: str) -> None:
    builder = QdqBuilder()
    x = builder.input([1, 50, 2, 2], 0.1, 3)
    model = builder.model(builder.op("DepthToSpace", [x], 0.1, 3, blocksize=5))

    found = try_on(import_model(model), target, [feeds_for(model)])

    assert found.result == "equal", found.why


@pytest.mark.parametrize("target", ["rram", "racetrack"])
def test_a_shuffle_wider_than_a_vector_register(target: str) -> None:
    builder = QdqBuilder()
    x = builder.input([1, 4096, 1, 2], 0.1, 3)
    model = builder.model(shuffled(builder, x, [1, 4096, 1, 2], groups=4))
    found = try_on(import_model(model), target, [feeds_for(model)])

    assert found.result == "does not fit"
    assert "a shuffle of 4096 channels exceeds a vector register" in found.why


@pytest.mark.parametrize("target", ["rram", "racetrack"])
def test_a_view_of_a_map_whose_halo_is_for_another_reader(target: str) -> None:
    """A maximum over a slice must not see the zeros that an average counts."""
    builder = QdqBuilder()
    x = builder.input([1, 6, 5, 5], 0.1, 0)
    pads = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    average = builder.op("AveragePool", [x], 0.1, 0, count_include_pad=1, **pads)
    bounds = [builder.constant("bound", np.array([n], np.int64)) for n in (1, 4, 1)]
    some = builder.stored(builder.node("Slice", [builder.real(x), *bounds]), 0.1, 0)
    model = builder.model(average, builder.op("MaxPool", [some], 0.1, 0, **pads))
    feeds = {name: -np.abs(values) for name, values in feeds_for(model).items()}

    found = try_on(import_model(model), target, [feeds])

    assert found.result == "equal", found.why


def test_an_addition_behind_a_wide_shuffle_is_cut_on_its_own() -> None:
    builder = QdqBuilder()
    x = builder.input([1, 800, 1, 2], 0.1, 3)
    mixed = shuffled(builder, x, [1, 800, 1, 2], groups=2)
    model = builder.model(builder.op("Add", [mixed, x], 0.2, 3))

    found = try_on(import_model(model), "rram", [feeds_for(model)])

    assert found.result == "equal", found.why
