"""Models whose weights alone are quantised: their integers are kept.

Such a model runs in float: a DequantizeLinear makes floats of stored weights, and
nothing quantises activations. Their ranges come from calibration data as those of a
float model do, while every weight keeps its integer, its scale and its zero point.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import ModelProto, numpy_helper
from onnxruntime.quantization import QuantType

from cimc.diagnostics import CimcWarning
from cimc.frontend.check_quantised import check_parameters
from cimc.frontend.edit import Editor
from cimc.frontend.graph import Affine, Graph
from cimc.frontend.normalise.widen import check_blocks, widen_constants
from cimc.weights import Array

__all__ = ["StoredWeights", "overrides", "take_weights"]

_DENSE = ("Conv", "ConvTranspose", "Gemm", "MatMul")


@dataclass(frozen=True)
class StoredWeights:
    """A float constant, and the quantisation that it came with."""

    values: Array
    affine: Affine


def take_weights(model: ModelProto) -> dict[str, StoredWeights]:
    """Make floats of the stored constants of a model, in place.

    Returns the quantisation of those that are weights, by the name of the float
    constant.

    Raises:
        InputError: constants are quantised in blocks (E116), or their parameters do not
            fit them (E105, E115).
    """
    widen_constants(model)
    graph, editor = Graph(model), Editor(model)
    found: dict[str, StoredWeights] = {}
    for node in graph.nodes:
        if node.op_type != "DequantizeLinear" or not graph.is_constant(node.input[0]):
            continue
        check_blocks(node)
        check_parameters(graph, node)
        affine, stored = graph.quantisation_of_node(node), graph.constant(node.input[0])
        if affine is None:
            continue
        values, name = _real(stored, affine), node.output[0]
        editor.model.graph.initializer.append(numpy_helper.from_array(values, name))
        readers = graph.consumers[name]
        if stored.dtype.name in ("int8", "uint8") and any(
            reader.op_type in _DENSE and reader.input[1] == name for reader in readers
        ):
            found[name] = StoredWeights(values, affine)
    taken = {tensor.name for tensor in model.graph.initializer}
    editor.replace_nodes(node for node in graph.nodes if node.output[0] not in taken)
    return found


def overrides(
    model: ModelProto, weights: dict[str, StoredWeights]
) -> dict[str, list[dict[str, Any]]]:
    """What makes onnxruntime quantise ``weights`` to the integers that they came from.

    Weights that ``model`` no longer has as they were, because something was folded
    into them, are quantised anew, with a warning (W109).
    """
    graph = Graph(model)
    kept: dict[str, list[dict[str, Any]]] = {}
    for name, given in weights.items():
        found = graph.constant(name) if graph.is_constant(name) else None
        if found is not None and np.array_equal(found, given.values):
            kept[name] = _parameters(given)
    changed = sorted(weights.keys() - kept.keys())
    if changed:
        warnings.warn(
            CimcWarning(
                "W109",
                "quantised weights were changed by what was folded into them, and are "
                "quantised anew",
                notes=(f"constants: {', '.join(changed)}",),
            ),
            stacklevel=2,
        )
    return kept


def _real(stored: Array, affine: Affine) -> Array:
    """The floats that a DequantizeLinear makes of a constant."""
    shape = [1] * stored.ndim
    if not affine.per_tensor:
        shape[affine.axis] = -1
    scale, zero = (values.reshape(shape) for values in (affine.scale, affine.zero))
    steps = stored.astype(np.int32) - zero.astype(np.int32)
    return (steps * scale).astype(np.float32)


def _parameters(given: StoredWeights) -> list[dict[str, Any]]:
    """Scale and zero point as onnxruntime wants to be told them, channel by channel."""
    affine = given.affine
    kind = QuantType.QInt8 if affine.zero.dtype == np.int8 else QuantType.QUInt8
    axis = {} if affine.per_tensor else {"axis": affine.axis % given.values.ndim}
    return [
        {
            "quant_type": kind,
            "scale": np.array(scale, np.float32),
            "zero_point": np.array(zero),
            **axis,
        }
        for scale, zero in zip(affine.scale.ravel(), affine.zero.ravel(), strict=True)
    ]
