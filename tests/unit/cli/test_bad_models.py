"""Models, data and chips at fault: one clear message and nothing written."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tests.support.command_line import CommandLine, Result
from tests.support.floats import FloatBuilder
from tests.support.qdq import QdqBuilder
from tests.support.shipped import MODELS, samples_of

QUANTISED = MODELS / "lenet5_int8.onnx"
FLOAT = MODELS / "lenet5.onnx"


def snapshot(folder: Path) -> dict[str, str]:
    """Every file and folder below, with what is in it."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else ""
        for path in sorted(folder.rglob("*"))
    }


def refused(cimc: CommandLine, *arguments: str | Path, code: int = 2) -> Result:
    """Run a command that must fail with one clear message and leave no trace."""
    before, models = snapshot(cimc.folder), snapshot(MODELS)
    result = cimc(*arguments)
    assert result.code == code, result.err
    assert result.err.count("error[E") == 1, result.err
    assert "Traceback" not in result.err
    assert result.out == ""
    assert snapshot(cimc.folder) == before
    assert snapshot(MODELS) == models
    return result


def compile_refused(cimc: CommandLine, model: str | Path, *more: str | Path) -> str:
    return refused(cimc, "compile", model, "-o", "out", *more).err


@pytest.mark.parametrize("size", [0, 1, 1000, 70_000])
def test_truncated_model(cimc: CommandLine, size: int) -> None:
    (cimc.folder / "model.onnx").write_bytes(QUANTISED.read_bytes()[:size])

    assert "error[E102]: model.onnx: " in compile_refused(cimc, "model.onnx")


def test_model_that_is_something_else(cimc: CommandLine) -> None:
    (cimc.folder / "model.onnx").write_text("not a model at all " * 50)

    assert "error[E102]: model.onnx: " in compile_refused(cimc, "model.onnx")


@pytest.mark.parametrize("name", ["missing.onnx", "."])
def test_no_model_there(cimc: CommandLine, name: str) -> None:
    assert f"error[E101]: {name}: " in compile_refused(cimc, name)


def test_missing_external_data(cimc: CommandLine) -> None:
    onnx.save(
        onnx.load(FLOAT),
        cimc.folder / "model.onnx",
        save_as_external_data=True,
        location="model.data",
        size_threshold=100,
    )
    (cimc.folder / "model.data").unlink()

    message = compile_refused(cimc, "model.onnx")

    assert "error[E103]: model.onnx: " in message
    assert "model.data" in message


def dynamic(path: Path) -> None:
    model = onnx.load(FLOAT)
    axes = model.graph.input[0].type.tensor_type.shape.dim
    axes[2].dim_param, axes[3].dim_param = "H", "W"
    onnx.save(model, path)


def test_dynamic_shape_names_axes_and_option(cimc: CommandLine) -> None:
    dynamic(cimc.folder / "model.onnx")

    message = compile_refused(cimc, "model.onnx")

    assert "E111" in message
    assert "axis 2 (H), axis 3 (W)" in message
    assert "--shape image=1,1," in message


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        ("image", "E002"),
        ("image=", "E002"),
        ("image=1,1,28,x", "E002"),
        ("image=1,1,28,0", "E002"),
        ("picture=1,1,28,28", "E112"),
        ("image=1,1,28", "E112"),
        ("image=1,3,28,28", "E112"),
    ],
)
def test_unfit_shape(cimc: CommandLine, shape: str, code: str) -> None:
    dynamic(cimc.folder / "model.onnx")
    calib = ("--calib", samples_of("lenet5", "calib"))

    assert code in compile_refused(cimc, "model.onnx", "--shape", shape, *calib)


def test_operators_that_nobody_runs_are_all_listed(cimc: CommandLine) -> None:
    """onnxruntime has an LRN of float32 only, and so it is in the prologue."""
    builder = QdqBuilder()
    x = builder.input([1, 4, 8, 8], 0.1, 3)
    for _ in range(2):
        wide = builder.node("Cast", [builder.real(x)], to=TensorProto.DOUBLE)
        normal = builder.node("LRN", [wide], size=3)
        x = builder.stored(builder.node("Cast", [normal], to=TensorProto.FLOAT), 0.1, 3)
        weights = np.ones((4, 4, 1, 1), np.int8)
        x = builder.dense("Conv", x, weights, [0.1] * 4, None, 0.2, 3)
    model = builder.model(x)
    onnx.save(model, cimc.folder / "model.onnx")
    names = [node.name for node in model.graph.node if node.op_type == "LRN"]

    message = compile_refused(cimc, "model.onnx")

    assert "error[E131]" in message
    assert all(f"LRN '{name}' (1x4x8x8): " in message for name in names)
    rows = cimc("check", "model.onnx", "--json").document["operators"]
    refused_ones = [row["node"] for row in rows if row["placement"] == "refused"]
    assert refused_ones == names


