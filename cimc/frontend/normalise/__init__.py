"""The normal form of quantised models.

In normal form every operator that the device may take, or a chain of functions of one
element, stands between DequantizeLinear nodes and a QuantizeLinear of its own, all
constants are initialisers, 4-bit ones are int8, and all nodes have names. onnxruntime
runs such a model in integers; it is the golden of everything that follows, and no step
changes a number, but for these: float biases are rounded, and transposed convolutions
become convolutions, each with a warning; a layer with an activation that is no clamp of
its result, and one with 4-bit weights, gives integers, of which the float32 of
onnxruntime differs by a step at times. Dilated AveragePools, which onnxruntime
does not run in that form, and products of several rows with a matrix become
convolutions, too.
"""

from __future__ import annotations

from onnx import ModelProto

from cimc.frontend.normalise.activations import collapse_pairs, split_activations
from cimc.frontend.normalise.bias import quantise_biases
from cimc.frontend.normalise.constants import (
    drop_unused,
    explicit_parameters,
    fold_constants,
    name_nodes,
)
from cimc.frontend.normalise.dense_positions import convolve_positions
from cimc.frontend.normalise.dilated import convolve_dilated_pools
from cimc.frontend.normalise.qlinear import qlinear_to_qdq
from cimc.frontend.normalise.redundant import drop_casts, merge_quantisers
from cimc.frontend.normalise.transposed import convolve_phases
from cimc.frontend.normalise.widen import widen_constants
from cimc.frontend.opset import convert_opset
from cimc.frontend.simplify import drop_variable_parts

__all__ = ["normalise"]


def normalise(model: ModelProto) -> ModelProto:
    """A quantised model with static shapes in normal form.

    Raises:
        InputError: the operator set cannot be converted (E106), or 4-bit constants
            are quantised in blocks (E116).
    """
    found = ModelProto()
    found.CopyFrom(model)
    name_nodes(found)
    fold_constants(found)
    widen_constants(found)
    qlinear_to_qdq(found)
    found = convert_opset(found)
    fold_constants(found)
    name_nodes(found)
    explicit_parameters(found)
    drop_casts(found)
    merge_quantisers(found)
    quantise_biases(found)
    split_activations(found)
    convolve_phases(found)
    convolve_dilated_pools(found)
    convolve_positions(found)
    collapse_pairs(found)
    drop_unused(found)
    drop_variable_parts(found)
    del found.graph.value_info[:]
    return found
