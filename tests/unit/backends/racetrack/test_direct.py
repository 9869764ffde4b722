"""Networks with windows that are larger than the line buffer."""

import numpy as np
import pytest

from cimc.backends.racetrack.chip import CHIPS
from cimc.context import CompilationContext
from cimc.driver.passes import parse_passes, run_passes
from cimc.target import get_target
from tests.properties.test_every_level import Reference
from tests.support.qdq import QdqBuilder

TARGET = get_target("racetrack")


class Network:
    """A model, and a map on which its largest windows lie."""

    def __init__(self, channels: int, size: int, written: bool) -> None:
        self.onnx = QdqBuilder(np.int8)
        self.shape = channels, size, size
        self.x = self.onnx.input([1, *self.shape], 0.05, 3)
        if written:
            self.x = self.onnx.op("Sigmoid", [self.x], 0.01, -5)

    def pool(self, kind: str, **attributes):
        scale, zero = (0.004, 1) if "Average" in kind else (0.01, -5)
        return self.onnx.model(self.onnx.op(kind, [self.x], scale, zero, **attributes))

    def conv(self, outputs: int, kernel: int, **attributes):
        numbers = np.random.default_rng(0)
        shape = (outputs, self.shape[0], kernel, kernel)
        weights = numbers.integers(-128, 128, shape).astype(np.int8)
        scales = numbers.uniform(0.001, 0.01, outputs)
        return self.onnx.model(
            self.onnx.dense("Conv", self.x, weights, scales, None, 3.0, 2, **attributes)
        )


def run(model, **sizes: int):
    """Metrics of a run whose feature maps are those of onnxruntime."""
    chip = CHIPS.load("mu-64")
    chip = chip.with_structure(**sizes) if sizes else chip
    reference = Reference(model)
    module, weights = reference.model.module, reference.model.weights
    TARGET.attach_chip(module, chip)
    context = CompilationContext(weights=weights)
    run_passes(module, context, parse_passes(TARGET.pipeline(chip, "latency")))
    found = TARGET.simulator(TARGET.encode(module), weights, chip).run(reference.inputs)
    reference.check(found.feature_maps, "simulation")
    return {**TARGET.static_metrics(module, chip), **found.metrics}


@pytest.mark.parametrize("kind", ["GlobalAveragePool", "GlobalMaxPool"])
@pytest.mark.parametrize("written", [True, False])
def test_a_global_pool_reads_kernel_row_by_kernel_row(kind, written):
    """16 KB of one position, a line buffer of 8 KB."""
    metrics = run(Network(64, 16, written).pool(kind))
    assert metrics["shifts"]["total"] == metrics["shifts"]["bound"]
    assert metrics["instructions"]["static"] < 100


def test_a_global_pool_of_rows_that_do_not_fit_a_register():
    metrics = run(Network(64, 56, True).pool("GlobalAveragePool"))
    assert metrics["shifts"]["total"] == metrics["shifts"]["bound"]


@pytest.mark.parametrize("written", [True, False])
def test_a_fully_connected_layer_reads_every_word_once(written):
    """25 KB of one position: 392 blocks of weights in 7 banks."""
    metrics = run(Network(512, 7, written).conv(10, 7))
    bound = metrics["shifts"]["bound"]
    assert bound <= metrics["shifts"]["total"] <= 1.001 * bound


def test_overlapping_windows_with_borders():
    metrics = run(Network(32, 9, True).conv(16, 3, pads=[1] * 4), line_buffer_bytes=64)
    bound = metrics["shifts"]["bound"]
    assert bound < metrics["shifts"]["total"] < 1.05 * bound