@pytest.mark.parametrize("command", ["compile", "check"])
def test_layer_that_a_chip_does_not_hold(cimc: CommandLine, command: str) -> None:
    builder = FloatBuilder()
    model = builder.model((1, 128, 4, 4), builder.conv("image", 128, 128))
    onnx.save(model, cimc.folder / "model.onnx")
    more = ["-o", "out"] if command == "compile" else []
    few = "extends: rram-small\nname: few\nstructure: {shared_memory_bytes: 6144}\n"
    (cimc.folder / "few.yaml").write_text(few)
    chip = ["--chip", "few.yaml", "--calib", "random"]

    before = snapshot(cimc.folder)
    result = cimc(command, "model.onnx", *more, *chip)

    assert result.code == 3, result.err
    assert "error[E032]" in result.err
    assert model.graph.node[0].name in result.err
    assert "pelke-128" in result.err
    assert snapshot(cimc.folder) == before


def test_float_model_without_calibration(cimc: CommandLine) -> None:
    message = compile_refused(cimc, FLOAT)

    assert "error[E121]" in message
    assert "--calib FILE.npz" in message
    assert "--calib random" in message


def test_random_calibration_warns(cimc: CommandLine) -> None:
    result = cimc("compile", FLOAT, "-o", "out", "--calib", "random")

    assert result.code == 0
    assert result.err.startswith("warning[W102]")
    assert (cimc.folder / "out/manifest.json").is_file()


def sample(count: int = 2) -> np.ndarray:
    with np.load(samples_of("lenet5")) as arrays:
        return arrays["image"][:count]


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"image": np.where(sample() > 0.5, np.nan, sample())}, "not finite"),
        ({"image": np.where(sample() > 0.5, np.inf, sample())}, "not finite"),
        ({"image": sample()[:, :, :14]}, "(2, 1, 14, 28), not Nx1x28x28"),
        ({"image": sample()[0]}, "(1, 28, 28), not Nx1x28x28"),
        ({"image": (sample() * 255).astype(np.uint8)}, "uint8, the input is float32"),
        ({"image": sample().astype(np.complex64)}, "complex64"),
        ({"picture": sample()}, "no array for input 'image'"),
        ({"image": sample(0)}, "no sample"),
        ({}, "no array for input 'image'"),
        ({"image": np.array([{}], dtype=object)}, "E011"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unfit_images(cimc: CommandLine, arrays: dict, says: str) -> None:
    np.savez(cimc.folder / "images.npz", **arrays)

    message = compile_refused(cimc, QUANTISED, "--run", "--input", "images.npz")

    assert "images.npz: " in message
    assert says in message
    message = compile_refused(cimc, FLOAT, "--calib", "images.npz")
    assert "images.npz: " in message
    assert says in message


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 half an archive"])
def test_unreadable_images(cimc: CommandLine, content: bytes | None) -> None:
    if content is not None:
        (cimc.folder / "images.npz").write_bytes(content)

    message = compile_refused(cimc, QUANTISED, "--run", "--input", "images.npz")

    assert "error[E011]: images.npz: " in message


def test_images_without_a_run(cimc: CommandLine) -> None:
    message = compile_refused(cimc, QUANTISED, "--input", samples_of("lenet5"))

    assert "--run" in message


def test_error_as_json(cimc: CommandLine) -> None:
    result = cimc("compile", "missing.onnx", "-o", "out", "--json")

    assert result.code == 2
    assert result.document["error"]["code"] == "E101"
    assert result.document["error"]["where"] == "missing.onnx"
    assert "error[E101]" in result.err


def test_model_with_two_batches(cimc: CommandLine) -> None:
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "two",
        [info("x", TensorProto.FLOAT, [2, 3, 4, 4])],
        [info("y", TensorProto.FLOAT, [2, 3, 4, 4])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, cimc.folder / "model.onnx")

    assert "batch" in compile_refused(cimc, "model.onnx", "--calib", "random")
