"""Random small quantised networks, as ONNX models with integer inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from onnx import ModelProto

from tests.properties.moves import Moves
from tests.support.qdq import QdqBuilder

DTYPES = (np.int8, np.uint8)

#: Unary functions that become tables, with their attributes.
FUNCTIONS = {
    "Sigmoid": {},
    "HardSwish": {},
    "LeakyRelu": {"alpha": 0.2},
    "Tanh": {},
}


@dataclass(frozen=True)
class Tensor:
    """An integer tensor of the model: shape (C, H, W), quantisation, real spread."""

    name: str
    shape: tuple[int, int, int]
    scale: float
    zero: int

    @property
    def real_spread(self) -> float:
        """About the standard deviation of the real values."""
        return 60 * self.scale


#: Single elements, maps smaller than a padded kernel, lines, one channel, primes.
EDGES = ((1, 1, 1), (5, 1, 1), (3, 2, 2), (1, 7, 7), (7, 1, 5), (2, 5, 3), (1, 2, 1))


@dataclass(frozen=True)
class Limits:
    """How large a random network is at most."""

    shape: tuple[int, int, int] = (12, 7, 7)
    channels: int = 24
    kernel: int = 4
    operators: int = 3
    weight_bits: int = 8


DEFAULTS = Limits()


class NetworkBuilder(Moves):
    """Draws operators one after another; keeps what may be read and what has been."""

    def __init__(self, draw: st.DrawFn, limits: Limits) -> None:
        self.draw = draw
        self.limits = limits
        self.dtype = draw(st.sampled_from(DTYPES))
        self.onnx = QdqBuilder(self.dtype)
        self.numbers = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        self.tensors: list[Tensor] = []
        self.unread: list[Tensor] = []

    def zero(self) -> int:
        """A zero point; the ends of the range are the likely ones."""
        limits = np.iinfo(self.dtype)
        ends = st.sampled_from([limits.min, limits.max, 0, 3])
        return self.draw(st.one_of(ends, st.integers(limits.min, limits.max)))

    def input(self) -> None:
        """The model's input; every third has a shape at which windows go wrong."""
        sizes = st.tuples(*(st.integers(1, limit) for limit in self.limits.shape))
        drawn = self.draw(st.one_of(sizes, sizes, st.sampled_from(EDGES)))
        shape = tuple(map(min, drawn, self.limits.shape))
        scale = self.draw(st.floats(0.003, 0.1))
        zero = self.zero()
        name = self.onnx.input([1, *shape], scale, zero)
        self._add(Tensor(name, shape, scale, zero))

    def operator(self) -> None:
        """One more operator on one or more of the tensors so far."""
        kinds = [self.conv, self.conv, self.conv, self.pool, self.join, self.table]
        kinds += [self.multiply, self.move, self.move, self.rows]
        if len(self.tensors) > 1:
            kinds.append(self.global_average_pool)
        self.draw(st.sampled_from(kinds))()

    def conv(self) -> None:
        """A convolution of any kind, depthwise and fully connected ones among them."""
        x = self._operand()
        cin, *size = x.shape
        groups = self.draw(
            st.sampled_from([g for g in range(1, cin + 1) if cin % g == 0])
        )
        most = self.limits.channels if groups == 1 else 3
        cout = groups * self.draw(st.integers(1, most))
        window, out = self._window(size, max_pad=2, dilated=True)
        kernel = window.pop("kernel_shape")
        bound = 1 << self.limits.weight_bits - 1
        weights = self.numbers.integers(-bound, bound, (cout, cin // groups, *kernel))
        scales = self.numbers.uniform(0.001, 0.01, cout).astype(np.float32)
        has_bias = self.draw(st.booleans())
        bias = self.numbers.integers(-5000, 5000, cout) if has_bias else None
        taps = cin // groups * kernel[0] * kernel[1]
        scale = float(x.real_spread * 0.4 * np.sqrt(taps) / 60)
        zero = self.zero()
        name = self.onnx.dense(
            "Conv",
            x.name,
            weights.astype(np.int8),
            scales,
            bias,
            scale,
            zero,
            activation=self.draw(st.sampled_from([None, None, "Relu"])),
            group=groups,
            **window,
        )
        self._add(Tensor(name, (cout, *out), scale, zero), x)

    def rows(self) -> None:
        """A dense layer behind every position, and what may follow it there."""
        x = self._operand()
        cout = self.draw(st.integers(1, self.limits.channels))
        real = self.onnx.node("Transpose", [self.onnx.real(x.name)], perm=[0, 2, 3, 1])
        turned = self.onnx.stored_as(real, self.onnx.affine[x.name])
        bound = 1 << self.limits.weight_bits - 1
        matrix = self.numbers.integers(-bound, bound, (x.shape[0], cout))
        scale, zero = float(x.real_spread * 0.4 * np.sqrt(x.shape[0]) / 60), self.zero()
        made = self.onnx.dense(
            "MatMul", turned, matrix.astype(np.int8), 0.006, None, scale, zero, axis=1
        )
        if self.draw(st.booleans()):
            made = self.onnx.op("Tanh", [made], scale, zero)
        if self.draw(st.booleans()):
            made = self.onnx.op("Add", [made, made], scale, zero)
        name = self.onnx.op("Transpose", [made], scale, zero, perm=[0, 3, 1, 2])
        self._add(Tensor(name, (cout, *x.shape[1:]), scale, zero), x)

    def pool(self) -> None:
        """Largest or average values of windows."""
        x = self._operand()
        kind = self.draw(st.sampled_from(["MaxPool", "AveragePool"]))
        window, out = self._window(x.shape[1:], max_pad=1, dilated=False)
        rounded = _rounded_up(x.shape[1:], window)
        if rounded is not None and self.draw(st.booleans()):
            window["ceil_mode"], out = 1, rounded
        scale, zero = x.scale, x.zero
        if kind == "AveragePool":
            # Padding that counts and windows that are rounded up are ambiguous.
            rounded_up = "ceil_mode" in window
            window["count_include_pad"] = (
                0 if rounded_up else self.draw(st.integers(0, 1))
            )
            scale, zero = x.scale * self.draw(st.floats(0.4, 1.0)), self.zero()
        name = self.onnx.op(kind, [x.name], scale, zero, **window)
        self._add(Tensor(name, (x.shape[0], *out), scale, zero), x)

    def global_average_pool(self) -> None:
        """One value per channel."""
        x = self._operand()
        scale, zero = x.scale * self.draw(st.floats(0.1, 1.0)), self.zero()
        name = self.onnx.op("GlobalAveragePool", [x.name], scale, zero)
        self._add(Tensor(name, (x.shape[0], 1, 1), scale, zero), x)

    def join(self) -> None:
        """The sum of two maps of one shape, or maps of one size side by side."""
        x = self._operand()
        kind = self.draw(st.sampled_from(["Add", "Concat"]))
        fit = slice(0, 3) if kind == "Add" else slice(1, 3)
        alike = [t for t in self.tensors if t.shape[fit] == x.shape[fit]]
        others = 1 if kind == "Add" else self.draw(st.integers(1, 3))
        maps = [x, *(self.draw(st.sampled_from(alike)) for _ in range(others))]
        names, zero = [t.name for t in maps], self.zero()
        if kind == "Add":
            scale = sum(t.scale for t in maps) * self.draw(st.floats(0.4, 1.0))
            name = self.onnx.op("Add", names, scale, zero)
            channels = x.shape[0]
        else:
            scale = max(t.scale for t in maps)
            name = self.onnx.op("Concat", names, scale, zero, axis=1)
            channels = sum(t.shape[0] for t in maps)
        self._add(Tensor(name, (channels, *x.shape[1:]), scale, zero), *maps)

    def multiply(self) -> None:
        """The product or sum of two maps; one may have channels or positions only."""
        x = self._operand()
        fitting = {x.shape, (x.shape[0], 1, 1), (1, *x.shape[1:])}
        y = self.draw(st.sampled_from([t for t in self.tensors if t.shape in fitting]))
        operands = [x, y] if self.draw(st.booleans()) else [y, x]
        scale = 60 * x.scale * y.scale * self.draw(st.floats(0.4, 1.0))
        zero = self.zero()
        names = [t.name for t in operands]
        kind = self.draw(st.sampled_from(["Mul", "Mul", "Add"]))
        if kind == "Add":
            scale = (x.scale + y.scale) * self.draw(st.floats(0.4, 1.0))
        name = self.onnx.op(kind, names, scale, zero)
        self._add(Tensor(name, x.shape, scale, zero), x, y)

    def table(self) -> None:
        """A function of every element."""
        x = self._operand()
        function = self.draw(st.sampled_from(sorted(FUNCTIONS)))
        scale, zero = self.draw(st.floats(0.004, 0.03)), self.zero()
        name = self.onnx.op(function, [x.name], scale, zero, **FUNCTIONS[function])
        self._add(Tensor(name, x.shape, scale, zero), x)

    def _operand(self) -> Tensor:
        """The newest tensor three times out of four, else any."""
        newest = self.draw(st.sampled_from([True, True, True, False]))
        return self.tensors[-1] if newest else self.draw(st.sampled_from(self.tensors))

    def _window(self, size, *, max_pad: int, dilated: bool):
        """Attributes of a window that fits a map of ``size``, and the OFM's size."""
        attributes = {"kernel_shape": [], "strides": [], "pads": [0] * 4}
        dilations: list[int] = []
        out: list[int] = []
        for axis, extent in enumerate(size):
            kernel = self.draw(st.integers(1, self.limits.kernel))
            before, after = (
                self.draw(st.integers(0, min(max_pad, kernel - 1))) for _ in range(2)
            )
            room = extent + before + after
            kernel = min(kernel, room)
            # A pool must not look into padding alone.
            if not dilated:
                before, after = min(before, kernel - 1), min(after, kernel - 1)
                room = extent + before + after
            dilation = 1
            if dilated and kernel > 1:
                dilation = self.draw(st.integers(1, min(3, (room - 1) // (kernel - 1))))
            stride = self.draw(st.integers(1, 3))
            attributes["kernel_shape"].append(kernel)
            attributes["strides"].append(stride)
            attributes["pads"][axis], attributes["pads"][axis + 2] = before, after
            dilations.append(dilation)
            out.append((room - (kernel - 1) * dilation - 1) // stride + 1)
        if dilated:
            attributes["dilations"] = dilations
        return attributes, tuple(out)

    def _add(self, tensor: Tensor, *operands: Tensor) -> None:
        self.unread = [t for t in self.unread if t not in operands]
        self.tensors.append(tensor)
        self.unread.append(tensor)

    def model(self) -> ModelProto:
        """The model; what nothing reads is an output, and sometimes what is read."""
        outputs = list(self.unread)
        read = [t for t in self.tensors[1:] if t not in outputs]
        if read and self.draw(st.booleans()):
            outputs.append(self.draw(st.sampled_from(read)))
        return self.onnx.model(*(tensor.name for tensor in outputs))


def _rounded_up(size, window) -> tuple[int, ...] | None:
    """The OFM's size of a pool that keeps its last, partial windows.

    None if one would begin in the padding behind the map.
    """
    out: list[int] = []
    for axis, extent in enumerate(size):
        before, after = window["pads"][axis], window["pads"][axis + 2]
        kernel, stride = window["kernel_shape"][axis], window["strides"][axis]
        count = -(-(extent + before + after - kernel) // stride) + 1
        if (count - 1) * stride >= extent + before:
            return None
        out.append(count)
    return tuple(out)


@st.composite
def networks(draw: st.DrawFn, limits: Limits = DEFAULTS) -> ModelProto:
    """A network of one operator or more."""
    builder = NetworkBuilder(draw, limits)
    builder.input()
    for _ in range(draw(st.integers(1, limits.operators))):
        builder.operator()
    return builder.model()
