"""Convolutions of published networks as models of one layer, with random weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, prod

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, helper

from tests.benchmarks.networks import NETWORKS
from tests.support.qdq import QdqBuilder

#: Standard deviation of values that are uniform over int8.
_SPREAD = 74


@dataclass(frozen=True)
class Shape:
    """A convolution with square windows that keeps, or halves, the size of a map."""

    kernel: int
    inputs: int
    outputs: int
    size: int
    stride: int = 1
    groups: int = 1

    def __str__(self) -> str:
        kind = "dw " if self.groups > 1 else ""
        return (
            f"{kind}{self.kernel}x{self.kernel} {self.inputs}-{self.outputs}"
            f"{f' /{self.stride}' if self.stride > 1 else ''} @{self.size}"
        )

    @property
    def positions(self) -> int:
        """Vectors of the OFM."""
        return ceil(self.size / self.stride) ** 2

    @property
    def rows(self) -> int:
        """Rows of the im2col matrix of a group."""
        return self.kernel**2 * self.inputs // self.groups

    def row_blocks(self, rows: int) -> int:
        """P_V for crossbars of so many rows."""
        return ceil(self.rows / rows)

    def column_blocks(self, rows: int, columns: int) -> int:
        """P_H for crossbars of so many rows and columns."""
        part = self.column_block(rows, columns)
        groups = ceil(self.groups / part.groups)
        return groups * ceil(self.outputs / groups / part.outputs)

    def column_block(self, rows: int, columns: int) -> Shape:
        """The part of the layer that the first P_V cores compute."""
        if self.groups == 1:
            return replace(self, outputs=min(self.outputs, columns))
        together = max(1, min(rows // self.rows, columns, self.groups))
        return replace(self, inputs=together, outputs=together, groups=together)

    @cached_property
    def model(self) -> ModelProto:
        """The quantised model, from int8 to int8."""
        numbers = np.random.default_rng(0)
        builder = QdqBuilder(np.int8)
        x = builder.input([1, self.inputs, self.size, self.size], 0.02, 3)
        shape = (self.outputs, self.inputs // self.groups, self.kernel, self.kernel)
        weights = numbers.integers(-128, 128, shape).astype(np.int8)
        scales = numbers.uniform(0.001, 0.002, self.outputs).astype(np.float32)
        bias = numbers.integers(-1000, 1000, self.outputs)
        spread = 0.02 * float(scales.mean()) * _SPREAD**2 * np.sqrt(self.rows)
        y = builder.dense(
            "Conv",
            x,
            weights,
            scales,
            bias,
            float(spread) / _SPREAD,
            -5,
            kernel_shape=[self.kernel] * 2,
            strides=[self.stride] * 2,
            pads=[self.kernel // 2] * 4,
            group=self.groups,
        )
        return builder.model(y)


def shapes_of(names: Iterable[str]) -> dict[Shape, list[str]]:
    """The different convolutions of some networks, and which have them."""
    found: dict[Shape, list[str]] = {}
    for name in names:
        for shape in _shapes(name):
            users = found.setdefault(shape, [])
            if name not in users:
                users.append(name)
    return found


def _shapes(name: str) -> list[Shape]:
    network = NETWORKS[name]()
    graph = onnx.GraphProto()
    graph.CopyFrom(network.graph)
    for layer, weights in network.weights.items():
        for part, dims in ((".weight", weights.shape), (".bias", weights.shape[:1])):
            graph.input.append(
                helper.make_tensor_value_info(layer + part, TensorProto.FLOAT, dims)
            )
    graph = onnx.shape_inference.infer_shapes(helper.make_model(graph)).graph
    sizes = {
        info.name: [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        for info in (*graph.input, *graph.value_info)
    }
    shapes: list[Shape] = []
    for node in graph.node:
        if node.op_type == "Conv":
            source, kernel = sizes[node.input[0]], sizes[node.input[1]]
            given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            groups, (stride, _) = given["group"], given["strides"]
            assert prod(source[2:]) == source[2] ** 2
            shapes.append(
                Shape(kernel[2], source[1], kernel[0], source[2], stride, groups)
            )
    return shapes
