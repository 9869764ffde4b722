"""Batches of images stream through the shipped networks, and through the commands."""

from __future__ import annotations

import numpy as np
import pytest

import cimc
from cimc.driver import execute_images
from tests.support.command_line import CommandLine
from tests.support.shipped import MODELS, compiled, images
from tests.unit.cli.test_bad_models import refused

LENET = MODELS / "lenet5_int8.onnx"


@pytest.mark.parametrize("batch", [2, 4])
@pytest.mark.parametrize(
    ("network", "chip", "objective", "near"),
    [
        ("lenet5", "pelke-128", "area", 1.002),
        ("lenet5", "pelke-32", "area", 1.002),
        ("lenet5", "pelke-128", "latency", 1.003),
        ("resnet8", "pelke-128", "area", 1.03),
        ("resnet8", "pelke-128", "latency", 1.1),
        ("resnet8", "mesh-128", "area", 1.03),
    ],
)
def test_batches_equal_onnxruntime(network, chip, objective, near, batch):
    artifact = compiled(network, chip, objective=objective, batch=batch)
    # The last batch is not full.
    metrics = execute_images(
        artifact, images(artifact, network, 2 * batch - 1), verify=True
    ).metrics
    assert metrics["verified"]["equal"]
    assert metrics["verified"]["images"] == 2 * batch - 1
    bound = metrics["throughput_bound"]["cycles"]
    assert metrics["throughput"]["cycles_per_image"] <= near * bound
    # The first image shares the bus with the next ones, but is about as fast as alone.
    alone = compiled(network, chip, objective=objective)
    one = execute_images(alone, images(alone, network, 1), verify=False).metrics
    assert metrics["cycles"] <= 1.03 * one["cycles"]


def test_memory_grows_by_inputs_and_outputs_but_little_else():
    sizes = [
        compiled("resnet8", "pelke-128", objective="area", batch=batch).metrics[
            "memory_bytes"
        ]
        for batch in (4, 12)
    ]
    host = 32 * 32 * 3 + 10
    more = sizes[1]["maps_and_sums"] - sizes[0]["maps_and_sums"]
    # With their halos, and aligned.
    assert 8 * host <= more <= 8 * (34 * 34 * 3 + 64)


def test_one_image_at_a_time_is_the_default():
    assert cimc.compile(LENET, batch=1).program == cimc.compile(LENET).program
    assert (
        compiled("lenet5", "pelke-128")
        .metrics.keys()
        .isdisjoint({"batch", "throughput_bound"})
    )


def test_the_library_runs_batches():
    artifact = compiled("lenet5", "pelke-128", batch=3)
    session = artifact.session()
    feeds = images(artifact, "lenet5", 3).feeds
    assert session.batch == 3
    runs = session.simulate_batch(feeds)
    for image, run in zip(feeds, runs, strict=True):
        (alone,) = session.run(None, image)
        name = artifact.model.graph.output[0].name
        np.testing.assert_array_equal(session.outputs(run, image)[name], alone)
    with pytest.raises(cimc.InputError, match="E025"):
        session.simulate_batch(feeds * 2)


def test_the_commands_say_how_fast_images_follow(cimc: CommandLine):
    result = cimc("compile", LENET, "-o", "out", "--batch", "4", "--run")
    assert result.code == 0
    assert "4 images under way" in result.err
    assert "throughput bound: " in result.err
    # Without images there are as many random ones as the program works on.
    run = cimc("run", "out", "--verify", "--json")
    assert run.document["verified"]["images"] == 4
    assert run.document["throughput"]["images"] == 4
    assert (
        "stream-images{images=4}"
        in cimc("compile", LENET, "--batch", "4", "--print-pipeline").out
    )


def test_what_cannot_work_on_several_images(cimc: CommandLine):
    start = ("compile", LENET, "-o", "out", "--batch")
    message = refused(cimc, *start, "2", "--target", "racetrack").err
    assert "error[E007]: --batch: target racetrack cannot work on 2 images" in message
    message = refused(cimc, *start, "2", "-p", "fuse-tables").err
    assert "error[E007]: --batch: a pipeline of your own" in message
    assert cimc(*start, "0").code == 2


@pytest.mark.parametrize(
    ("network", "preset", "cores"),
    [("resnet8", "pelke-128", 9), ("lenet5", "rram-small", 3)],
)
def test_all_images_go_through_a_phase_before_the_next(
    network, preset, cores, tmp_path
):
    chip = tmp_path / "few.yaml"
    structure = f"structure: {{cores: {cores}}}\n"
    chip.write_text(f"extends: {preset}\nname: few\n{structure}")
    alone, batch = (compiled(network, str(chip), batch=n) for n in (1, 3))
    few = images(batch, network, 5)
    one = execute_images(alone, images(alone, network, 1), verify=False).metrics
    metrics = execute_images(batch, few, verify=True).metrics
    assert metrics["verified"]["equal"]
    assert len(metrics["phases"]) > 1
    # Crossbars are programmed once for three images.
    bound = metrics["throughput_bound"]["cycles"]
    programming = metrics["programming"]["cycles"]
    cycles = metrics["throughput"]["cycles_per_image"]
    assert bound <= cycles < one["cycles"] - programming / 2
    energy = metrics["energy_pj"]["programming"]
    assert energy == pytest.approx(one["energy_pj"]["programming"] / 3)
