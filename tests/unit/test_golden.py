"""The golden's own promises."""

import numpy as np
import pytest

from cimc.frontend import import_model
from cimc.golden import Golden, float_layers, saturates, session, unsaturated
from cimc.interpreters.cnn import interpret
from tests.support.qdq import QdqBuilder, feeds_for


def convolution(dtype):
    builder = QdqBuilder(dtype)
    generator = np.random.default_rng(0)
    x = builder.input([1, 16, 7, 7], 0.05, 3)
    weights = generator.integers(-128, 128, (8, 16, 3, 3)).astype(np.int8)
    y = builder.dense("Conv", x, weights, np.full(8, 0.01), np.arange(8), 0.5, 4)
    z = builder.op("Sigmoid", [y], 1 / 256, np.iinfo(dtype).min)
    return builder.model(z), y, z


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_exposed_tensors_change_nothing(dtype):
    model, inner, output = convolution(dtype)
    feeds, golden = feeds_for(model), Golden(model)
    plain = golden.run(feeds)
    exposed = golden.run(feeds, [inner, output])
    assert list(plain) == [output]
    assert list(exposed) == [inner, output]
    assert exposed[inner].dtype == dtype
    np.testing.assert_array_equal(plain[output], exposed[output])


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_unsaturated_copy_is_exact(dtype):
    model, inner, output = convolution(dtype)
    copy = unsaturated(model)
    weights = [t for t in copy.graph.initializer if t.name.startswith("w")]
    assert any(t.data_type == 2 for t in weights)
    for seed in range(10):
        feeds = feeds_for(model, seed)
        # Extreme operands are what saturates where kernels do.
        feeds = {n: np.where(v > 0, np.iinfo(dtype).max, v) for n, v in feeds.items()}
        feeds = {name: value.astype(dtype) for name, value in feeds.items()}
        values = Golden(copy).run(feeds, [inner, output])
        expected = _reference(model, feeds)
        np.testing.assert_array_equal(values[output], expected)


def _reference(model, feeds):
    imported = import_model(model)
    maps = interpret(imported.module, imported.weights, imported.host.inputs(0, feeds))
    (result,) = imported.host.outputs(imported.host.known(0, maps)).values()
    return result


def test_float_layers():
    """int8 activations with uint8 weights: onnxruntime has no integer kernel."""
    model, *_ = convolution(np.int8)
    (layer,) = (node.name for node in model.graph.node if node.op_type == "Conv")
    assert float_layers(model, [layer]) == []
    builder = QdqBuilder(np.int8)
    x = builder.input([1, 16, 7, 7], 0.05, 3)
    weights = np.full((8, 16, 3, 3), 200, np.uint8)
    y = builder.dense("Conv", x, weights, np.full(8, 0.01), np.arange(8), 0.5, 4)
    mixed = builder.model(y)
    (layer,) = (node.name for node in mixed.graph.node if node.op_type == "Conv")
    assert float_layers(mixed, [layer, "another"]) == [layer]


def test_probe_sees_what_this_machine_does():
    """Where the probe finds no fault, plain and exact kernels agree on extremes."""
    model, _, output = convolution(np.uint8)
    feeds = {n: np.full_like(v, 255) for n, v in feeds_for(model).items()}
    plain = session(model).run([output], feeds)[0]
    exact = session(unsaturated(model)).run([output], feeds)[0]
    assert saturates() or np.array_equal(plain, exact)
