"""The shipped models are those that models/README.md describes."""

import hashlib
import json

import numpy as np
import pytest

from tests.support.precise import precise_session
from tests.support.shipped import MODELS, samples_of

CHECKSUMS = json.loads((MODELS / "checksums.json").read_text())


def test_every_shipped_file_has_a_checksum() -> None:
    files = {p.name for p in MODELS.iterdir() if p.suffix in {".onnx", ".npz"}}

    assert files == CHECKSUMS.keys()


@pytest.mark.parametrize("name", CHECKSUMS)
def test_checksum_and_size(name: str) -> None:
    data = (MODELS / name).read_bytes()

    digest = hashlib.sha256(data).hexdigest()
    assert digest == CHECKSUMS[name]["sha256"]
    assert digest in (MODELS / "README.md").read_text()
    assert name.endswith(".npz") or len(data) < 2_000_000


@pytest.mark.parametrize("network", ["lenet5", "resnet8"])
def test_accuracy_of_the_int8_model_on_the_samples(network: str) -> None:
    session = precise_session(MODELS / f"{network}_int8.onnx")
    with np.load(samples_of(network)) as arrays:
        images, labels = arrays["image"], arrays["labels"]

    guesses = [session.run(None, {"image": x[None]})[0].argmax() for x in images]

    assert len(labels) == 128
    right = int(np.sum(np.array(guesses) == labels))
    assert right == CHECKSUMS[f"{network}_int8.onnx"]["sample_correct"]


def test_calibration_and_test_samples_have_no_image_in_common() -> None:
    for network in ("lenet5", "resnet8"):
        seen = []
        for split in ("calib", "test"):
            with np.load(samples_of(network, split)) as arrays:
                seen.append({image.tobytes() for image in arrays["image"]})
        assert len(seen[0]) == len(seen[1]) == 128
        assert not seen[0] & seen[1]
