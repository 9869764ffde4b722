"""Float operators in the form of operators that the device has.

Each rule replaces a node by others of the same value in real arithmetic, before ranges
are measured: onnxruntime then quantises what the device runs.
"""

from __future__ import annotations

from onnx import ModelProto

from cimc.frontend.graph import Graph
from cimc.frontend.normalise.constants import drop_unused
from cimc.frontend.normalise.edit import Editor
from cimc.frontend.rewrites.arithmetic import add_instead
from cimc.frontend.rewrites.broadcasts import broadcast_inside
from cimc.frontend.rewrites.channels import convolve_channels, normalise_vectors
from cimc.frontend.rewrites.gemm import multiply_inside, widen_bias
from cimc.frontend.rewrites.padding import pad_inside
from cimc.frontend.rewrites.rectifiers import rectify_channels
from cimc.frontend.rewrites.reductions import pool_globally
from cimc.frontend.rewrites.resizing import pool_instead
from cimc.frontend.rewrites.rule import Rule
from cimc.frontend.rewrites.transposed import convolve_phases

__all__ = ["rewrite"]

#: Each works on what the rules before it left.
_RULES: tuple[Rule, ...] = (
    add_instead,
    broadcast_inside,
    normalise_vectors,
    convolve_channels,
    convolve_phases,
    multiply_inside,
    pad_inside,
    pool_globally,
    pool_instead,
    rectify_channels,
    widen_bias,
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
