"""Models in float16 or bfloat16, computed in float32."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
from onnx import GraphProto, ModelProto, TensorProto, numpy_helper

from cimc.diagnostics import CimcWarning
from cimc.frontend.casts import cast_at_border

__all__ = ["compute_in_float32"]

_NARROW = (TensorProto.FLOAT16, TensorProto.BFLOAT16)

#: Attributes that name the type of a result.
_TYPES = ("to", "dtype", "output_dtype", "stash_type", "precision")


def compute_in_float32(model: ModelProto) -> None:
    """Widen all 16-bit floats inside ``model``, in place.

    Inputs and outputs keep their types: Cast stands at the border.
    """
    graph = model.graph
    narrow = [tensor for tensor in _constants(graph) if tensor.data_type in _NARROW]
    infos = (*graph.input, *graph.output)
    if not narrow and not any(i.type.tensor_type.elem_type in _NARROW for i in infos):
        return
    for tensor in narrow:
        wide = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name in _TYPES and attribute.i in _NARROW:
                attribute.i = TensorProto.FLOAT
    constants = {tensor.name for tensor in graph.initializer}
    kinds: dict[str, tuple[int, int]] = {}
    for info in infos:
        kind = info.type.tensor_type.elem_type
        if kind in _NARROW and info.name in constants:
            info.type.tensor_type.elem_type = TensorProto.FLOAT
        elif kind in _NARROW:
            kinds[info.name] = kind, TensorProto.FLOAT
    cast_at_border(model, kinds)
    del graph.value_info[:]
    warnings.warn(
        CimcWarning("W108", "the model is in 16-bit floats; it is computed in float32"),
        stacklevel=3,
    )


def _constants(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
