"""Models in scratch files."""

import pytest
from google.protobuf.message import DecodeError

from cimc.golden import StoredModel
from tests.support import floats


def test_a_stored_model_is_what_it_was(tmp_path):
    content = floats.fire().SerializeToString(deterministic=True)
    stored = StoredModel(content)
    assert stored.model == floats.fire()
    stored.save(tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").read_bytes() == content
    assert stored.model is stored.model


def test_contents_that_are_no_model():
    with pytest.raises(DecodeError):
        _ = StoredModel(b"no model").model
