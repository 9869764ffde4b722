"""The shipped networks on racetrack memory: equal to onnxruntime, with few shifts."""

from __future__ import annotations

import numpy as np
import pytest

from cimc.backends.racetrack.chip import CHIPS
from cimc.driver import execute_images
from tests.support.command_line import CommandLine
from tests.support.shipped import MODELS, compiled, images, samples_of

#: Presets for weights of 8 bits, which the shipped networks have.
PRESETS = [name for name in CHIPS.names() if name != "mu-64-w4"]


def check_shifts(metrics) -> None:
    shifts = metrics["shifts"]
    assert 0 < shifts["bound"] <= shifts["total"] <= 1.05 * shifts["bound"]
    assert sum(row["shifts"] for row in metrics["layers"]) == shifts["total"]
    assert sum(row["shift_bound"] for row in metrics["layers"]) == shifts["bound"]


@pytest.mark.parametrize(
    ("network", "chip"), [*(("lenet5", chip) for chip in PRESETS), ("resnet8", "mu-64")]
)
def test_equals_onnxruntime(network: str, chip: str) -> None:
    artifact = compiled(network, chip, target="racetrack")

    metrics = execute_images(
        artifact, images(artifact, network, count=2), verify=True
    ).metrics

    assert metrics["verified"]["equal"] is True
    assert metrics["verified"]["mismatches"] == 0
    # Every feature map of the program is compared, not only the outputs.
    assert metrics["verified"]["elements"] >= 2 * MAPS[network]
    accuracy = metrics["accuracy"]
    assert accuracy["correct"] == accuracy["onnxruntime_correct"]
    check_shifts(metrics)


#: Elements of the feature maps of one image that the network's layers make.
MAPS = {
    "lenet5": 6 * 28**2 + 6 * 14**2 + 16 * 10**2 + 16 * 5**2 + 120 + 84 + 10,
    "resnet8": 4 * 16 * 32**2 + 4 * 32 * 16**2 + 4 * 64 * 8**2 + 64 + 10,
}


def test_the_command_verifies_every_pass(cimc: CommandLine) -> None:
    with np.load(samples_of("lenet5")) as samples:
        some = {name: samples[name][:2] for name in samples}
    np.savez(cimc.folder / "some.npz", **some)

    result = cimc(
        "compile", MODELS / "lenet5_int8.onnx", "--target", "racetrack", "--chip",
        "mu-64", "-o", "out", "--run", "--input", "some.npz", "--verify-each", "--json",
    )  # fmt: skip

    assert result.code == 0, result.err
    metrics = result.document
    assert (metrics["target"], metrics["chip"]) == ("racetrack", "mu-64")
    assert metrics["verified"]["equal"] is True
    assert metrics["verified"]["images"] == 2
    check_shifts(metrics)
    assert "equal to onnxruntime: yes" in result.err
    assert "x1.00)" in result.err


def test_weights_of_four_bits(cimc: CommandLine) -> None:
    quantise = ("quantize", MODELS / "lenet5.onnx", "-o", "int4.onnx")
    calibration = ("--calib", samples_of("lenet5", "calib"), "--weights", "int4")
    assert cimc(*quantise, *calibration).code == 0

    result = cimc(
        "compile", "int4.onnx", "-o", "out", "--target", "racetrack",
        "--chip", "mu-64-w4",
    )  # fmt: skip

    assert result.code == 0, result.err
    assert cimc("run", "out", "--verify").code == 0


def test_metrics_name_what_the_format_promises() -> None:
    artifact = compiled("lenet5", "mu-64", target="racetrack")
    metrics = execute_images(
        artifact, images(artifact, "lenet5", count=1), verify=True
    ).metrics

    assert {
        "target", "chip", "model", "verified", "cycles", "time_ns", "energy_pj",
        "instructions", "layers", "traffic", "banks", "weight_arrays",
        "buffer_macro_units", "memory_bytes", "area_mm2", "shifts", "simulator",
    } <= metrics.keys()  # fmt: skip
    parts = {k: v for k, v in metrics["energy_pj"].items() if k != "total"}
    assert metrics["energy_pj"]["total"] == pytest.approx(sum(parts.values()), rel=1e-9)
    # A product of a zero weight row is not computed, any other once.
    macs = sum(layer["macs"] for layer in metrics["layers"])
    assert 0.9 * macs <= metrics["macs"] <= macs
    for layer in metrics["layers"]:
        assert {
            "name",
            "kind",
            "macs",
            "cycles",
            "shifts",
            "shift_bound",
        } <= layer.keys()
