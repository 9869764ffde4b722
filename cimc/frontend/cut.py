"""Parts of a model, cut out at named tensors."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from onnx import ModelProto, NodeProto, ValueInfoProto, helper

from cimc.frontend.graph import Graph

__all__ = ["cut"]


def cut(
    graph: Graph,
    inputs: Collection[str],
    outputs: Sequence[str],
    shape: tuple[int, ...] | None = None,
) -> ModelProto:
    """The part of a model that computes ``outputs`` from ``inputs``.

    Tensors that depend on no member of ``inputs`` are computed from the inputs of the
    model. ``shape`` replaces the shape of all inputs and outputs, which is possible
    where only elementwise operators lie between.
    """
    needed, known = set(outputs), set(inputs)
    nodes: list[NodeProto] = []
    for node in reversed(graph.nodes):
        if (set(node.output) & needed) - known:
            nodes.insert(0, node)
            needed |= set(node.input)
    constants = [t for t in graph.model.graph.initializer if t.name in needed]
    sources = [name for name in (*graph.inputs, *inputs) if name in needed]
    body = helper.make_graph(
        nodes,
        graph.model.graph.name,
        [_info(graph, name, shape) for name in dict.fromkeys(sources)],
        [_info(graph, name, shape) for name in outputs],
        constants,
    )
    model = helper.make_model(body, opset_imports=graph.model.opset_import)
    model.ir_version = graph.model.ir_version
    return model


def _info(graph: Graph, name: str, shape: tuple[int, ...] | None) -> ValueInfoProto:
    return helper.make_tensor_value_info(
        name, graph.element_type(name), shape or graph.shape(name)
    )
