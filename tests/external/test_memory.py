"""How much memory it takes to compile a model of 500 MB.

``pytest -m external tests/external/test_memory.py``, some minutes.
"""

import os
import subprocess
import sys

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

pytestmark = pytest.mark.external

GIB = 1 << 30

CHIP = """
extends: pelke-128
name: large
structure: {cores: 40000}
"""


def weights(name, shape, kind, file):
    """A constant in an external file, written row by row: a child counts from here."""
    generator, start = np.random.default_rng(len(name)), file.tell()
    for _ in range(shape[0]):
        row = generator.integers(-127, 128, shape[1])
        row = row.astype(np.int8) if kind == TensorProto.INT8 else row / np.float32(9e3)
        file.write(row.astype(helper.tensor_dtype_to_np_dtype(kind)).tobytes())
    found = TensorProto(name=name, dims=shape, data_type=kind)
    found.data_location = TensorProto.EXTERNAL
    place = {"location": "weights", "offset": start, "length": file.tell() - start}
    for key, value in place.items():
        found.external_data.add(key=key, value=str(value))
    return found


def in_float(name, shape, file):
    return [], [weights(name, shape, TensorProto.FLOAT, file)]


def quantised(name, shape, file):
    node = helper.make_node("DequantizeLinear", [f"{name}_q", "scale", "zero"], [name])
    return [node], [weights(f"{name}_q", shape, TensorProto.INT8, file)]


def between(real):
    """QuantizeLinear and DequantizeLinear behind ``real``."""
    parameters = ["step", "middle"]
    return [
        helper.make_node("QuantizeLinear", [real, *parameters], [f"{real}_q"]),
        helper.make_node("DequantizeLinear", [f"{real}_q", *parameters], [f"{real}_r"]),
    ]


def save_network(path, rows, columns, form):
    """Two layers without activation; bytes of their weights."""
    with (path.parent / "weights").open("wb") as file:
        made = [form("w0", (rows, columns), file), form("w1", (columns, rows), file)]
        size = file.tell()
    nodes, name = [], "x"
    for index, (before, _) in enumerate(made):
        if before:
            nodes += between(name)
            name = f"{name}_r"
        nodes += [*before, helper.make_node("Gemm", [name, f"w{index}"], [f"y{index}"])]
        name = f"y{index}"
    if made[0][0]:
        nodes += between(name)
        name = f"{name}_r"
    parameters = {
        "scale": np.float32(1e-4),
        "zero": np.int8(0),
        "step": np.float32(1 / 64),
        "middle": np.uint8(128),
    }
    constants = [
        numpy_helper.from_array(np.asarray(v), k) for k, v in parameters.items()
    ]
    graph = helper.make_graph(
        nodes,
        "large",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, rows])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, rows])],
        [*constants, *(tensor for _, tensors in made for tensor in tensors)],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    path.write_bytes(model.SerializeToString())
    return size


@pytest.mark.parametrize(
    ("form", "rows", "columns"),
    [(in_float, 8192, 8000), (quantised, 16384, 16000)],
)
def test_peak_is_twice_the_weights_and_a_gibibyte(form, rows, columns, tmp_path):
    size = save_network(tmp_path / "large.onnx", rows, columns, form)
    assert size >= 500_000_000
    (tmp_path / "chip.yaml").write_text(CHIP)
    options = ["--chip", tmp_path / "chip.yaml", "-o", tmp_path / "out"]
    if form is in_float:
        options += ["--calib", "random"]
    child = subprocess.Popen(
        [sys.executable, "-m", "cimc", "compile", tmp_path / "large.onnx", *options]
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    assert usage.ru_maxrss * 1024 <= 2 * size + GIB
    assert (tmp_path / "out" / "manifest.json").is_file()
