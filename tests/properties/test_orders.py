"""Random convolutions compute what onnxruntime computes, whatever the order of cores.

At the tile level after the pass, and as a program in the simulator, which also finds
races and deadlocks.
"""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cimc.backends.rram.chip import CHIPS
from cimc.context import CompilationContext
from cimc.driver.levels import execute
from cimc.driver.passes import parse_passes, run_passes
from cimc.frontend import import_model
from cimc.golden import Golden
from cimc.target import get_target
from tests.properties.networks import Limits, networks
from tests.support.pipelines import without
from tests.support.qdq import QdqBuilder, feeds_for

SCHEMES = st.sampled_from(["linear", "cyclic", "auto"])


@st.composite
def convolutions(draw: st.DrawFn):
    """A convolution with a few row blocks on small crossbars."""
    numbers = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kernel, stride = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    inputs, outputs = draw(st.integers(6, 40)), draw(st.integers(1, 20))
    size = [draw(st.integers(kernel, 9)) for _ in range(2)]
    builder = QdqBuilder(draw(st.sampled_from([np.int8, np.uint8])))
    x = builder.input([1, inputs, *size], 0.02, 3)
    weights = numbers.integers(-128, 128, (outputs, inputs, kernel, kernel))
    y = builder.dense(
        "Conv",
        x,
        weights.astype(np.int8),
        numbers.uniform(0.001, 0.01, outputs).astype(np.float32),
        None,
        0.4,
        5,
        kernel_shape=[kernel] * 2,
        strides=[stride] * 2,
        pads=[draw(st.integers(0, kernel - 1)) for _ in range(4)],
    )
    return builder.model(y)


def check(model, scheme: str, every: int, crossbars: int, options: str = "") -> None:
    """Compile with these orders, and compare what they compute with onnxruntime."""
    target = get_target("rram")
    chip = CHIPS.load("rram-small").with_structure(
        cores=1024, crossbars_per_core=crossbars, sequence_registers=256,
        parameter_registers=64, table_registers=16,
    )  # fmt: skip
    imported = import_model(model, name="random")
    feeds = feeds_for(model)
    inputs = imported.host.inputs(0, feeds)
    expected = Golden(imported.quantised).run(feeds, imported.tensors)
    module, context = imported.module, CompilationContext(weights=imported.weights)
    target.attach_chip(module, chip)
    pipeline = re.sub(
        'scheme="auto"',
        f'scheme="{scheme}" every={every} {options}',
        target.pipeline(chip, "area"),
    )
    if "overlap=false" in options:
        pipeline = without(pipeline, "recycle-buffers")
    for pass_ in parse_passes(pipeline):
        run_passes(module, context, [pass_])
        if pass_.name not in ("insert-sync", "convert-tile-to-rram"):
            continue
        maps = execute(module, imported.weights, target, chip, inputs)
        for tensor in imported.segments[0].border.outputs:
            found = imported.host.to_onnx(tensor, maps[tensor])
            np.testing.assert_array_equal(found, expected[tensor], pass_.name)


@given(convolutions(), SCHEMES, st.integers(1, 12), st.integers(1, 3))
def test_orders_of_a_layer_equal_onnxruntime(model, scheme, every, crossbars):
    check(model, scheme, every, crossbars)


@given(networks(Limits(operators=3)), SCHEMES, st.integers(1, 6), st.booleans())
def test_orders_in_networks_equal_onnxruntime(model, scheme, every, overlap):
    check(model, scheme, every, 2, f"overlap={str(overlap).lower()}")
