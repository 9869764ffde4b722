"""Both shipped networks on every preset: equal to onnxruntime, image by image."""

import re

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from cimc.dialects import tile
from cimc.driver import compile_model, default_pipeline, execute_images
from tests.support.pipelines import without
from tests.support.shipped import MODELS, compiled, images, samples_of

CHIPS = ["pelke-32", "pelke-64", "pelke-128"]
NETWORKS = ["lenet5", "resnet8"]


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("network", NETWORKS)
def test_every_pass_keeps_the_result(network: str, chip: str) -> None:
    artifact = compiled(network, chip)
    chosen = images(artifact, network, count=1)

    verified = compile_model(
        MODELS / f"{network}_int8.onnx", chip=chip, verify_each=lambda _: chosen
    )

    assert verified.artifact.program == artifact.program


@pytest.mark.parametrize(
    ("network", "chip", "count"),
    [
        ("lenet5", "pelke-32", None),
        ("lenet5", "pelke-64", 8),
        ("lenet5", "pelke-128", 8),
        ("resnet8", "pelke-32", 8),
        ("resnet8", "pelke-64", 8),
        ("resnet8", "pelke-128", None),
    ],
)
def test_equals_onnxruntime(network: str, chip: str, count: int | None) -> None:
    artifact = compiled(network, chip)
    chosen = images(artifact, network, count)

    metrics = execute_images(artifact, chosen, verify=True).metrics

    verified = metrics["verified"]
    assert verified["equal"] is True
    assert verified["mismatches"] == 0
    assert verified["images"] == len(chosen.feeds) == (count or 128)
    # Every feature map of the program is compared, not only the outputs.
    assert verified["elements"] >= verified["images"] * (MAPS[network])
    accuracy = metrics["accuracy"]
    assert accuracy["correct"] == accuracy["onnxruntime_correct"]
    if count is None:
        assert accuracy["correct"] == CORRECT[network]


#: Elements of the feature maps of one image: input, and what each layer makes of it. A
#: residual addition takes the result of its convolution, of which no map remains.
MAPS = {
    "lenet5": 28 * 28 + 6 * 28**2 + 6 * 14**2 + 16 * 10**2 + 16 * 5**2 + 120 + 84 + 10,
    "resnet8": 3 * 32**2 + 3 * 16 * 32**2 + 3 * 32 * 16**2 + 3 * 64 * 8**2 + 64 + 10,
}
#: Right answers on the 128 samples, as models/checksums.json records them.
CORRECT = {"lenet5": 128, "resnet8": 109}


@pytest.mark.parametrize("network", NETWORKS)
def test_float_models_with_calibration(network: str) -> None:
    compilation = compile_model(
        MODELS / f"{network}.onnx", calibration=samples_of(network, "calib")
    )
    artifact = compilation.artifact

    metrics = execute_images(
        artifact, images(artifact, network, count=8), verify=True
    ).metrics

    assert metrics["verified"]["equal"] is True
    assert metrics["accuracy"]["correct"] == metrics["accuracy"]["onnxruntime_correct"]
    # A network that guesses would get one of ten right.
    assert metrics["accuracy"]["correct"] >= 5


@pytest.mark.parametrize("network", NETWORKS)
def test_linear_is_faster_than_sequential(network: str) -> None:
    # Layers one after another, so that none waits in its own time.
    default, alone = default_pipeline("rram", "pelke-32"), "overlap=false"
    linear, sequential = (
        without(default, "recycle-buffers").replace('"auto"', f'"{scheme}" {alone}')
        for scheme in ("linear", "sequential")
    )
    assert len({default, linear, sequential}) == 3
    results = {}
    for scheme in (linear, sequential):
        artifact = compiled(network, "pelke-32", scheme)
        chosen = images(artifact, network, count=1)
        execution = execute_images(artifact, chosen, verify=True)
        assert execution.verified is not None
        assert execution.verified.equal
        results[scheme] = execution
    fast, slow = (results[scheme].metrics for scheme in (linear, sequential))

    assert fast["cycles"] < slow["cycles"]
    for layer, other in zip(fast["layers"], slow["layers"], strict=True):
        assert layer["name"] == other["name"]
        if layer["kind"] == "conv" and layer["p_v"] > 1:
            assert layer["cycles"] <= other["cycles"], layer["name"]
    split = [layer for layer in fast["layers"] if layer["p_v"] > 1]
    assert len(split) >= 3
    for output, other in zip(
        results[linear].outputs, results[sequential].outputs, strict=True
    ):
        assert output.keys() == other.keys()
        assert all(np.array_equal(output[name], other[name]) for name in output)


@pytest.mark.parametrize("chip", CHIPS)
def test_loops_stay_loops(chip: str) -> None:
    artifact = compiled("resnet8", chip, objective="area")
    assert artifact.metrics["instructions"]["static"] < 20_000


def test_metrics_name_what_the_format_promises() -> None:
    artifact = compiled("resnet8", "pelke-64")
    metrics = execute_images(
        artifact, images(artifact, "resnet8", count=1), verify=True
    ).metrics

    assert {
        "target", "chip", "model", "verified", "cycles", "time_ns", "energy_pj",
        "instructions", "layers", "traffic", "crossbars", "simulator",
    } <= metrics.keys()  # fmt: skip
    assert {"static", "dynamic"} <= metrics["instructions"].keys()
    assert {"used", "available"} <= metrics["crossbars"].keys()
    assert {"data_bytes", "sync_bytes"} <= metrics["traffic"].keys()
    parts = {k: v for k, v in metrics["energy_pj"].items() if k != "total"}
    assert metrics["energy_pj"]["total"] == pytest.approx(sum(parts.values()), rel=1e-9)
    for layer in metrics["layers"]:
        assert {"name", "kind", "macs", "p_v", "p_h", "cycles"} <= layer.keys()
    assert sum(layer["macs"] for layer in metrics["layers"]) == 12_501_632


def test_memory_of_a_mesh_counts_what_buffers_take() -> None:
    artifact = compiled("lenet5", "mesh-128", objective="area")
    sizes: list[int] = []

    def keep(name: str, module: ModuleOp, duration: float) -> None:
        if name == "allocate-buffers":
            buffers = (tile.FeatureMapOp, tile.PartialSumsOp)
            ops = (op for op in module.body.block.ops if isinstance(op, buffers))
            sizes.extend(op.size_bytes for op in ops)

    compile_model(
        MODELS / "lenet5_int8.onnx", chip="mesh-128", objective="area", observer=keep
    )

    used = artifact.metrics["memory_bytes"]["maps_and_sums"]
    # Each begins at a multiple of the width of a link.
    assert sum(sizes) <= used < sum(sizes) + 64 * len(sizes)
    (line,) = re.findall(r"rram.memory (\d+) uses (\d+)", artifact.ir("rram"))
    assert int(line[0]) > int(line[1]) == used
