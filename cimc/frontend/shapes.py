"""Static shapes: what the user says about dynamic axes, and one image at a time."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from math import prod

import onnx
from onnx import ModelProto, TypeProto, ValueInfoProto

from cimc.diagnostics import CimcWarning, InputError
from cimc.frontend.foreign_shapes import ask_onnxruntime
from cimc.frontend.inference import infer
from cimc.frontend.resized import give_sizes

__all__ = ["Shapes", "check_size", "fix_shapes", "model_inputs"]

Shapes = Mapping[str, Sequence[int]]

#: Elements of the largest tensor that is computed.
_MOST_ELEMENTS = 1 << 28

#: Tensors of so many dimensions need not begin with that of the batch.
_NO_IMAGE = 3


def model_inputs(model: ModelProto) -> list[ValueInfoProto]:
    """The inputs that the user feeds (initialisers may be listed, too)."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return [info for info in model.graph.input if info.name not in constants]


def fix_shapes(model: ModelProto, shapes: Shapes | None = None) -> None:
    """Give inputs a static shape, images batch 1, and infer all others anew, in place.

    A dynamic first axis becomes 1, with a warning (W110), if the others are static.

    Raises:
        InputError: an axis is dynamic and ``shapes`` does not name it (E111),
            ``shapes`` contradicts the model (E112), the batch is not 1 (E113),
            the shapes inside the model contradict each other (E114), or a tensor has
            more elements than any memory holds (E118).
    """
    inputs = {info.name: info for info in model_inputs(model)}
    for name in shapes or {}:
        if name not in inputs:
            raise InputError(
                "E112",
                f"--shape names {name!r}, which is no input of the model",
                hints=(f"inputs: {', '.join(inputs)}",),
            )
    for name, info in inputs.items():
        if not info.type.HasField("tensor_type"):
            raise InputError("E112", f"input {name!r} is no tensor")
        _fix(info, (shapes or {}).get(name))
        check_size(name, (d.dim_value for d in info.type.tensor_type.shape.dim))
    _infer(model)


def _fix(info: ValueInfoProto, given: Sequence[int] | None) -> None:
    tensor = info.type.tensor_type
    if given is not None:
        _check_given(info.name, tensor, given)
        del tensor.shape.dim[:]
        for size in given:
            tensor.shape.dim.add().dim_value = size
    if not tensor.HasField("shape"):
        raise InputError(
            "E111",
            f"input {info.name!r} has no shape",
            hints=(f"--shape {info.name}=1,3,224,224 (with the sizes of the model)",),
        )
    dims = tensor.shape.dim
    open_axes = [
        axis
        for axis, dim in enumerate(dims)
        if not dim.HasField("dim_value") or dim.dim_value < 1
    ]
    if open_axes == [0] and len(dims) > 1:
        dims[0].dim_value = 1
        warnings.warn(
            CimcWarning(
                "W110", f"the dynamic batch of input {info.name!r} is set to 1"
            ),
            stacklevel=4,
        )
    elif open_axes:
        dynamic = [
            f"axis {axis} ({dims[axis].dim_param or 'unnamed'})" for axis in open_axes
        ]
        example = ",".join(
            str(dim.dim_value) if dim.dim_value > 0 else ("1" if axis == 0 else "224")
            for axis, dim in enumerate(dims)
        )
        raise InputError(
            "E111",
            f"input {info.name!r} has dynamic axes: {', '.join(dynamic)}",
            notes=("a program is compiled for one shape",),
            hints=(f"--shape {info.name}={example}",),
        )
    if len(dims) > _NO_IMAGE and dims[0].dim_value != 1:
        raise InputError(
            "E113",
            f"input {info.name!r} has batch {dims[0].dim_value}",
            notes=("a program computes one image at a time",),
            hints=("export the model with batch 1 or a dynamic batch",),
        )


def _check_given(name: str, tensor: TypeProto.Tensor, given: Sequence[int]) -> None:
    text = ",".join(map(str, given))
    if not given or min(given) < 1:
        raise InputError("E112", f"--shape {name}={text}: sizes must be positive")
    if not tensor.HasField("shape"):
        return
    dims = tensor.shape.dim
    static = [dim.dim_value if dim.dim_value > 0 else None for dim in dims]
    fits = len(static) == len(given) and all(
        own in (None, size) for own, size in zip(static, given, strict=True)
    )
    if not fits:
        own = ",".join("?" if size is None else str(size) for size in static)
        raise InputError(
            "E112",
            f"--shape {name}={text} contradicts the model's shape {own}",
            hints=("give a size for each ? and repeat the others",),
        )


def check_size(name: str, shape: Iterable[int]) -> None:
    """Nothing is computed on tensors that no chip could ever hold.

    Raises:
        InputError: the tensor would be one (E118), or its shape is negative (E114).
    """
    sizes = list(shape)
    text = "x".join(map(str, sizes))
    if any(size < 0 for size in sizes):
        raise InputError(
            "E114",
            f"the shapes in the model contradict each other: tensor {name!r} would "
            f"have shape {text}",
            hints=("check --shape, and that windows fit into what they slide over",),
        )
    if prod(sizes) > _MOST_ELEMENTS:
        raise InputError(
            "E118",
            f"tensor {name!r} has {text} elements",
            notes=(f"at most {_MOST_ELEMENTS} are supported",),
            hints=("check --shape, and the attributes of the operator",),
        )


def _infer(model: ModelProto) -> None:
    """Replace the shapes inside the model by what follows from its inputs."""
    del model.graph.value_info[:]
    give_sizes(model)
    given = {info.name for info in model.graph.input}
    for info in model.graph.output:
        if info.name not in given:
            info.type.tensor_type.ClearField("shape")
    try:
        inferred = infer(model, strict=True)
    except onnx.shape_inference.InferenceError as error:
        detail = str(error).strip().split("\n")[0]
        raise InputError(
            "E114",
            f"the shapes in the model contradict each other: {detail}",
            hints=("check --shape, and that the model runs in onnxruntime",),
        ) from error
    model.graph.value_info.extend(inferred.value_info)
    del model.graph.output[:]
    model.graph.output.extend(inferred.output)
    ask_onnxruntime(model)
    graph = model.graph
    for info in (*graph.input, *graph.value_info, *graph.output):
        check_size(info.name, (d.dim_value for d in info.type.tensor_type.shape.dim))
