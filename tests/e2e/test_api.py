"""The Python interface does what the command line does, quietly and from threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest

import cimc
from cimc.driver import Artifact
from tests.support.precise import precise_session
from tests.support.shipped import MODELS, compiled, samples_of


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return compiled("lenet5", "pelke-128")


def image(index: int = 0, network: str = "lenet5") -> np.ndarray:
    with np.load(samples_of(network)) as arrays:
        return arrays["image"][index : index + 1]


def golden(network: str, feed: np.ndarray) -> np.ndarray:
    session = precise_session(MODELS / f"{network}_int8.onnx")
    return session.run(["logits"], {"image": feed})[0]


@pytest.mark.parametrize("network", ["lenet5", "resnet8"])
def test_session_gives_what_onnxruntime_gives(network: str) -> None:
    session = compiled(network, "pelke-64").session()
    for index in range(4):
        feed = image(index, network)

        (found,) = session.run(None, {"image": feed})

        expected = golden(network, feed)
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        np.testing.assert_array_equal(found, expected)


def test_a_model_may_be_a_path_bytes_or_a_proto() -> None:
    path = MODELS / "lenet5_int8.onnx"
    artifact = cimc.compile(path)
    assert cimc.compile(str(path)).program == artifact.program
    # Without a file name, the model is called as its graph.
    unnamed = cimc.compile(path.read_bytes())
    assert cimc.compile(onnx.load(path)).program == unnamed.program
    assert unnamed.ir("rram").splitlines()[1:] == artifact.ir("rram").splitlines()[1:]


def test_saved_and_loaded(artifact: Artifact, tmp_path: Path) -> None:
    artifact.save(tmp_path / "out")
    loaded = cimc.load(str(tmp_path / "out"))

    assert loaded.program == artifact.program
    assert loaded.metrics == artifact.metrics
    assert loaded.metrics["crossbars"]["used"] == 40
    assert loaded.weights.keys() == artifact.weights.keys()
    assert loaded.ir("rram") == artifact.ir("rram")
    feeds = {"image": image()}
    (found,) = loaded.session().run(["logits"], feeds)
    np.testing.assert_array_equal(found, artifact.session().run(None, feeds)[0])


def test_saving_replaces_an_older_artifact_whole(
    artifact: Artifact, tmp_path: Path
) -> None:
    compiled("resnet8", "pelke-64").save(tmp_path / "out")
    (tmp_path / "out/note.txt").write_text("from the older one")

    artifact.save(tmp_path / "out")

    assert cimc.load(tmp_path / "out").name == artifact.name
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert not (tmp_path / "out/note.txt").exists()


def test_intermediate_levels(artifact: Artifact, tmp_path: Path) -> None:
    assert "cnn.conv" in artifact.ir("cnn")
    assert "tile.sweep" in artifact.ir("tile")
    assert "rram.mvm" in artifact.ir("rram")
    artifact.save(tmp_path / "out")
    loaded = cimc.load(tmp_path / "out")
    for level in ("cnn", "tile", "rram"):
        assert loaded.ir(level) == artifact.ir(level)
    with pytest.raises(cimc.InputError, match="E053"):
        loaded.ir("racetrack")


def test_outputs_are_chosen_by_name(artifact: Artifact) -> None:
    session, feeds = artifact.session(), {"image": image()}

    assert session.run([], feeds) == []
    assert len(session.run(["logits", "logits"], feeds)) == 2
    with pytest.raises(cimc.InputError, match=r"E063.*'labels'"):
        session.run(["labels"], feeds)


@pytest.mark.parametrize(
    ("feeds", "says"),
    [
        ({}, "'image' is missing"),
        ({"picture": image()}, "'image' is missing"),
        ({"image": image(), "extra": image()}, "'extra' is no input"),
        ({"image": image()[0]}, r"float32 \(1, 28, 28\), the model takes"),
        ({"image": np.concatenate([image(), image()])}, r"\(2, 1, 28, 28\)"),
        ({"image": image().astype(np.float64)}, "is float64"),
        ({"image": (image() * 255).astype(np.uint8)}, "is uint8"),
    ],
)
def test_unfit_feeds(
    artifact: Artifact, feeds: dict[str, np.ndarray], says: str
) -> None:
    with pytest.raises(cimc.InputError, match=f"E062.*{says}"):
        artifact.session().run(None, feeds)


def test_sessions_in_threads(artifact: Artifact) -> None:
    def classify(indices: range) -> list[int]:
        session = artifact.session()
        return [
            int(session.run(None, {"image": image(index)})[0].argmax())
            for index in indices
        ]

    with ThreadPoolExecutor(2) as pool:
        halves = list(pool.map(classify, [range(12), range(12, 24)]))

    with np.load(samples_of("lenet5")) as arrays:
        assert halves[0] + halves[1] == arrays["labels"][:24].tolist()


def test_compiling_in_threads() -> None:
    def compile(chip: str) -> bytes:
        return cimc.compile(MODELS / "lenet5_int8.onnx", chip=chip).program

    with ThreadPoolExecutor(2) as pool:
        programs = list(pool.map(compile, ["pelke-64", "pelke-128"]))

    assert programs[0] == compiled("lenet5", "pelke-64").program
    assert programs[1] == compiled("lenet5", "pelke-128").program


def test_nothing_prints(
    artifact: Artifact, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    cimc.compile(MODELS / "lenet5_int8.onnx").save(tmp_path / "out")
    cimc.load(tmp_path / "out").session().run(None, {"image": image()})
    with pytest.raises(cimc.InputError):
        cimc.load(tmp_path)

    assert capfd.readouterr() == ("", "")
