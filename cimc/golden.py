"""The golden: onnxruntime on the quantised model, with the options that keep
quantised operators in integers, and without kernels that saturate sums.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import ModelProto, TensorProto, helper, numpy_helper

from cimc.weights import Array

__all__ = ["Golden", "float_layers", "saturates", "session", "unsaturated"]

#: Operators that cimc's device computes in integers, as onnxruntime names them when
#: it runs them in float32.
_FLOAT = frozenset(
    {"Add", "AveragePool", "Conv", "FusedConv", "FusedGemm", "Gemm", "MatMul"}
    | {"FusedMatMul", "GlobalAveragePool", "NhwcFusedConv"}
)


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    # Without this entry int8 QDQ operators run in float32 on x86.
    options.add_session_config_entry("session.qdqisint8allowed", "1")
    return options


def session(model: ModelProto) -> ort.InferenceSession:
    """An onnxruntime session whose QDQ operators run as integer kernels."""
    return ort.InferenceSession(
        model.SerializeToString(), _options(), providers=["CPUExecutionProvider"]
    )


class Golden:
    """A quantised model in normal form, run by onnxruntime on one image at a time."""

    def __init__(self, model: ModelProto) -> None:
        self._model = unsaturated(model) if saturates() else model
        self._sessions: dict[tuple[str, ...], ort.InferenceSession] = {}

    def run(
        self, feeds: Mapping[str, Array], tensors: Sequence[str] | None = None
    ) -> dict[str, Array]:
        """The tensors of those names (default: the model's outputs).

        ``feeds`` maps the model's inputs to arrays in their ONNX shape; so are the
        results. Any tensor of the model may be asked for; integer ones do not change
        how it is computed.
        """
        outputs = tuple(info.name for info in self._model.graph.output)
        extra = tuple(dict.fromkeys(t for t in tensors or () if t not in outputs))
        if extra not in self._sessions:
            self._sessions[extra] = session(_exposing(self._model, extra))
        wanted = list(outputs if tensors is None else dict.fromkeys(tensors))
        results = self._sessions[extra].run(wanted, feeds)
        return dict(zip(wanted, results, strict=True))


def _exposing(model: ModelProto, tensors: Collection[str]) -> ModelProto:
    """A copy of ``model`` with more outputs."""
    copy = ModelProto()
    copy.CopyFrom(model)
    copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors)
    return copy


def float_layers(model: ModelProto, layers: Collection[str]) -> list[str]:
    """Which of the ``layers`` (names of nodes) onnxruntime runs in float32.

    Their results are then not those of the integer arithmetic that cimc compiles.
    """
    with tempfile.TemporaryDirectory() as folder:
        options, path = _options(), Path(folder) / "optimised.onnx"
        options.optimized_model_filepath = str(path)
        ort.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        nodes = onnx.load_model_from_string(path.read_bytes()).graph.node
    found = {n.name.split("_token_")[0] for n in nodes if n.op_type in _FLOAT}
    return [layer for layer in layers if layer in found]


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
    """A copy whose int8 weights are uint8 with a zero point 128 higher.

    That means the same numbers, in kernels that add exactly on every machine.
    """
    copy = ModelProto()
    copy.CopyFrom(model)
    tensors = {tensor.name: tensor for tensor in copy.graph.initializer}
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in copy.graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    weights = {
        node.input[1]
        for node in copy.graph.node
        if node.op_type in ("Conv", "Gemm", "MatMul")
    }
    for node in list(copy.graph.node):
        stored = tensors.get(node.input[0]) if node.input else None
        if (
            node.op_type != "DequantizeLinear"
            or node.output[0] not in weights
            or stored is None
            or stored.data_type != TensorProto.INT8
        ):
            continue
        zero = np.zeros(tuple(tensors[node.input[1]].dims), np.int8)
        if len(node.input) > 2 and node.input[2]:
            zero = numpy_helper.to_array(tensors[node.input[2]])
        names = [f"{name}/unsigned" for name in (stored.name, node.output[0])]
        for name, array in zip(
            names, (numpy_helper.to_array(stored), zero), strict=True
        ):
            shifted = (array.astype(np.int16) + 128).astype(np.uint8)
            if name not in tensors:
                tensors[name] = numpy_helper.from_array(shifted, name)
                copy.graph.initializer.append(tensors[name])
        node.CopyFrom(
            helper.make_node(
                node.op_type,
                [names[0], node.input[1], names[1]],
                list(node.output),
                node.name,
                **{a.name: helper.get_attribute_value(a) for a in node.attribute},
            )
        )
    return copy
