"""Float operators in the form of operators that the device has.

Each rule replaces a node by others of the same value in real arithmetic, before ranges
are measured: onnxruntime then quantises what the device runs. Dense layers behind every
position become convolutions later, in quantised models
(:mod:`cimc.frontend.normalise.dense_positions`).
"""

from __future__ import annotations

from onnx import ModelProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph
from cimc.frontend.normalise.constants import drop_unused
from cimc.frontend.rewrites.arithmetic import add_instead
from cimc.frontend.rewrites.biases import part_bias, widen_bias
from cimc.frontend.rewrites.broadcasts import broadcast_inside
from cimc.frontend.rewrites.channels import convolve_channels, normalise_vectors
from cimc.frontend.rewrites.padding import pad_inside
from cimc.frontend.rewrites.rectifiers import rectify_channels
from cimc.frontend.rewrites.reductions import pool_globally
from cimc.frontend.rewrites.resizing import pool_instead
from cimc.frontend.rewrites.rule import Rule
from cimc.frontend.rewrites.transposed import convolve_phases

__all__ = ["rewrite"]

#: Each works on what those before it left.
_RULES: tuple[Rule, ...] = (
    add_instead,  # Sub, Sum, Div; before what looks for Add and Mul
    broadcast_inside,  # Expand
    normalise_vectors,  # BatchNormalization of vectors; before that of maps
    convolve_channels,  # BatchNormalization, Mul, Add with a constant per channel
    convolve_phases,  # ConvTranspose
    pad_inside,  # Pad
    pool_globally,  # ReduceMean, ReduceMax
    pool_instead,  # linear Resize
    rectify_channels,  # PRelu with a slope per channel
    widen_bias,  # beta and bias of Gemm
    part_bias,  # biases that layers share; behind all that make or change biases
)


def rewrite(model: ModelProto) -> None:
    """Apply all rules to a float model with static shapes, in place."""
    for rule in _RULES:
        graph, editor = Graph(model), Editor(model)
        replaced = [(node, rule(graph, editor, node)) for node in graph.nodes]
        editor.replace_nodes(
            new
            for node, found in replaced
            for new in ((node,) if found is None else found)
        )
    drop_unused(model)
