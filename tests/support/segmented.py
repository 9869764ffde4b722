"""Quantised networks that the device runs in several segments."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto

from cimc.driver import Images
from tests.support.qdq import QdqBuilder, feeds_for


class SegmentedBuilder(QdqBuilder):
    """Convolutions of 8 bits, and operators that only the host has."""

    def __init__(self) -> None:
        super().__init__(np.uint8)
        self._random = np.random.default_rng(1)

    def conv(self, x: str, ifm: int, ofm: int, kernel: int = 3, **attributes) -> str:
        weights = self._random.integers(-99, 99, (ofm, ifm, kernel, kernel))
        scales, pad = np.full(ofm, 0.004), kernel // 2
        bias = self._random.integers(-500, 500, ofm)
        return self.dense(
            "Conv",
            x,
            weights.astype(np.int8),
            scales,
            bias,
            0.05,
            128,
            pads=[pad] * 4,
            **attributes,
        )

    def lrn(self, x: str) -> str:
        return self.op("LRN", [x], 0.04, 128, size=5, alpha=0.3)

    def instance_norm(self, x: str, channels: int) -> str:
        ones = self.constant("one", np.ones(channels, np.float32))
        zeros = self.constant("zero", np.zeros(channels, np.float32))
        real = self.node("InstanceNormalization", [self.real(x), ones, zeros])
        return self.stored(real, 0.03, 128)


def two_lrns() -> ModelProto:
    """Three segments, with pooling behind the first LRN as in GoogLeNet."""
    b = SegmentedBuilder()
    x = b.lrn(b.conv(b.input([1, 3, 12, 12], 0.05, 128), 3, 8))
    x = b.op("MaxPool", [x], 0.04, 128, kernel_shape=[3, 3], strides=[2, 2])
    x = b.lrn(b.conv(x, 8, 8))
    return b.model(b.conv(x, 8, 12))


def three_heads() -> ModelProto:
    """A detector: heads that the host ends, and one that goes back to the device."""
    b = SegmentedBuilder()
    x = b.conv(b.input([1, 3, 10, 10], 0.05, 128), 3, 8, strides=[2, 2])
    boxes = b.conv(x, 8, 4, 1)
    scores = b.node("Softmax", [b.real(b.conv(x, 8, 6, 1))], axis=1)
    mask = b.conv(b.instance_norm(b.conv(x, 8, 8), 8), 8, 2)
    # Reads a map of the first segment again.
    mask = b.op("Concat", [mask, boxes], 0.05, 128, axis=1)
    return b.model(boxes, scores, mask)


NETWORKS = {"two LRNs": two_lrns, "three heads": three_heads}


def images_for(model: ModelProto, count: int) -> Images:
    return Images([feeds_for(model, seed) for seed in range(count)], "random numbers")
