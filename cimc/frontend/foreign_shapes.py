"""Shapes behind onnxruntime's own operators, which ONNX does not know."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from onnx import ModelProto, ValueInfoProto, helper

from cimc.frontend.inference import has_shape
from cimc.golden import ORT_ERRORS, types_of

__all__ = ["ask_onnxruntime"]

#: What onnxruntime calls some types of numpy.
_TYPES = {"float": "float32", "double": "float64"}


def ask_onnxruntime(model: ModelProto) -> None:
    """Add types and shapes that are unknown but for onnxruntime, in place."""
    graph = model.graph
    if all(node.domain == "" for node in graph.node):
        return
    infos = (*graph.value_info, *graph.output)
    known = {info.name for info in infos if has_shape(info)}
    made = (name for node in graph.node for name in node.output if name)
    missing = [name for name in made if name not in known]
    found: dict[str, ValueInfoProto] = {}
    with suppress(*ORT_ERRORS):  # others say what is wrong with the model
        for name, (kind, shape) in types_of(model, missing).items():
            with suppress(TypeError):  # such as text
                dtype = np.dtype(_TYPES.get(kind, kind))
                type_ = helper.np_dtype_to_tensor_dtype(dtype)
                found[name] = helper.make_tensor_value_info(name, type_, shape)
    outputs = [found.pop(info.name, info) for info in graph.output]
    kept = [info for info in graph.value_info if info.name not in found]
    del graph.output[:], graph.value_info[:]
    graph.output.extend(outputs)
    graph.value_info.extend([*kept, *found.values()])
