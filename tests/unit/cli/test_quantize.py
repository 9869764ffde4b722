"""``cimc quantize`` writes a model that compiles, computes the same, and says so."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tests.support import floats
from tests.support.command_line import CommandLine

SHAPE = [1, 3, 8, 8]


@pytest.fixture
def quantize(cimc: CommandLine):
    """Quantises a network of Conv, Relu, MaxPool and Gemm, and returns the bytes."""
    b = floats.FloatBuilder()
    x = b.node("Relu", b.conv("image", 3, 6))
    x = b.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    model = b.model(SHAPE, b.gemm(b.node("Flatten", x), 6 * 4 * 4, 5))
    onnx.save(model, cimc.folder / "float.onnx")
    np.savez(cimc.folder / "images.npz", image=floats.images(8, SHAPE))

    def run(output: str, *options: str) -> bytes:
        command = ("quantize", "float.onnx", "-o", output, "--calib", "images.npz")
        result = cimc(*command, *options)
        assert (result.code, result.out) == (0, "")
        assert result.err == f"written to {output}\n"
        return (cimc.folder / output).read_bytes()

    return run


@pytest.mark.parametrize("activations", ["int8", "uint8"])
def test_4_bit_weights(cimc: CommandLine, quantize, activations: str) -> None:
    options = ("--weights", "int4", "--activations", activations)
    content = quantize("q.onnx", *options)
    assert quantize("again.onnx", *options) == content
    graph = onnx.load_model_from_string(content).graph
    types = [numpy_helper.to_array(tensor).dtype for tensor in graph.initializer]
    assert {dtype.name for dtype in types} == {"float32", "int32", "int8", activations}
    readers = {node.output[0]: node for node in graph.node}
    arrays = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for node in graph.node:
        if node.op_type in ("Conv", "Gemm"):
            stored, scale, zero = (arrays[n] for n in readers[node.input[1]].input)
            assert stored.dtype == np.int8
            assert stored.min() >= -8
            assert stored.max() <= 7
            assert np.ptp(stored) > 12
            assert scale.size == len(stored if node.op_type == "Conv" else stored.T)
            assert not zero.any()
            bias = arrays[readers[node.input[2]].input[0]]
            assert bias.dtype == np.int32

    command = ("compile", "q.onnx", "-o", "out", "--run", "--input", "images.npz")
    result = cimc(*command, "--json")

    assert result.code == 0
    assert "warning" not in result.err
    assert result.document["verified"]["equal"] is True
    assert result.document["verified"]["images"] == 8


def test_8_bit_weights_are_the_default(quantize) -> None:
    assert quantize("a.onnx") == quantize("b.onnx", "--weights", "int8")
    assert quantize("a.onnx") != quantize("b.onnx", "--weights", "int4")


def test_a_quantised_model_keeps_its_weights(cimc: CommandLine, quantize) -> None:
    content = quantize("q.onnx")

    result = cimc("quantize", "q.onnx", "-o", "again.onnx", "--weights", "int4")

    assert result.code == 0
    assert "warning[W101]" in result.err
    assert (cimc.folder / "again.onnx").read_bytes() == content


def test_report(cimc: CommandLine, quantize) -> None:
    content = quantize("q.onnx")
    command = ("quantize", "float.onnx", "-o", "r.onnx", "--calib", "images.npz")

    result = cimc(*command, "--report", "--json")

    assert result.code == 0
    assert (cimc.folder / "r.onnx").read_bytes() == content
    layers = {layer["op"]: layer for layer in result.document["layers"]}
    assert list(layers) == ["Conv", "MaxPool", "Flatten", "Gemm"]
    assert all(20 < layer["sqnr_db"] < 60 for layer in layers.values())
    assert layers["MaxPool"]["gain_db"] == pytest.approx(0, abs=0.5)
    assert layers["Gemm"]["gain_db"] > 0.1
    assert 20 < result.document["sqnr_db"] < 60
    assert result.document["samples"] == 8
    assert "most to gain:" in result.err


def test_report_finds_the_layer_that_hurts(cimc: CommandLine) -> None:
    """With 4-bit weights in all layers the one with outliers gains most in float."""
    b = floats.FloatBuilder()
    x = b.node("Relu", b.conv("image", 3, 6))
    values = b.generator.normal(0, 0.1, (6, 6, 3, 3)).astype(np.float32)
    values[:, 0, 0, 0] = 4
    x = b.node("Relu", b.node("Conv", x, b.constant(values)))
    onnx.save(b.model(SHAPE, b.conv(x, 6, 4)), cimc.folder / "float.onnx")
    np.savez(cimc.folder / "images.npz", image=floats.images(8, SHAPE))
    command = ("quantize", "float.onnx", "-o", "q.onnx", "--calib", "images.npz")

    result = cimc(*command, "--weights", "int4", "--report", "--json")

    layers = result.document["layers"]
    worst = max(layers, key=lambda layer: layer["gain_db"])
    assert worst == layers[1]
    assert worst["gain_db"] > 1


def test_report_needs_a_float_model(cimc: CommandLine, quantize) -> None:
    quantize("q.onnx")
    command = ("quantize", "q.onnx", "-o", "r.onnx", "--calib", "images.npz")

    result = cimc(*command, "--report")

    assert result.code == 2
    assert "error[E124]" in result.err
    assert not (cimc.folder / "r.onnx").exists()


def test_method_of_calibration(cimc: CommandLine, quantize) -> None:
    assert quantize("a.onnx", "--calib-method", "minmax") == quantize("b.onnx")
    assert quantize("c.onnx", "--calib-method", "percentile") != quantize("d.onnx")
    command = ("quantize", "float.onnx", "-o", "e.onnx", "--calib", "images.npz")

    result = cimc(*command, "--calib-method", "guess")

    assert result.code == 2
    assert "error[E003]: --calib-method" in result.err
