"""Small float models with the operators of real networks."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper


class FloatBuilder:
    """Builds a float model with random weights, operator by operator."""

    def __init__(self, seed: int = 0, opset: int = 17) -> None:
        self.generator = np.random.default_rng(seed)
        self.opset = opset
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self._count = 0

    def constant(self, value) -> str:
        self._count += 1
        name = f"constant{self._count}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def weights(self, *shape: int) -> str:
        fan_in = int(np.prod(shape[1:])) or 1
        values = self.generator.normal(0, fan_in**-0.5, shape)
        return self.constant(values.astype(np.float32))

    def node(self, op: str, *inputs: str, **attributes) -> str:
        self._count += 1
        name = f"{op.lower()}{self._count}"
        self.nodes.append(
            helper.make_node(op, inputs, [f"{name}_out"], name, **attributes)
        )
        return f"{name}_out"

    def conv(self, x: str, cin: int, cout: int, kernel: int = 3, **attributes) -> str:
        groups = attributes.get("group", 1)
        weights = self.weights(cout, cin // groups, kernel, kernel)
        pads = [kernel // 2] * 4
        return self.node(
            "Conv", x, weights, self.weights(cout), **{"pads": pads, **attributes}
        )

    def batch_norm(self, x: str, channels: int) -> str:
        values = [self.generator.uniform(0.5, 1.5, channels) for _ in range(4)]
        names = [self.constant(v.astype(np.float32)) for v in values]
        return self.node("BatchNormalization", x, *names)

    def gemm(self, x: str, rows: int, cout: int) -> str:
        return self.node("Gemm", x, self.weights(rows, cout), self.weights(cout))

    def model(self, shape, output: str) -> ModelProto:
        info = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.nodes,
            "float",
            [info("image", TensorProto.FLOAT, shape)],
            [info(output, TensorProto.FLOAT, None)],
            self.constants,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8
        )
        return onnx.shape_inference.infer_shapes(model)


def run(model: ModelProto, image: np.ndarray) -> np.ndarray:
    """What onnxruntime makes of an image, the input of that name."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"image": image})[0]


def mobile() -> ModelProto:
    """Inverted residual with batch normalisation, Relu6 and depthwise convolution."""
    b = FloatBuilder()
    low, high = b.constant(np.float32(0)), b.constant(np.float32(6))
    x = b.node(
        "Clip", b.batch_norm(b.conv("image", 3, 8, strides=[2, 2]), 8), low, high
    )
    y = b.node("Clip", b.batch_norm(b.conv(x, 8, 16, 1), 16), low, high)
    y = b.node("Clip", b.batch_norm(b.conv(y, 16, 16, group=16), 16), low, high)
    x = b.node("Add", x, b.conv(y, 16, 8, 1))
    x = b.node("HardSwish", b.conv(x, 8, 12, 1))
    x = b.node("GlobalAveragePool", x)
    x = b.node("Dropout", b.node("Flatten", x))
    return b.model([1, 3, 16, 16], b.node("Softmax", b.gemm(x, 12, 10)))


def fire() -> ModelProto:
    """Squeeze and expand with Concat, pools of all kinds, a flattened map."""
    b = FloatBuilder(1)
    x = b.node("Relu", b.conv("image", 3, 8))
    x = b.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    squeezed = b.node("Relu", b.conv(x, 8, 4, 1))
    left = b.node("Relu", b.conv(squeezed, 4, 6, 1))
    right = b.node("Sigmoid", b.conv(squeezed, 4, 6))
    x = b.node("Concat", left, right, axis=1)
    x = b.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
    shape = b.constant(np.array([1, -1], np.int64))
    x = b.node("Reshape", b.node("LeakyRelu", b.conv(x, 12, 6)), shape)
    x = b.node("Tanh", b.node("MatMul", x, b.weights(6 * 3 * 3, 20)))
    return b.model([1, 3, 13, 13], b.gemm(x, 20, 5))


def separable() -> ModelProto:
    """Three depthwise-separable blocks, at 16 x 16 and then 8 x 8 positions."""
    b = FloatBuilder(3)
    x = b.node("Relu", b.conv("image", 3, 16))
    for cin, cout, stride in ((16, 32, 1), (32, 64, 1), (64, 64, 2)):
        x = b.conv(x, cin, cin, group=cin, strides=[stride, stride])
        x = b.node("Relu", x)
        x = b.node("Relu", b.conv(x, cin, cout, 1))
    x = b.node("Flatten", b.node("GlobalAveragePool", x))
    return b.model([1, 3, 16, 16], b.gemm(x, 64, 10))


def attention() -> ModelProto:
    """A gate (Mul of two feature maps) between convolutions: not for the device."""
    b = FloatBuilder(2)
    x = b.conv("image", 3, 8)
    x = b.node("Mul", x, b.node("Sigmoid", b.conv(x, 8, 8, 1)))
    return b.model([1, 3, 8, 8], b.conv(x, 8, 4))


def images(count: int, shape, seed: int = 5) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.normal(0, 1, (count, *shape[1:])).astype(np.float32)
