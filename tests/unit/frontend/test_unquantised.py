"""Quantised models with layers in float: with calibration data those are quantised."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from cimc.diagnostics import CimcWarning, InputError
from cimc.frontend import import_model, quantise_model
from cimc.frontend.calibration import Measurement, samples
from cimc.golden import Golden
from tests.support import floats
from tests.support.qdq import QdqBuilder, assert_golden

pytestmark = pytest.mark.filterwarnings("error:.*W103")

SHAPE = [1, 3, 8, 8]


class Builder(QdqBuilder):
    """Layers in float beside quantised ones."""

    def __init__(self, dtype=np.uint8) -> None:
        super().__init__(dtype)
        self.generator = np.random.default_rng(3)
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, SHAPE)
        self.inputs.append(image)

    def numbers(self, *shape: int) -> np.ndarray:
        return self.generator.normal(0, 0.2, shape).astype(np.float32)

    def float_conv(self, x: str, weights: np.ndarray, bias: np.ndarray) -> str:
        operands = [x, self.constant("w", weights), self.constant("b", bias)]
        return self.node("Conv", operands, pads=[1, 1, 1, 1])

    def conv(self, x: str) -> str:
        weights = self.generator.integers(-127, 127, (8, 8, 3, 3)).astype(np.int8)
        scales = np.full(8, 0.002)
        return self.dense(
            "Conv", x, weights, scales, None, 0.02, 128, pads=[1, 1, 1, 1]
        )


def between(b: Builder) -> str:
    """Float before and behind a quantised layer; the last result stays in float."""
    x = b.float_conv("image", b.numbers(8, 3, 3, 3), b.numbers(8))
    x = b.real(b.conv(b.stored(b.node("Relu", [x]), 0.01, 0)))
    x = b.node("MaxPool", [x], kernel_shape=[2, 2])
    x = b.node("Relu", [b.float_conv(x, b.numbers(4, 8, 3, 3), b.numbers(4))])
    return b.float_conv(x, b.numbers(4, 4, 3, 3), b.numbers(4))


def shared(b: Builder) -> str:
    """A map in float that the model quantises for one reader and not for another."""
    x = b.float_conv("image", b.numbers(8, 3, 3, 3), b.numbers(8))
    left = b.real(b.conv(b.stored(x, 0.02, 128)))
    right = b.float_conv(x, b.numbers(8, 8, 3, 3), b.numbers(8))
    return b.node("Add", [left, right])


def placed(imported):
    return {(row.op, row.placement) for row in imported.coverage if row.macs}


def quantised(model):
    data = {"image": floats.images(8, SHAPE)}
    return quantise_model(model, calibration=data)


def test_without_data_they_stay_on_the_host():
    b = Builder()
    with pytest.warns(CimcWarning, match=r"W112.* 3 layer") as found:
        imported = import_model(b.model(between(b)))
    assert placed(imported) == {("Conv", "host"), ("Conv", "device")}
    assert any("--calib" in str(warning.message) for warning in found)


@pytest.mark.parametrize("network", [between, shared])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_with_data_the_device_runs_them(network, dtype):
    b = Builder() if dtype == np.uint8 else Signed()
    model = b.model(network(b))
    with pytest.warns(CimcWarning, match="W112"):
        before = Golden(quantise_model(model))
    found = quantised(model)

    assert placed(assert_golden(found)) == {("Conv", "device")}
    feeds = {"image": floats.images(1, SHAPE, seed=9)}
    (expected,), (values,) = (
        before.run(feeds).values(),
        Golden(found).run(feeds).values(),
    )
    noise = np.mean((values - expected) ** 2) / np.mean(expected**2)
    assert 0 < noise < 1e-2


class Signed(Builder):
    """The same networks with int8: 128 is subtracted from all zero points."""

    def __init__(self) -> None:
        super().__init__(np.int8)

    def parameters(self, scale: float, zero: int) -> tuple[str, str]:
        return super().parameters(scale, zero - 128)


def test_what_the_model_quantises_keeps_its_numbers():
    b = Builder()
    model = b.model(shared(b))
    found = quantised(model)
    known = {t.name: numpy_helper.to_array(t) for t in found.graph.initializer}
    maps = [node for node in found.graph.node if node.op_type == "QuantizeLinear"]
    scales = {float(known[node.input[1]]) for node in maps}
    # Those of image, of the other Conv and of nothing else are new.
    assert len(maps) == 4
    assert len(scales - {float(np.float32(0.02))}) == 2
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.INT8:
            assert any(
                np.array_equal(numpy_helper.to_array(tensor), v) for v in known.values()
            )


def test_a_bias_that_is_large_against_its_weights():
    b = Builder()
    weights = b.numbers(8, 3, 3, 3)
    weights[:2] *= 1e-9
    x = b.float_conv("image", weights, np.full(8, 3, np.float32))
    found = quantised(b.model(b.conv(b.stored(x, 0.04, 0))))
    biases = [
        numpy_helper.to_array(t)
        for t in found.graph.initializer
        if t.data_type == TensorProto.INT32 and t.name.endswith("_quantized")
    ]
    assert all(abs(bias.astype(np.int64)).max() <= 2**30 for bias in biases)
    assert_golden(found)


def test_ranges_without_rare_values_are_narrower(capsys):
    b = Builder()
    model = b.model(between(b))
    data = {"image": floats.images(8, SHAPE)}
    data["image"][0, 0, 0, 0] = 50
    scales = []
    for calibration in (data, Measurement(data, "entropy")):
        found = quantise_model(model, calibration=calibration)
        known = {t.name: numpy_helper.to_array(t) for t in found.graph.initializer}
        first = next(n for n in found.graph.node if n.op_type == "QuantizeLinear")
        scales.append(float(known[first.input[1]]))
    assert scales[1] < scales[0] / 2
    assert not capsys.readouterr().out


def test_inputs_without_a_batch_axis():
    info = helper.make_tensor_value_info("map", TensorProto.FLOAT, [4, 6])
    graph = helper.make_graph([], "none", [info], [info])
    model = helper.make_model(graph)
    maps = np.arange(72, dtype=np.float32).reshape(3, 4, 6)
    found = samples(model, {"map": maps})
    np.testing.assert_array_equal([sample["map"] for sample in found], maps)
    with pytest.raises(InputError, match=r"E122.*not Nx4x6"):
        samples(model, {"map": maps[0]})


def test_types_do_not_bear_on_layers_that_are_quantised_later():
    b = Builder()
    model = b.model(between(b))
    data = {"image": floats.images(2, SHAPE)}
    with pytest.warns(CimcWarning, match=r"W101(.|\n)*types are ignored"):
        found = quantise_model(model, calibration=data, weights="int4")
    assert found == quantise_model(model, calibration=data)
