"""Random networks whose operators the device and the host run in turns."""

from __future__ import annotations

from hypothesis import event, given, settings
from hypothesis import strategies as st
from onnx import ModelProto

import cimc
from cimc.driver import execute_images
from tests.support.qdq import assert_exact
from tests.support.segmented import SegmentedBuilder, images_for

CHANNELS = 4


@st.composite
def networks(draw: st.DrawFn) -> ModelProto:
    """Maps of 5 x 5 from operators of both; each reads what came before."""
    b = SegmentedBuilder()
    maps = [b.conv(b.input([1, 3, 5, 5], 0.05, 128), 3, CHANNELS)]
    for _ in range(draw(st.integers(1, 7))):
        x, y = (draw(st.sampled_from(maps)) for _ in range(2))
        match draw(st.sampled_from(["conv", "lrn", "norm", "add", "relu"])):
            case "conv":
                maps.append(
                    b.conv(x, CHANNELS, CHANNELS, draw(st.sampled_from([1, 3])))
                )
            case "lrn":
                maps.append(b.lrn(x))
            case "norm":
                maps.append(b.instance_norm(x, CHANNELS))
            case "add":
                maps.append(b.op("Add", [x, y], 0.07, 120))
            case _:
                maps.append(b.op("Relu", [x], 0.04, 100))
    more = draw(st.lists(st.sampled_from(maps[:-1]), max_size=2, unique=True))
    return b.model(maps[-1], *more)


@given(model=networks())
@settings(max_examples=max(1, settings().max_examples // 2))
def test_segments_are_exact(model: ModelProto) -> None:
    event(f"{len(assert_exact(model).segments)} segments")


@given(model=networks(), target=st.sampled_from(["rram", "racetrack"]))
@settings(max_examples=max(1, settings().max_examples // 10))
def test_programs_of_segments_are_exact(model: ModelProto, target: str) -> None:
    artifact = cimc.compile(model, target, objective="area")
    execution = execute_images(artifact, images_for(artifact.model, 1), verify=True)
    assert execution.verified is not None
    execution.verified.require()
