"""Tables of 256 entries, computed by onnxruntime itself on a model of one unit."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import ModelProto, helper, numpy_helper

from cimc.dialects.feature_map import FeatureMap
from cimc.frontend.graph import Graph
from cimc.frontend.units import Unit
from cimc.golden import session
from cimc.weights import Array

__all__ = ["requantisation", "stored_values", "tabulate"]


def stored_values(unsigned: bool) -> Array:
    """Every stored value in the order of its byte read as an unsigned number."""
    values = np.arange(256, dtype=np.uint8)
    return values if unsigned else values.view(np.int8)


def tabulate(unit: Unit, graph: Graph) -> Array:
    """What a unit of elementwise operators makes of every stored byte.

    int8 or uint8 of shape (256,), indexed by the byte read as an unsigned number.
    """
    model, source = _single_unit(unit, graph)
    affine = graph.affine(unit.readers[0])
    assert affine is not None, "find_units checks the parameters"
    values = stored_values(affine.zero.dtype == np.uint8)
    feeds = {source: values.reshape(1, 1, 16, 16)}
    return session(model).run(None, feeds)[0].reshape(256)


def requantisation(before: FeatureMap, after: FeatureMap) -> Array:
    """What DequantizeLinear and QuantizeLinear make of every stored byte.

    int8 or uint8 of shape (256,), indexed by the byte read as an unsigned number.
    """
    infos: list[onnx.ValueInfoProto] = []
    constants: list[onnx.TensorProto] = []
    for side, found in (("x", before), ("y", after)):
        dtype = np.dtype(np.uint8 if found.unsigned else np.int8)
        kind = helper.np_dtype_to_tensor_dtype(dtype)
        infos.append(helper.make_tensor_value_info(side, kind, [256]))
        constants += [
            numpy_helper.from_array(np.array(found.scale, np.float32), f"{side}_scale"),
            numpy_helper.from_array(np.array(found.zero, dtype), f"{side}_zero"),
        ]
    nodes = [
        helper.make_node("DequantizeLinear", ["x", "x_scale", "x_zero"], ["real"]),
        helper.make_node("QuantizeLinear", ["real", "y_scale", "y_zero"], ["y"]),
    ]
    body = helper.make_graph(nodes, "requantise", infos[:1], infos[1:], constants)
    model = helper.make_model(
        body, opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    )
    return session(model).run(None, {"x": stored_values(before.unsigned)})[0]


def _single_unit(unit: Unit, graph: Graph) -> tuple[ModelProto, str]:
    """A model of one unit with a map of 256 elements, and its input's name."""
    nodes = [unit.readers[0], *unit.nodes, unit.quantise]
    made = {name for node in nodes for name in node.output}
    needed = {name for node in nodes for name in node.input if name} - made
    extra = [
        source
        for name in sorted(needed)
        if (source := graph.dequantised(name)) is not None
    ]
    nodes = [*extra, *nodes]
    needed |= {name for node in extra for name in node.input if name}
    source = unit.inputs[0]
    constants = [
        numpy_helper.from_array(graph.constant(name), name)
        for name in sorted(needed)
        if graph.is_constant(name)
    ]
    stored = graph.element_type(source), graph.element_type(unit.output)
    infos = [
        helper.make_tensor_value_info(name, kind, [1, 1, 16, 16])
        for name, kind in zip((source, unit.output), stored, strict=True)
    ]
    body = helper.make_graph(nodes, "unit", infos[:1], infos[1:], constants)
    model = helper.make_model(body, opset_imports=graph.model.opset_import)
    model.ir_version = graph.model.ir_version
    return model, source
