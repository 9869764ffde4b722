"""Models that break rules of ONNX which do not bear on what they compute."""

from __future__ import annotations

from collections.abc import Callable

import onnx
from onnx import ModelProto, NodeProto

from cimc.frontend.inference import infer

__all__ = ["mend"]


def mend(model: ModelProto) -> list[str]:
    """Mend such a model in place; says what was mended."""
    return [text for text, repair in _REPAIRS.items() if repair(model)]


def _lower_version(model: ModelProto) -> bool:
    newest = onnx.IR_VERSION
    found = model.ir_version
    model.ir_version = min(max(found, 3), newest)
    return model.ir_version != found


def _name_graph(model: ModelProto) -> bool:
    if model.graph.name:
        return False
    model.graph.name = "model"
    return True


def _sort(model: ModelProto) -> bool:
    """Put every node behind those that it reads, if that is possible."""
    made = {name for node in model.graph.node for name in node.output if name}
    known: set[str] = set()
    waiting, ordered = list(model.graph.node), list[NodeProto]()
    while waiting:
        ready = [n for n in waiting if known.issuperset(made.intersection(n.input))]
        if not ready:
            return False
        # The first of them only, so that a sorted graph stays as it is.
        ordered.append(ready[0])
        known.update(ready[0].output)
        waiting.remove(ready[0])
    changed = ordered != list(model.graph.node)
    if changed:
        del model.graph.node[:]
        model.graph.node.extend(ordered)
    return changed


def _infer_again(model: ModelProto) -> bool:
    """Replace what the model says about shapes by what follows from its inputs."""
    graph = model.graph
    before = list(graph.value_info), list(graph.output)
    del graph.value_info[:]
    for info in graph.output:
        info.type.tensor_type.ClearField("shape")
    try:
        inferred = infer(model)
    except (onnx.shape_inference.InferenceError, RuntimeError, ValueError):
        return False
    del graph.output[:]
    graph.output.extend(inferred.output)
    return before != (list(graph.value_info), list(graph.output))


#: In this order, so that shapes are inferred in a graph that is sorted.
_REPAIRS: dict[str, Callable[[ModelProto], bool]] = {
    "its IR version is not one that onnx knows": _lower_version,
    "its graph has no name": _name_graph,
    "its nodes are not sorted": _sort,
    "shapes are missing, or contradict its inputs": _infer_again,
}
