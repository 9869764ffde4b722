"""Rules for quantised models that ``onnx.checker`` does not look at."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from onnx import ModelProto, NodeProto

from cimc.diagnostics import InputError
from cimc.frontend.graph import Graph, label
from cimc.golden import ORT_ERRORS, ORT_LACKS, check_types, refused_by_onnxruntime

__all__ = ["check_parameters", "check_quantised"]


def check_quantised(model: ModelProto) -> None:
    """Refuse a quantised model that onnxruntime would not load or run.

    Raises:
        InputError: types do not go together (E141), or constant parameters of a
            quantisation do not (E105).
    """
    try:
        with suppress(ORT_LACKS):  # placement says which operators those are
            check_types(model)
    except ORT_ERRORS as error:
        raise refused_by_onnxruntime(error) from error
    graph = Graph(model)
    for node in graph.nodes:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            check_parameters(graph, node)


def check_parameters(graph: Graph, node: NodeProto) -> None:
    """Constant scales and zero points must be of one size, that of the operand.

    Raises:
        InputError: they are not (E105), or a scale is not finite (E115).
    """
    affine = graph.quantisation_of_node(node)
    if affine is None:
        return
    scale, zero = affine.scale, affine.zero
    shape = graph.shape(node.input[0])
    fits = affine.per_tensor or shape is None or scale.ndim != 1
    if shape is not None and -len(shape) <= affine.axis < len(shape):
        fits = fits or shape[affine.axis] == scale.size
    if scale.size != zero.size or not fits:
        raise InputError(
            "E105",
            f"the model breaks a rule of ONNX: {node.op_type} '{label(node)}' has a "
            f"scale of shape {scale.shape} and a zero point of shape {zero.shape}",
            notes=(f"its operand has shape {shape}, its axis is {affine.axis}",),
            hints=("quantise the model again",),
        )
    if not np.isfinite(scale).all():
        raise InputError(
            "E115", f"the scale of {node.op_type} '{label(node)}' is not finite"
        )
