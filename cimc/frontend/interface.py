"""Inputs and outputs of types that numpy and onnxruntime's Python interface lack."""

from __future__ import annotations

import warnings

from onnx import ModelProto, TensorProto, ValueInfoProto, helper

from cimc.diagnostics import CimcWarning
from cimc.frontend.casts import cast_at_border
from cimc.frontend.shapes import model_inputs

__all__ = ["widen_interface"]


def widen_interface(model: ModelProto) -> None:
    """Let float32 stand for bfloat16, and for types of 8 and fewer bits, in place.

    float32 holds all their values. Inside the model tensors keep their types: Cast
    stands at the border. Warns (W113).
    """
    graph = model.graph
    infos = [info for info in (*model_inputs(model), *graph.output) if _lacks(info)]
    if not infos:
        return
    kinds = {info.name: info.type.tensor_type.elem_type for info in infos}
    cast_at_border(model, {n: (TensorProto.FLOAT, kind) for n, kind in kinds.items()})
    for info in infos:
        info.type.tensor_type.elem_type = TensorProto.FLOAT
    del graph.value_info[:]
    warnings.warn(
        CimcWarning(
            "W113",
            "float32 stands for inputs and outputs of types that numpy lacks",
            notes=tuple(
                f"{name} is {helper.tensor_dtype_to_string(kind).split('.')[-1]}"
                for name, kind in kinds.items()
            ),
        ),
        stacklevel=3,
    )


def _lacks(info: ValueInfoProto) -> bool:
    """Whether numpy has the type of a tensor from a package that extends it, only."""
    kind = info.type.tensor_type.elem_type
    known = kind in TensorProto.DataType.values() and kind != TensorProto.UNDEFINED
    return known and helper.tensor_dtype_to_np_dtype(kind).isbuiltin != 1
