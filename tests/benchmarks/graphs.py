"""A builder of float networks with seeded random weights, and what it counts.

Weights are He-initialised and have mean zero per output channel, so that the spread
of activations neither grows nor fades with depth and no map is zero throughout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, prod

import numpy as np
from onnx import (
    GraphProto,
    ModelProto,
    NodeProto,
    TensorProto,
    helper,
    numpy_helper,
)

#: Standard deviation of biases, beside activations of about one.
_BIAS = 0.1

#: Endings of the names of a layer's constants.
_PARTS = (".weight", ".bias")

#: The size of a map without rows and columns.
_FLAT = (0, 0)


@dataclass(frozen=True)
class Layer:
    """The im2col matrix of a convolution or fully connected layer.

    Each of ``groups`` has ``rows`` x ``columns`` weights, used at ``positions``.
    """

    rows: int
    columns: int
    positions: int
    groups: int = 1
    normalised: bool = False
    dense: bool = False

    @property
    def outputs(self) -> int:
        """Output channels."""
        return self.columns * self.groups

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return (self.rows + 1) * self.outputs

    @property
    def macs(self) -> int:
        """Multiply-accumulates for an image."""
        return self.rows * self.outputs * self.positions

    def row_blocks(self, size: int) -> int:
        """Parts of the matrix of a group along its rows."""
        return ceil(self.rows / size)

    def crossbars(self, size: int) -> int:
        """Crossbars of ``size`` rows and columns; small groups share one."""
        together = max(1, min(size // self.rows, size // self.columns, self.groups))
        blocks = self.row_blocks(size) if together == 1 else 1
        full, rest = divmod(self.groups, together)
        parts = full * ceil(self.columns * together / size)
        return blocks * (parts + ceil(self.columns * rest / size))


@dataclass(frozen=True)
class Map:
    """A tensor of the graph: its name, channels, height and width."""

    name: str
    channels: int
    size: tuple[int, int]


@dataclass(frozen=True)
class _Weights:
    """The shape of a layer's weights in ONNX, and what scales its results."""

    shape: tuple[int, ...]
    gain: float

    def arrays(self, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Weights and biases."""
        inner = tuple(range(1, len(self.shape)))
        values = generator.standard_normal(self.shape, np.float32)
        values -= values.mean(inner, keepdims=True)
        values *= np.float32(self.gain * np.sqrt(2 / prod(self.shape[1:])))
        biases = generator.normal(0, _BIAS * self.gain, self.shape[0])
        return values, biases.astype(np.float32)


@dataclass(frozen=True)
class FloatNetwork:
    """A float model and its layers; only ``model`` makes the numbers."""

    graph: GraphProto
    weights: Mapping[str, _Weights]
    layers: tuple[Layer, ...]

    @cached_property
    def model(self) -> ModelProto:
        """The ONNX model."""
        generator = np.random.default_rng(list(self.graph.name.encode()))
        model = helper.make_model(
            self.graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
        )
        for name, weights in self.weights.items():
            for part, array in zip(_PARTS, weights.arrays(generator), strict=True):
                tensor = numpy_helper.from_array(array, name + part)
                model.graph.initializer.append(tensor)
        return model

    @property
    def parameters(self) -> int:
        """Weights and biases, batch normalisation folded."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def trained_parameters(self) -> int:
        """As published: a batch normalisation has two parameters for one bias."""
        shifts = sum(layer.outputs for layer in self.layers if layer.normalised)
        return self.parameters + shifts

    @property
    def macs(self) -> int:
        """Multiply-accumulates for an image."""
        return sum(layer.macs for layer in self.layers)

    def crossbars(self, size: int) -> int:
        """Crossbars of ``size`` rows and columns that hold all weights once."""
        return sum(layer.crossbars(size) for layer in self.layers)


class GraphBuilder:
    """Builds a float model operator by operator.

    With ``share``, layers with matrices of one shape have the same weights, which
    keeps models of any depth small.
    """

    def __init__(self, name: str, size: int, *, share: bool = False) -> None:
        self.name = name
        self.layers: list[Layer] = []
        self._size = size
        self._share = share
        self._nodes: list[NodeProto] = []
        self._weights: dict[str, _Weights] = {}
        self._bounds: dict[str, TensorProto] = {}

    def image(self) -> Map:
        """The model's input, three colours."""
        return Map("image", 3, (self._size, self._size))

    def conv(
        self,
        x: Map,
        channels: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        pad: int | tuple[int, int] | None = None,
        *,
        groups: int = 1,
        activation: str = "Relu",
        gain: float = 1.0,
        normalised: bool = True,
    ) -> Map:
        """A convolution; without ``pad`` the padding is half the kernel.

        ``gain`` scales its results, ``normalised`` says whether the published network
        has a batch normalisation behind it.
        """
        kernel = _pair(kernel)
        pads = _pair(pad) if pad is not None else (kernel[0] // 2, kernel[1] // 2)
        shape = (channels, x.channels // groups, *kernel)
        size = _windows(x.size, kernel, stride, pads)
        layer = Layer(
            prod(shape[1:]), channels // groups, prod(size), groups, normalised
        )
        operands = self._new_weights(layer, shape, gain)
        y = self._node(
            "Conv",
            [x.name, *operands],
            kernel_shape=kernel,
            strides=[stride] * 2,
            pads=[*pads, *pads],
            group=groups,
        )
        return Map(self._activate(y, activation), channels, size)

    def dense(self, x: Map, outputs: int, activation: str = "") -> Map:
        """A fully connected layer on all elements of a map."""
        name = x.name
        if x.size != _FLAT:
            name = self._node("Flatten", [name])
        inputs = x.channels * max(1, prod(x.size))
        layer = Layer(inputs, outputs, 1, dense=True)
        operands = self._new_weights(layer, (outputs, inputs))
        y = self._node("Gemm", [name, *operands], transB=1)
        return Map(self._activate(y, activation), outputs, _FLAT)

    def pool(
        self,
        x: Map,
        kernel: int,
        stride: int,
        pad: int = 0,
        *,
        op: str = "MaxPool",
        ceil_mode: bool = False,
    ) -> Map:
        """A pool with square windows."""
        pads = (pad, pad)
        size = _windows(x.size, (kernel, kernel), stride, pads, up=ceil_mode)
        extra = {"ceil_mode": 1} if ceil_mode else {}
        y = self._node(
            op,
            [x.name],
            kernel_shape=[kernel] * 2,
            strides=[stride] * 2,
            pads=[*pads, *pads],
            **extra,
        )
        return Map(y, x.channels, size)

    def mean(self, x: Map) -> Map:
        """The mean of each channel."""
        return Map(self._node("GlobalAveragePool", [x.name]), x.channels, (1, 1))

    def add(self, x: Map, y: Map, activation: str = "Relu") -> Map:
        """The sum of two maps."""
        found = self._node("Add", [x.name, y.name])
        return Map(self._activate(found, activation), x.channels, x.size)

    def concat(self, *maps: Map) -> Map:
        """The channels of all maps, side by side."""
        y = self._node("Concat", [x.name for x in maps], axis=1)
        return Map(y, sum(x.channels for x in maps), maps[0].size)

    def network(self, y: Map) -> FloatNetwork:
        """What was built, with the output ``y``."""
        info = helper.make_tensor_value_info
        shape = [1, y.channels] if y.size == _FLAT else [1, y.channels, *y.size]
        graph = helper.make_graph(
            self._nodes,
            self.name,
            [info("image", TensorProto.FLOAT, [1, 3, self._size, self._size])],
            [info(y.name, TensorProto.FLOAT, shape)],
            list(self._bounds.values()),
        )
        return FloatNetwork(graph, self._weights, tuple(self.layers))

    def _new_weights(
        self, layer: Layer, shape: tuple[int, ...], gain: float = 1.0
    ) -> list[str]:
        """Names of the weights and biases of a new layer."""
        self.layers.append(layer)
        name = f"layer{len(self.layers)}"
        if self._share:
            name = "x".join(map(str, (*shape, gain)))
        self._weights[name] = _Weights(shape, gain)
        return [name + part for part in _PARTS]

    def _activate(self, x: str, activation: str) -> str:
        if activation == "Relu6":
            for name, bound in (("zero", 0), ("six", 6)):
                self._bounds[name] = numpy_helper.from_array(np.float32(bound), name)
            return self._node("Clip", [x, "zero", "six"])
        return self._node(activation, [x]) if activation else x

    def _node(self, op: str, inputs: Sequence[str], **attributes: object) -> str:
        name = f"{op.lower()}{len(self._nodes) + 1}"
        self._nodes.append(
            helper.make_node(op, inputs, [f"{name}_out"], name, **attributes)
        )
        return f"{name}_out"


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def _windows(
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: int,
    pads: tuple[int, int],
    *,
    up: bool = False,
) -> tuple[int, int]:
    """Height and width of what windows give; ``up`` keeps the last, partial ones."""

    def along(extent: int, taps: int, pad: int) -> int:
        room = extent + 2 * pad - taps
        return (-(-room // stride) if up else room // stride) + 1

    height, width = map(along, size, kernel, pads)
    return height, width
