"""Editing an ONNX graph: new nodes, new constants, fresh names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, helper, numpy_helper

from cimc.weights import Array

__all__ = ["Editor", "set_attributes"]


def set_attributes(node: NodeProto, found: Mapping[str, Any]) -> None:
    """Make ``found`` the attributes of a node."""
    del node.attribute[:]
    node.attribute.extend(helper.make_attribute(k, v) for k, v in found.items())


class Editor:
    """Changes a model in place; nodes are replaced as a whole at the end."""

    def __init__(self, model: ModelProto) -> None:
        self.model = model
        graph = model.graph
        self._names = {tensor.name for tensor in graph.initializer}
        self._names |= {info.name for info in graph.input}
        for node in graph.node:
            self._names |= {node.name, *node.input, *node.output}

    def fresh(self, base: str) -> str:
        """A name that nothing has yet, like ``base``."""
        name, count = base, 0
        while name in self._names:
            count += 1
            name = f"{base}_{count}"
        self._names.add(name)
        return name

    def constant(self, base: str, array: Array) -> str:
        """Add a constant and return its name."""
        name = self.fresh(base)
        tensor = numpy_helper.from_array(np.asarray(array, order="C"), name)
        self.model.graph.initializer.append(tensor)
        return name

    def node(
        self,
        op_type: str,
        inputs: Sequence[str],
        output: str,
        name: str | None = None,
        **attributes: Any,
    ) -> NodeProto:
        """A node with one output, named after that unless ``name`` is given."""
        called = self.fresh(f"{output}_{op_type}") if name is None else name
        return helper.make_node(op_type, inputs, [output], called, **attributes)

    def pair(
        self, real: str, scale: str, zero: str, stored: str | None = None
    ) -> tuple[list[NodeProto], str]:
        """QuantizeLinear and DequantizeLinear behind ``real``, and their result."""
        integer = stored or self.fresh(f"{real}_QuantizeLinear_Output")
        result = self.fresh(f"{real}_DequantizeLinear_Output")
        return [
            self.node("QuantizeLinear", [real, scale, zero], integer),
            self.node("DequantizeLinear", [integer, scale, zero], result),
        ], result

    def replace_nodes(self, nodes: Iterable[NodeProto]) -> None:
        """Make ``nodes`` the nodes of the graph."""
        kept = list(nodes)
        del self.model.graph.node[:]
        self.model.graph.node.extend(kept)

    def rename_inputs(self, nodes: Iterable[NodeProto], names: dict[str, str]) -> None:
        """Let every reader of a key read the value instead, chains followed."""
        for node in nodes:
            for index, name in enumerate(node.input):
                new = name
                while new in names:
                    new = names[new]
                if new != name:
                    node.input[index] = new
