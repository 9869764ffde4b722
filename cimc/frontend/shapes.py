"""Static shapes: what the user says about dynamic axes, and one image at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import onnx
from onnx import ModelProto, TypeProto, ValueInfoProto

from cimc.diagnostics import InputError
from cimc.frontend.inference import infer

__all__ = ["Shapes", "fix_shapes", "model_inputs"]

Shapes = Mapping[str, Sequence[int]]

#: Elements of a tensor that a model may have.
MOST_ELEMENTS = 1 << 28


def model_inputs(model: ModelProto) -> list[ValueInfoProto]:
    """The inputs that the user feeds (initialisers may be listed, too)."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return [info for info in model.graph.input if info.name not in constants]


def fix_shapes(model: ModelProto, shapes: Shapes | None = None) -> None:
    """Give every input of ``model`` a static shape with batch 1, in place.

    Raises:
        InputError: an axis is dynamic and ``shapes`` does not name it (E111),
            ``shapes`` contradicts the model (E112), the batch is not 1 (E113), or
            the shapes inside the model contradict each other (E114) or are too
            large (E117).
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
        _check_size(info)
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
    dynamic = [
        f"axis {axis} ({dim.dim_param or 'unnamed'})"
        for axis, dim in enumerate(dims)
        if not dim.HasField("dim_value") or dim.dim_value < 1
    ]
    if dynamic:
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
    if len(dims) > 1 and dims[0].dim_value != 1:
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


def _infer(model: ModelProto) -> None:
    """Replace the shapes inside the model by what follows from its inputs."""
    del model.graph.value_info[:]
    for info in model.graph.output:
        info.type.tensor_type.ClearField("shape")
    try:
        inferred = infer(model, strict=True)
    except onnx.shape_inference.InferenceError as error:
        detail = str(error).strip().split("\n")[-1]
        raise InputError(
            "E114",
            f"the shapes in the model contradict each other: {detail}",
            hints=("check --shape, and that the model runs in onnxruntime",),
        ) from error
    model.graph.value_info.extend(inferred.value_info)
    del model.graph.output[:]
    model.graph.output.extend(inferred.output)
    for info in (*inferred.value_info, *inferred.output):
        _check_size(info)


def _check_size(info: ValueInfoProto) -> None:
    """Nothing is computed on tensors that no chip could ever hold."""
    shape = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
    if any(size < 0 for size in shape):
        raise InputError(
            "E114",
            f"the shapes in the model contradict each other: tensor {info.name!r} "
            f"would have shape {shape}",
            hints=("check --shape, and that windows fit into what they slide over",),
        )
    if prod(shape) > MOST_ELEMENTS:
        raise InputError(
            "E117",
            f"tensor {info.name!r} has {'x'.join(map(str, shape))} elements",
            notes=(f"at most {MOST_ELEMENTS} are supported",),
            hints=("check --shape, and the attributes of the operator",),
        )
