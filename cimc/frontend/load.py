"""From a file, bytes or a ModelProto to a valid, self-contained model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx
import onnx.inliner
from google.protobuf.message import DecodeError
from onnx import GraphProto, ModelProto, TensorProto, numpy_helper
from onnx.external_data_helper import (
    ExternalDataInfo,
    load_external_data_for_tensor,
    uses_external_data,
)

from cimc.diagnostics import InputError

__all__ = ["Source", "load_model", "opset_of"]

Source = ModelProto | bytes | Path | str

#: First version of the format whose constants need not be inputs.
_CONSTANTS_APART = 4

#: Oldest version of ai.onnx whose operators cimc knows.
_OLDEST_OPSET = 7


def load_model(source: Source) -> ModelProto:
    """A checked copy of the model, with all constants in it.

    Raises:
        InputError: the file is missing (E101) or no ONNX model (E102), its external
            data is missing, too short (E103) or outside its folder (E104), it breaks
            a rule of ONNX (E105), its operator set is not supported (E106), or it has
            control flow (E107).
    """
    folder: Path | None = None
    where = "model"
    if isinstance(source, ModelProto):
        model = ModelProto()
        model.CopyFrom(source)
    elif isinstance(source, bytes):
        model = _parse(source, where)
    else:
        folder, where = Path(source).parent, str(source)
        model = _parse(_read(Path(source)), where)
    _load_external(model, folder, where)
    try:
        onnx.checker.check_model(model)  # pyright: ignore[reportUnknownMemberType]
    except (onnx.checker.ValidationError, ValueError, TypeError) as error:
        raise InputError(
            "E105",
            f"the model breaks a rule of ONNX: {_first_line(error)}",
            where=where,
            hints=("run onnx.checker.check_model on it where it was exported",),
        ) from error
    _check_constants(model, where)
    _check_opset(model, where)
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    _check_straight(model, where)
    _unlist_constants(model)
    return model


def _unlist_constants(model: ModelProto) -> None:
    """Let the inputs be what the user feeds; old models list their constants, too."""
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [info for info in model.graph.input if info.name not in constants]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    model.ir_version = max(model.ir_version, _CONSTANTS_APART)


def opset_of(model: ModelProto) -> int:
    """Version of the operator set ai.onnx, 0 if the model does not import it."""
    versions = {entry.domain: entry.version for entry in model.opset_import}
    return versions.get("", versions.get("ai.onnx", 0))


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            "E101",
            f"the model cannot be read: {error.strerror or error}",
            where=str(path),
            hints=("check the path",),
        ) from error


def _parse(content: bytes, where: str) -> ModelProto:
    try:
        model = ModelProto.FromString(content)
    except DecodeError as error:
        raise InputError(
            "E102",
            "this is no ONNX model, or the file is truncated",
            where=where,
            notes=(f"{len(content)} bytes: {_first_line(error)}",),
            hints=("export or download it again",),
        ) from error
    _check_text(model, where)
    if not model.HasField("graph"):
        raise InputError(
            "E102",
            "this is no ONNX model: it has no graph",
            where=where,
            notes=(f"{len(content)} bytes",),
            hints=("export or download it again",),
        )
    return model


def _check_text(model: ModelProto, where: str) -> None:
    """Names must be UTF-8; protobuf gives others as bytes."""
    graph = model.graph
    named = (*graph.node, *graph.initializer, *graph.input, *graph.output)
    names: list[object] = [entry.domain for entry in model.opset_import]
    names += [found.name for found in (graph, *named, *graph.value_info)]
    for node in graph.node:
        names += (node.op_type, node.domain, *node.input, *node.output)
        names += [attribute.name for attribute in node.attribute]
    damaged = [name for name in names if not isinstance(name, str)]
    if damaged:
        raise InputError(
            "E102",
            "the file is damaged: a name in it is no text",
            where=where,
            notes=(repr(damaged[0]),),
            hints=("export or download it again",),
        )


def _check_constants(model: ModelProto, where: str) -> None:
    """Each constant must hold as many elements as its shape says."""
    for tensor in _tensors(model.graph):
        try:
            numpy_helper.to_array(tensor)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                "E105",
                f"constant {tensor.name!r} does not hold what its type says",
                where=where,
                notes=(_first_line(error),),
                hints=("export or download the model again",),
            ) from error


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    """All constants of a graph and of the graphs inside it."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner)


def _load_external(model: ModelProto, folder: Path | None, where: str) -> None:
    """Read all constants that lie in files beside the model."""
    for tensor in _tensors(model.graph):
        if not uses_external_data(tensor):
            continue
        if folder is None:
            raise InputError(
                "E103",
                f"constant {tensor.name!r} lies in another file",
                where=where,
                hints=("give the path of the model instead of its contents",),
            )
        _check_external(tensor, folder, where)
        load_external_data_for_tensor(tensor, str(folder))
        tensor.data_location = TensorProto.DEFAULT
        del tensor.external_data[:]


def _check_external(tensor: TensorProto, folder: Path, where: str) -> None:
    info = ExternalDataInfo(tensor)
    path = folder / info.location
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InputError(
            "E104",
            f"constant {tensor.name!r} lies outside the model's folder: "
            f"{info.location}",
            where=where,
            hints=("keep external data beside the model",),
        )
    if not path.is_file():
        raise InputError(
            "E103",
            f"the file of constant {tensor.name!r} is missing: {info.location}",
            where=where,
            hints=("copy it beside the model",),
        )
    size, start = path.stat().st_size, info.offset or 0
    end = start + (info.length or 0)
    if not 0 <= start <= end <= size:
        raise InputError(
            "E103",
            f"the file of constant {tensor.name!r} is too short: {info.location}",
            where=where,
            notes=(f"bytes {start} to {end} of {size} are asked for",),
            hints=("copy it again",),
        )


def _check_opset(model: ModelProto, where: str) -> None:
    version = opset_of(model)
    newest = onnx.defs.onnx_opset_version()
    if not _OLDEST_OPSET <= version <= newest:
        raise InputError(
            "E106",
            f"operator set {version} of ai.onnx is not supported",
            where=where,
            notes=(f"supported: {_OLDEST_OPSET} to {newest}",),
            hints=("export with opset_version=17",),
        )


def _check_straight(model: ModelProto, where: str) -> None:
    """No operator may hold a graph of its own."""
    found = [
        f"{node.op_type} '{node.name or node.output[0]}'"
        for node in model.graph.node
        if any(a.HasField("g") or a.graphs for a in node.attribute)
    ]
    if found:
        raise InputError(
            "E107",
            "the model has control flow",
            where=where,
            notes=tuple(found),
            hints=("export it with static shapes, without If, Loop and Scan",),
        )
