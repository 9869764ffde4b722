"""4-bit constants become int8, as onnxruntime's integer kernels want them.

int8 holds the values of INT4 and of UINT4, and onnxruntime multiplies it in integers
with activations of either sign; uint8 weights beside int8 activations would be float.
"""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto

from cimc.diagnostics import InputError
from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph, attributes, label

__all__ = ["check_blocks", "widen_constants"]

_FOUR_BITS = (TensorProto.INT4, TensorProto.UINT4)


def widen_constants(model: ModelProto) -> None:
    """Let each DequantizeLinear of a 4-bit constant read the same values as int8.

    4-bit zero points of QuantizeLinear stay: they say where its results saturate.

    Raises:
        InputError: such a constant is quantised in blocks (E116).
    """
    graph, editor = Graph(model), Editor(model)
    wide: dict[str, str] = {}
    for node in graph.nodes:
        if node.op_type != "DequantizeLinear":
            continue
        stored = [name for name in (node.input[0], *node.input[2:]) if name]
        if not all(_is_narrow(graph, name) for name in stored):
            continue
        check_blocks(node)
        for name in stored:
            if name not in wide:
                values = graph.constant(name).astype(np.int8)
                wide[name] = editor.constant(f"{name}_int8", values)
        editor.rename_inputs([node], wide)


def _is_narrow(graph: Graph, name: str) -> bool:
    return graph.is_constant(name) and graph.element_type(name) in _FOUR_BITS


def check_blocks(node: NodeProto) -> None:
    """Refuse a DequantizeLinear of blocks.

    Raises:
        InputError: it has a scale for each of several blocks of a channel (E116).
    """
    size = attributes(node).get("block_size", 0)
    if size:
        raise InputError(
            "E116",
            f"the constant {node.input[0]!r} is quantised in blocks of {size}",
            where=label(node),
            notes=("the device has one scale per output channel",),
            hints=(
                "quantise it per output channel, without block_size",
                "cimc quantize --weights int4 does so with the float model",
            ),
        )
