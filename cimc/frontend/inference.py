"""Shape inference that does not carry the weights around."""

from __future__ import annotations

from math import prod

import onnx
from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto, helper

__all__ = ["has_shape", "infer", "without_weights"]

#: Constants up to this many elements can say something about shapes.
_SMALL = 1024

#: Longest vector whose elements ONNX may write out, one by one.
_WRITTEN_OUT = 1 << 18

#: Operators whose results may be vectors of any length.
_GROWING = {
    *("ConstantOfShape", "Range", "RandomNormal", "RandomUniform"),
    *("BlackmanWindow", "HammingWindow", "HannWindow", "OneHot"),
    *("Concat", "Expand", "Pad", "Resize", "Tile", "Upsample"),
}


def infer(model: ModelProto, *, strict: bool = False) -> GraphProto:
    """A graph with types and shapes of all tensors, but without large constants.

    What depends on the elements of a long vector stays unknown.

    Raises:
        onnx.shape_inference.InferenceError: the shapes contradict each other (only
            if ``strict``).
    """
    light = without_weights(model)
    for node in light.graph.node:
        if node.op_type == "GroupNormalization":  # ONNX infers nothing for it
            node.CopyFrom(helper.make_node("Identity", node.input[:1], node.output))
    closed = not _has_inner_graphs(light)
    long = _long_vectors(light) if closed else []
    graph = onnx.shape_inference.infer_shapes(
        light, strict_mode=strict, data_prop=closed and not long
    ).graph
    known = {info.name for info in graph.value_info}
    graph.value_info.extend(info for info in long if info.name not in known)
    return graph


def _has_inner_graphs(model: ModelProto) -> bool:
    """Whether operators hold graphs, into which nobody looks here."""
    return bool(model.functions) or any(
        attribute.HasField("g") or attribute.graphs
        for node in model.graph.node
        for attribute in node.attribute
    )


def _long_vectors(model: ModelProto) -> list[ValueInfoProto]:
    """Some vectors whose elements ONNX must not write out, if there are any.

    It would do so, one by one, for any vector that an operator on shapes takes. Results
    that may be longer than what they are made from can be such vectors; what depends
    on them is looked at when their length is known.
    """
    growing = [node for node in model.graph.node if node.op_type in _GROWING]
    graph = model.graph
    if growing:
        graph = onnx.shape_inference.infer_shapes(model).graph
    reached = {info.name for info in graph.value_info if has_shape(info)}
    for _ in range(1 + len(growing)):
        if found := list(filter(_is_long, (*graph.input, *graph.value_info))):
            return found
        growing = [node for node in growing if not reached.issuperset(node.output)]
        if not growing:
            break
        part = _before(model, growing)
        graph = onnx.shape_inference.infer_shapes(part, data_prop=True).graph
        reached.update(name for node in part.graph.node for name in node.output)
    return []


def has_shape(info: ValueInfoProto) -> bool:
    """Whether all of a shape is known."""
    type_ = info.type.tensor_type
    return type_.HasField("shape") and all(
        dim.HasField("dim_value") for dim in type_.shape.dim
    )


def _is_long(info: ValueInfoProto) -> bool:
    dims = info.type.tensor_type.shape.dim
    return len(dims) == 1 and dims[0].dim_value > _WRITTEN_OUT


def _before(model: ModelProto, last: list[NodeProto]) -> ModelProto:
    """The part of a model whose nodes do not depend on results of ``last``."""
    part = ModelProto()
    part.CopyFrom(model)
    del part.graph.node[:]
    del part.graph.output[:]
    beyond = {name for node in last for name in node.output}
    for node in model.graph.node:
        if beyond.isdisjoint(node.input):
            part.graph.node.append(node)
        else:
            beyond.update(node.output)
    return part


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
