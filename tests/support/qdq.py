"""Small quantised ONNX models, and their comparison with onnxruntime."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from cimc.frontend import ImportedModel, import_model
from cimc.golden import Golden, float_layers, session
from cimc.interpreters.cnn import interpret
from tests.support.precise import precise_session

INT32 = np.dtype(np.int32)


class QdqBuilder:
    """Builds a model whose inputs and outputs are integers, operator by operator."""

    def __init__(self, dtype=np.int8, opset: int = 17) -> None:
        self.dtype = np.dtype(dtype)
        self.opset = opset
        self.nodes: list[NodeProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.constants: dict[str, TensorProto] = {}
        self.affine: dict[str, tuple[str, str]] = {}
        self._count = 0

    def name(self, base: str) -> str:
        self._count += 1
        return f"{base}{self._count}"

    def constant(self, base: str, value) -> str:
        name = self.name(base)
        self.constants[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    def parameters(self, scale: float, zero: int) -> tuple[str, str]:
        return (
            self.constant("scale", np.float32(scale)),
            self.constant("zero", self.dtype.type(zero)),
        )

    def input(self, shape, scale: float, zero: int, name: str | None = None) -> str:
        name = name or self.name("x")
        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        self.affine[name] = self.parameters(scale, zero)
        return name

    def node(self, op: str, inputs, domain: str = "", **attributes) -> str:
        """A node on real tensors; returns its result."""
        result = self.name(f"{op.lower()}_real")
        name = self.name(op.lower())
        self.nodes.append(
            helper.make_node(op, inputs, [result], name, domain=domain, **attributes)
        )
        return result

    def real(self, stored: str) -> str:
        return self.node("DequantizeLinear", [stored, *self.affine[stored]])

    def stored(self, real: str, scale: float, zero: int) -> str:
        return self.stored_as(real, self.parameters(scale, zero))

    def stored_as(self, real: str, parameters: tuple[str, str]) -> str:
        name = self.node("QuantizeLinear", [real, *parameters])
        self.affine[name] = parameters
        return name

    def op(self, op: str, inputs, scale: float, zero: int, **attributes) -> str:
        """DequantizeLinear → op → QuantizeLinear."""
        reals = [self.real(name) for name in inputs]
        return self.stored(self.node(op, reals, **attributes), scale, zero)

    def weights(self, values, scales, zeros=None, axis: int = 0) -> str:
        values, scales = np.asarray(values), np.asarray(scales, np.float32)
        zeros = np.zeros(scales.shape, values.dtype) if zeros is None else zeros
        names = [
            self.constant("w", values),
            self.constant("w_scale", scales),
            self.constant("w_zero", np.asarray(zeros, values.dtype)),
        ]
        extra = {"axis": axis} if scales.ndim else {}
        return self.node("DequantizeLinear", names, **extra)

    def dense(
        self,
        op: str,
        x: str,
        weights,
        scales,
        bias,
        scale: float,
        zero: int,
        axis: int = 0,
        zeros=None,
        activation: str | None = None,
        **attributes,
    ) -> str:
        """Conv, Gemm or MatMul, quantised."""
        operands = [self.real(x), self.weights(weights, scales, zeros, axis)]
        if bias is not None:
            x_scale = numpy_helper.to_array(self.constants[self.affine[x][0]])
            products = np.asarray(x_scale * np.asarray(scales, np.float32))
            operands.append(self.weights(np.asarray(bias, np.int32), products))
        real = self.node(op, operands, **attributes)
        if activation is not None:
            real = self.node(activation, [real])
        return self.stored(real, scale, zero)

    def model(self, *outputs: str) -> ModelProto:
        graph = helper.make_graph(
            self.nodes, "test", self.inputs, [], list(self.constants.values())
        )
        domains = {node.domain for node in self.nodes} | {""}
        opsets = [
            helper.make_opsetid(domain, 1 if domain else self.opset)
            for domain in sorted(domains)
        ]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        if domains == {""}:
            graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
            known = {info.name: info for info in graph.value_info}
            infos = [known[name] for name in outputs]
        else:
            # ONNX cannot infer shapes through these operators, onnxruntime can.
            kind = helper.np_dtype_to_tensor_dtype(self.dtype)
            open_model = ModelProto()
            open_model.CopyFrom(model)
            open_model.graph.output.extend(
                helper.make_tensor_value_info(name, kind, None) for name in outputs
            )
            infos = [
                helper.make_tensor_value_info(found.name, kind, found.shape)
                for found in session(open_model).get_outputs()
            ]
        model.graph.output.extend(infos)
        return model


def feeds_for(model: ModelProto, seed: int = 0) -> dict[str, np.ndarray]:
    """Random values over the whole range of each input's type."""
    generator = np.random.default_rng(seed)
    feeds: dict[str, np.ndarray] = {}
    constants = {tensor.name for tensor in model.graph.initializer}
    for info in model.graph.input:
        if info.name in constants:
            continue
        shape = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        dtype = helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
        if dtype.kind == "f":
            feeds[info.name] = generator.random(shape, dtype)
        else:
            limits = np.iinfo(dtype)
            values = generator.integers(limits.min, limits.max + 1, shape)
            feeds[info.name] = values.astype(dtype)
    return feeds


def assert_exact(model: ModelProto, seed: int = 0) -> ImportedModel:
    """The cnn level, the golden and onnxruntime on the original model agree.

    All three integer for integer, in every tensor that they share, and onnxruntime
    runs no layer of the device in float.
    """
    imported = assert_golden(model, seed)
    feeds, original = feeds_for(model, seed), precise_session(model)
    names = [info.name for info in original.get_outputs()]
    golden = Golden(imported.quantised).run(feeds, names)
    for name, expected in zip(names, original.run(names, feeds), strict=True):
        np.testing.assert_array_equal(golden[name], expected, err_msg=name)
    return imported


def assert_golden(model: ModelProto, seed: int = 0) -> ImportedModel:
    """The cnn level and the golden agree in all their tensors."""
    feeds = feeds_for(model, seed)
    imported = import_model(model, name="test")
    layers = [
        op.layer.data
        for segment in imported.segments
        for op in segment.module.body.block.ops
        if hasattr(op, "layer")
    ]
    assert float_layers(imported.quantised, layers) == []
    names = [info.name for info in model.graph.output]
    golden = Golden(imported.quantised).run(feeds, [*imported.tensors, *names])
    for name, found in Golden(imported.quantised).run(feeds).items():
        np.testing.assert_array_equal(found, golden[name], err_msg=name)
    known, host = dict(feeds), imported.host
    for number, segment in enumerate(imported.segments):
        inputs = host.inputs(number, known)
        maps = interpret(segment.module, imported.weights, inputs)
        for name in maps.keys() & set(imported.tensors):
            found = host.to_onnx(name, maps[name])
            np.testing.assert_array_equal(found, golden[name], err_msg=name)
        known |= host.known(number, maps)
    for name, found in host.outputs(known).items():
        np.testing.assert_array_equal(found, golden[name], err_msg=name)
    return imported
