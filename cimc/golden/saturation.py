"""Kernels of onnxruntime that saturate sums of products, and a way around them.

On x86 without VNNI the kernels for int8 weights add pairs of products in int16. Those
for uint8 activations and uint8 weights are exact on every machine, so there the golden
is a copy of the model whose convolutions have both.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from cimc.golden.sessions import session
from cimc.weights import Array

__all__ = ["saturates", "unsaturated"]


@cache
def saturates() -> bool:
    """Whether onnxruntime's kernels saturate sums of products on this machine.

    On x86 without VNNI pairs of products uint8 · int8 are added in int16. The probe
    is one convolution of the largest values, compared with the exact sum.
    """
    channels = 64
    nodes = [
        helper.make_node("DequantizeLinear", ["x", "one", "zx"], ["xf"]),
        helper.make_node("DequantizeLinear", ["w", "one", "zw"], ["wf"]),
        helper.make_node("Conv", ["xf", "wf"], ["yf"]),
        helper.make_node("QuantizeLinear", ["yf", "scale", "zx"], ["y"]),
    ]
    exact = 255 * 127 * channels
    constants = {
        "one": np.float32(1),
        "scale": np.float32(exact / 200),
        "zx": np.uint8(0),
        "zw": np.int8(0),
        "w": np.full((8, channels, 1, 1), 127, np.int8),
    }
    shape = [1, channels, 4, 4]
    graph = helper.make_graph(
        nodes,
        "probe",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info("y", TensorProto.UINT8, [1, 8, 4, 4])],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    feeds = {"x": np.full(shape, 255, np.uint8)}
    return bool((session(model).run(None, feeds)[0] != 200).any())


def unsaturated(model: ModelProto) -> ModelProto:
    """A copy of a model in normal form that computes the same in exact kernels.

    Around Conv, Gemm and MatMul int8 becomes uint8 with a zero point 128 higher:
    weights in place, activations by a change of quantisation before and behind.
    """
    return _Rewriter(model).rewrite()


class _Rewriter:
    """Builds the node list of the copy, one old node at a time."""

    def __init__(self, model: ModelProto) -> None:
        self._copy = ModelProto()
        self._copy.CopyFrom(model)
        self._old: list[NodeProto] = list(model.graph.node)
        self._new: list[NodeProto] = []
        self._tensors = {t.name: t for t in model.graph.initializer}
        self._makers = {name: n for n in self._old for name in n.output}
        dense = [n for n in self._old if n.op_type in ("Conv", "Gemm", "MatMul")]
        self._weights = {node.input[1] for node in dense}
        self._results = {node.output[0] for node in dense}

    def rewrite(self) -> ModelProto:
        """The copy."""
        for node in self._old:
            if node.op_type == "DequantizeLinear" and node.output[0] in self._weights:
                self._weight(node)
            elif node.op_type == "QuantizeLinear" and node.input[0] in self._results:
                self._result(node)
            elif node.output[0] in self._results:
                self._operator(node)
            else:
                self._new.append(node)
        del self._copy.graph.node[:]
        self._copy.graph.node.extend(self._new)
        return self._copy

    def _weight(self, node: NodeProto) -> None:
        """Read int8 weights as uint8, 128 higher."""
        stored = self._tensors.get(node.input[0])
        if stored is None or stored.data_type != TensorProto.INT8:
            self._new.append(node)
            return
        copy = NodeProto()
        copy.CopyFrom(node)
        names = self._raised(node.input[0]), self._raised(node.input[2])
        copy.input[0], copy.input[2] = names
        self._new.append(copy)

    def _operator(self, node: NodeProto) -> None:
        """Let an operator read its int8 activations as uint8."""
        source = self._makers.get(node.input[0])
        copy = NodeProto()
        copy.CopyFrom(node)
        if source is not None and self._is_signed(source):
            copy.input[0] = self._requantise(
                node.input[0], source.input[1], self._raised(source.input[2]), node
            )
        self._new.append(copy)

    def _result(self, node: NodeProto) -> None:
        """Quantise an int8 result as uint8 first."""
        if not self._is_signed(node):
            self._new.append(node)
            return
        copy = NodeProto()
        copy.CopyFrom(node)
        copy.input[0] = self._requantise(
            node.input[0], node.input[1], self._raised(node.input[2]), node
        )
        self._new.append(copy)

    def _is_signed(self, node: NodeProto) -> bool:
        """Whether a Quantize- or DequantizeLinear is one of int8."""
        zero = self._tensors.get(node.input[2]) if len(node.input) > 2 else None
        return zero is not None and zero.data_type == TensorProto.INT8

    def _requantise(self, real: str, scale: str, zero: str, node: NodeProto) -> str:
        """Append QuantizeLinear and DequantizeLinear; the real tensor they give."""
        stored = f"{real}/{node.output[0]}/uint8"
        result = f"{stored}/real"
        self._new += [
            helper.make_node("QuantizeLinear", [real, scale, zero], [stored], stored),
            helper.make_node("DequantizeLinear", [stored, scale, zero], [result]),
        ]
        return result

    def _raised(self, name: str) -> str:
        """A uint8 constant, 128 higher than the int8 constant ``name``."""
        result = f"{name}/uint8"
        if result not in self._tensors:
            array: Array = numpy_helper.to_array(self._tensors[name])
            raised = (array.astype(np.int16) + 128).astype(np.uint8)
            self._tensors[result] = numpy_helper.from_array(raised, result)
            self._copy.graph.initializer.append(self._tensors[result])
        return result
