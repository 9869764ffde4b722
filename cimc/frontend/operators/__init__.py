"""How each ONNX operator becomes ``cnn``: operator name → lazy reader."""

from __future__ import annotations

from importlib import import_module

from cimc.frontend.operators.base import Reader
from cimc.frontend.quantised_ops import QuantisedOp

__all__ = ["OPERATORS", "reader_of"]

#: Operator type → ``module:function`` in this package.
OPERATORS: dict[str, str] = {
    "Conv": "convolution:read_conv",
    "Gemm": "dense:read_gemm",
    "MatMul": "dense:read_matmul",
    "MaxPool": "pooling:read_max_pool",
    "AveragePool": "pooling:read_average_pool",
    "GlobalAveragePool": "pooling:read_global_average_pool",
    "GlobalMaxPool": "pooling:read_global_max_pool",
    "Add": "joining:read_add",
    "Mul": "joining:read_multiply",
    "Concat": "joining:read_concat",
    **dict.fromkeys(
        ("Flatten", "Reshape", "Squeeze", "Unsqueeze"), "reshaping:read_reshape"
    ),
    "Transpose": "reshaping:read_transpose",
    "DepthToSpace": "reshaping:read_depth_to_space",
    "SpaceToDepth": "reshaping:read_space_to_depth",
    "Slice": "slicing:read_slice",
    "Split": "slicing:read_split",
    "Pad": "slicing:read_pad",
    "Resize": "slicing:read_resize",
    "Upsample": "slicing:read_resize",
}


def reader_of(quantised: QuantisedOp) -> Reader | None:
    """Its reader, or None for an operator that the device lacks."""
    place = OPERATORS.get(quantised.node.op_type)
    if quantised.elementwise:
        place = "elementwise:read_elementwise"
    if place is None:
        return None
    module, function = place.split(":")
    return getattr(import_module(f"{__name__}.{module}"), function)
