"""Files that are no models, models that break rules: a diagnostic each."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cimc.diagnostics import InputError
from cimc.frontend.load import load_model
from tests.support import floats


def expect(code, source, *texts):
    with pytest.raises(InputError) as caught:
        load_model(source)
    found = caught.value.diagnostic
    assert found.code == code
    assert found.hints
    for text in texts:
        assert text in found.render()


@pytest.fixture
def model():
    return floats.fire()


def test_path_bytes_and_model_give_the_same(model, tmp_path):
    path = tmp_path / "m.onnx"
    onnx.save(model, path)
    assert load_model(path) == load_model(str(path)) == model
    assert load_model(path.read_bytes()) == load_model(model) == model


def test_missing_file(tmp_path):
    expect("E101", tmp_path / "none.onnx", "none.onnx", "No such file")


def test_folder(tmp_path):
    expect("E101", tmp_path, str(tmp_path))


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\x07" * 9])
def test_no_model(content, tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    expect("E102", path, "m.onnx", f"{len(content)} bytes")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_truncated_file(model, tmp_path, part):
    content = model.SerializeToString()
    path = tmp_path / "m.onnx"
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(InputError) as caught:
        load_model(path)
    assert caught.value.diagnostic.code in ("E102", "E105")


def test_name_that_is_no_text(model):
    content = model.SerializeToString()
    assert content.count(b"maxpool5_out") == 3
    expect(
        "E102", content.replace(b"maxpool5_out", b"maxpool5_\xda\xff\xfe"), "no text"
    )


def test_broken_rule(model):
    model.graph.node[0].input[0] = "nowhere"
    expect("E105", model, "nowhere")


@pytest.mark.parametrize("version", [6, 999])
def test_operator_set(model, version):
    model.opset_import[0].version = version
    with pytest.raises(InputError) as caught:
        load_model(model)
    assert caught.value.diagnostic.code in ("E105", "E106")


def _external(model, location, length=None):
    tensor = TensorProto(name="far", data_type=TensorProto.FLOAT, dims=[256])
    tensor.data_location = TensorProto.EXTERNAL
    entries = {"location": location} | ({"length": str(length)} if length else {})
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    model.graph.initializer.append(tensor)
    return model


def test_external_data_is_read(model, tmp_path):
    path = tmp_path / "m.onnx"
    onnx.save(
        model, path, save_as_external_data=True, location="m.bin", size_threshold=0
    )
    found = load_model(path)
    assert not any(t.external_data for t in found.graph.initializer)
    expected = {
        t.name: numpy_helper.to_array(t) for t in floats.fire().graph.initializer
    }
    for tensor in found.graph.initializer:
        np.testing.assert_array_equal(
            numpy_helper.to_array(tensor), expected[tensor.name]
        )


def test_external_data_missing(model, tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(_external(model, "m.bin").SerializeToString())
    expect("E103", path, "m.bin", "missing")


def test_external_data_too_short(model, tmp_path):
    (tmp_path / "m.bin").write_bytes(b"1234")
    path = tmp_path / "m.onnx"
    path.write_bytes(_external(model, "m.bin", 1024).SerializeToString())
    expect("E103", path, "too short", "1024 of 4")


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "a/../../secret"])
def test_external_data_outside_the_folder(model, tmp_path, location):
    (tmp_path / "secret").write_bytes(b"0" * 1024)
    folder = tmp_path / "models"
    folder.mkdir()
    path = folder / "m.onnx"
    path.write_bytes(_external(model, location).SerializeToString())
    expect("E104", path, location)


def test_external_data_behind_a_link(model, tmp_path):
    (tmp_path / "secret").write_bytes(b"0" * 1024)
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "m.bin").symlink_to(tmp_path / "secret")
    path = folder / "m.onnx"
    path.write_bytes(_external(model, "m.bin").SerializeToString())
    expect("E104", path, "m.bin")


def test_external_data_without_a_folder(model):
    expect("E103", _external(model, "m.bin").SerializeToString(), "far")


def test_external_data_in_a_constant_node(model, tmp_path):
    far = _external(floats.fire(), "m.bin").graph.initializer[-1]
    node = helper.make_node("Constant", [], ["far_out"], "far")
    node.attribute.add(name="value", type=onnx.AttributeProto.TENSOR).t.CopyFrom(far)
    model.graph.node.insert(0, node)
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    expect("E103", path, "m.bin")
    (tmp_path / "m.bin").write_bytes(np.zeros(256, np.float32).tobytes())
    found = load_model(path)
    assert found.graph.node[0].attribute[0].t.raw_data == bytes(1024)


def test_control_flow(model):
    info = helper.make_tensor_value_info("branch", TensorProto.FLOAT, None)
    identity = helper.make_node("Identity", ["image"], ["branch"])
    branch = helper.make_graph([identity], "branch", [], [info])
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "condition"))
    model.graph.node.append(
        helper.make_node(
            "If", ["condition"], ["y"], "choice", then_branch=branch, else_branch=branch
        )
    )
    expect("E107", model, "If 'choice'")


def test_local_functions_are_inlined(model):
    function = helper.make_function(
        "local",
        "Rectify",
        ["x"],
        ["y"],
        [helper.make_node("Relu", ["x"], ["y"])],
        model.opset_import,
    )
    model.functions.append(function)
    model.opset_import.append(helper.make_opsetid("local", 1))
    node = next(node for node in model.graph.node if node.op_type == "Relu")
    node.op_type, node.domain = "Rectify", "local"
    found = load_model(model)
    assert not found.functions
    assert {node.op_type for node in found.graph.node} >= {"Relu"}
    assert "Rectify" not in {node.op_type for node in found.graph.node}
