"""What rules of float graphs are, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from onnx import NodeProto

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph
from cimc.weights import Array

__all__ = ["Rule", "only_reader", "per_channel", "real_constant"]

Rule = Callable[[Graph, Editor, NodeProto], Sequence[NodeProto] | None]
"""What stands in place of a node: other nodes, none, or None where it stays.

A rule about several nodes is asked for each of them, and must answer alike. Of the new
nodes, the one that computes has the name of the old one: that with MACs, if there is
one, and the last of several.
"""


def real_constant(graph: Graph, name: str) -> Array | None:
    """The value of a float32 constant, None where ``name`` is something else."""
    if not name or not graph.is_constant(name):
        return None
    value = graph.constant(name)
    return value if value.dtype == np.float32 else None


def only_reader(graph: Graph, node: NodeProto) -> NodeProto | None:
    """The node that alone reads the one result of ``node``, if there is one."""
    name = node.output[0]
    readers = graph.consumers[name]
    alone = len(readers) == 1 and name not in graph.outputs
    return readers[0] if alone and list(readers[0].input).count(name) == 1 else None


def per_channel(values: Array, shape: tuple[int, ...]) -> Array | None:
    """Values that broadcast to ``shape`` (1, C, …): one for each channel, or for all.

    Of shape (C,), or () where there is one.
    """
    if values.size == 1:
        return values.reshape(())
    inner, channels = len(shape) - 1, shape[1]
    along = values.ndim >= inner and values.shape[-inner] == channels == values.size
    return values.ravel() if along else None
