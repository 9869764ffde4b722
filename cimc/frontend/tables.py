"""Tables of 256 entries, computed by onnxruntime itself on a model of one operator."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

from cimc.dialects.feature_map import FeatureMap
from cimc.frontend.cut import cut
from cimc.frontend.graph import Graph
from cimc.frontend.quantised_ops import QuantisedOp
from cimc.golden import compute
from cimc.weights import Array

#: An image of all 256 values.
_SHAPE = (1, 1, 16, 16)

__all__ = ["requantisation", "stored_values", "tabulate"]


def stored_values(unsigned: bool) -> Array:
    """Every stored value in the order of its byte read as an unsigned number."""
    values = np.arange(256, dtype=np.uint8)
    return values if unsigned else values.view(np.int8)


def tabulate(quantised: QuantisedOp, graph: Graph) -> Array:
    """What an elementwise operator makes of every stored byte of its input.

    int8 or uint8 of shape (256,), indexed by the byte read as an unsigned number.

    Raises:
        InputError: onnxruntime cannot compute it (E141).
    """
    affine = graph.quantisation_of_node(quantised.dequantisers[0])
    assert affine is not None, "find_quantised_ops checks the parameters"
    values = stored_values(affine.zero.dtype.name == "uint8").reshape(_SHAPE)
    model = cut(graph, quantised.inputs, [quantised.output], _SHAPE)
    feeds = {quantised.inputs[0]: values}
    (table,) = compute(model, [quantised.output], feeds)
    return table.reshape(256)


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
    (table,) = compute(model, ["y"], {"x": stored_values(before.unsigned)})
    return table
