"""Convolutions and pools over one map: what its halo holds, and that all are exact."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp

from cimc.context import CompilationContext
from cimc.dialects import cnn, tile
from cimc.driver.passes import parse_passes, run_passes
from cimc.frontend import import_model
from cimc.passes.tile.borders import Padding
from tests.properties.test_every_level import CROSSBARS, check_every_level
from tests.support.qdq import QdqBuilder

PADS = {"padded": [1, 1, 1, 1], "unpadded": [0, 0, 0, 0]}


def model(dtype, zero: int, conv_pads, counted: bool | None):
    """A convolution over a map that a maximum with padding reads, too.

    ``counted`` says whether an average pool over the map counts padding, if there is
    one.
    """
    builder = QdqBuilder(dtype)
    x = builder.input([1, 2, 6, 6], 0.1, zero)
    weights = np.arange(-18, 18).reshape(2, 2, 3, 3).astype(np.int8)
    scales = np.full(2, 0.01, np.float32)
    # The map in question is no input, so that it may become a ring.
    window = {"kernel_shape": [1, 1]}
    middle = builder.op("MaxPool", [x], 0.1, zero, **window)
    conv = builder.dense(
        "Conv", middle, weights, scales, None, 0.2, zero, pads=conv_pads
    )
    window = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    outputs = [conv, builder.op("MaxPool", [middle], 0.1, zero, **window)]
    if counted is not None:
        window["count_include_pad"] = int(counted)
        outputs.append(builder.op("AveragePool", [middle], 0.1, zero, **window))
    return builder.model(*outputs)


def padding_of(module: ModuleOp) -> Padding:
    """The padding of the map that several operators read."""
    shared = next(op for op in module.walk() if isinstance(op, cnn.MaxPoolOp))
    return Padding.of(shared.results[0])


@given(
    st.sampled_from([(np.int8, 3), (np.int8, -128), (np.uint8, 0), (np.uint8, 200)]),
    st.sampled_from(sorted(PADS)),
    st.sampled_from([None, False, True]),
)
def test_all_users_of_a_map_are_exact(values, conv, counted):
    check_every_level(
        CROSSBARS["two crossbars a core"], model(*values, PADS[conv], counted)
    )


@pytest.mark.parametrize(
    ("zero", "conv", "counted", "fill", "cut"),
    [
        # The zero point is the lowest value: all run over the halo.
        (-128, "padded", True, -128, False),
        # Nobody else needs the halo.
        (3, "unpadded", None, -128, False),
        (3, "unpadded", False, -128, False),
        # The convolution or the average takes it.
        (3, "padded", None, 3, True),
        (3, "unpadded", True, 3, True),
    ],
)
def test_a_maximum_is_cut_where_others_need_the_zero_point(
    zero, conv, counted, fill, cut
):
    imported = import_model(model(np.int8, zero, PADS[conv], counted), name="padding")
    module, context = imported.module, CompilationContext(weights=imported.weights)
    assert padding_of(module).fill == fill
    run_passes(module, context, parse_passes("convert-cnn-to-tile"))
    maps = [op for op in module.walk() if isinstance(op, tile.FeatureMapOp)]
    shared = next(op for op in maps if op.role.data == "intermediate")
    assert (shared.type.fill.data, shared.type.halo) == (fill, (1, 1, 1, 1))
    maxima = [
        op
        for op in module.walk()
        if isinstance(op, tile.WindowOp)
        and op.source == shared.result
        and any(isinstance(use.operation, tile.MaxOp) for use in op.result.uses)
    ]
    assert len(maxima) == (9 if cut else 1)
