"""Shape inference that does not carry the weights around."""

from __future__ import annotations

from math import prod

import onnx
from onnx import GraphProto, ModelProto, helper

__all__ = ["infer", "without_weights"]

#: Constants up to this many elements can say something about shapes.
_SMALL = 1024

#: Longest vector whose elements ONNX may write out, one by one.
_WRITTEN_OUT = 1 << 18


def infer(model: ModelProto, *, strict: bool = False) -> GraphProto:
    """A graph with types and shapes of all tensors, but without large constants.

    Raises:
        onnx.shape_inference.InferenceError: the shapes contradict each other (only
            if ``strict``).
    """
    light = without_weights(model)
    # ONNX would write out the numbers of a range or a vector, however many.
    values = all(node.op_type != "Range" for node in model.graph.node) and all(
        len(dims) != 1 or dims[0].dim_value <= _WRITTEN_OUT
        for dims in (info.type.tensor_type.shape.dim for info in light.graph.input)
    )
    return onnx.shape_inference.infer_shapes(
        light, strict_mode=strict, data_prop=values
    ).graph


def without_weights(model: ModelProto) -> ModelProto:
    """A copy whose large constants are inputs, so that it is small."""
    light = ModelProto()
    light.ir_version = max(model.ir_version, 4)
    light.opset_import.extend(model.opset_import)
    light.functions.extend(model.functions)
    graph = light.graph
    graph.name = model.graph.name
    graph.node.extend(model.graph.node)
    graph.output.extend(model.graph.output)
    graph.value_info.extend(model.graph.value_info)
    listed = {info.name for info in model.graph.input}
    graph.input.extend(model.graph.input)
    for tensor in model.graph.initializer:
        if prod(tensor.dims) <= _SMALL:
            graph.initializer.append(tensor)
        elif tensor.name not in listed:
            graph.input.append(
                helper.make_tensor_value_info(
                    tensor.name, tensor.data_type, tensor.dims
                )
            )
    return light
