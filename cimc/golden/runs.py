"""Runs of the quantised model in onnxruntime, with any of its tensors."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import onnx
import onnxruntime as ort
from onnx import GraphProto, ModelProto, TensorProto

from cimc.golden.saturation import saturates, unsaturated
from cimc.golden.sessions import run, session
from cimc.weights import Array

__all__ = ["Golden", "check_types", "float_layers", "types_of"]

#: Operators that cimc's device computes in integers, as onnxruntime names them when
#: it runs them in float32.
_FLOAT = frozenset(
    {"Add", "AveragePool", "Conv", "FusedConv", "FusedGemm", "Gemm", "MatMul"}
    | {"FusedMatMul", "GlobalAveragePool", "NhwcFusedConv"}
)


#: Bytes up to which a constant can say how to optimise: more than scales have.
_LARGE = 1 << 17


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

        Raises:
            InputError: an operator does not take what it is given (E141).
        """
        outputs = tuple(info.name for info in self._model.graph.output)
        extra = tuple(dict.fromkeys(t for t in tensors or () if t not in outputs))
        if extra not in self._sessions:
            self._sessions[extra] = session(_exposing(self._model, extra))
        wanted = list(outputs if tensors is None else dict.fromkeys(tensors))
        results = run(self._sessions[extra], wanted, feeds)
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
        source, optimised = Path(folder) / "model.onnx", Path(folder) / "optimised.onnx"
        source.write_bytes(_weightless(model, source.parent).SerializeToString())
        session(source, optimised)
        nodes = ModelProto.FromString(optimised.read_bytes()).graph.node
    found = {n.name.split("_token_")[0] for n in nodes if n.op_type in _FLOAT}
    return [layer for layer in layers if layer in found]


def check_types(model: ModelProto) -> None:
    """Let onnxruntime say whether all operators exist and take what they are given.

    Raises what onnxruntime raises where that is not so.
    """
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "model.onnx"
        source.write_bytes(_weightless(model, source.parent).SerializeToString())
        session(source, optimise=False)


def types_of(
    model: ModelProto, tensors: Sequence[str]
) -> dict[str, tuple[str, list[int]]]:
    """Element types, as onnxruntime calls them, and shapes of tensors by name.

    Without those whose shape it does not know. Raises what onnxruntime raises if it
    does not load the model.
    """
    if not tensors:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "model.onnx"
        bare = _weightless(model, source.parent)
        del bare.graph.output[:], bare.graph.value_info[:]
        bare.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors)
        source.write_bytes(bare.SerializeToString())
        found = session(source, optimise=False).get_outputs()
    return {
        output.name: (output.type.removeprefix("tensor(").removesuffix(")"), sizes)
        for output, sizes in ((output, list(output.shape or ())) for output in found)
        if all(isinstance(size, int) for size in sizes)
    }


def _weightless(model: ModelProto, folder: Path) -> ModelProto:
    """A copy whose large constants are zeros in a file of holes in ``folder``.

    onnxruntime optimises it like the model itself, but need not read, prepare and
    write weights.
    """
    copy, zeros, most = _without_constants(model), folder / "zeros", 0
    for tensor in model.graph.initializer:
        size = len(tensor.raw_data)
        if size <= _LARGE:
            copy.graph.initializer.append(tensor)
            continue
        empty = copy.graph.initializer.add(
            name=tensor.name,
            dims=tensor.dims,
            data_type=tensor.data_type,
            data_location=TensorProto.EXTERNAL,
        )
        place = {"location": zeros.name, "offset": "0", "length": str(size)}
        for key, value in place.items():
            empty.external_data.add(key=key, value=value)
        most = max(most, size)
    with zeros.open("wb") as file:
        file.truncate(most)
    return copy


def _without_constants(model: ModelProto) -> ModelProto:
    """A copy of all but the constants, which takes little memory."""
    copy = ModelProto(
        ir_version=model.ir_version,
        opset_import=model.opset_import,
        functions=model.functions,
    )
    graph = model.graph
    copy.graph.CopyFrom(
        GraphProto(
            name=graph.name,
            node=graph.node,
            input=graph.input,
            output=graph.output,
            value_info=graph.value_info,
        )
    )
    return copy
