"""Device segments of a quantised ONNX model in normal form → ``cnn`` modules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Block, Operation, Region, SSAValue

from cimc.dialects.cim import WeightsRef
from cimc.dialects.cnn import InputOp, OutputOp
from cimc.frontend.border import Border
from cimc.frontend.graph import Graph
from cimc.frontend.operators.base import feature_map
from cimc.frontend.operators.layout import map_shape
from cimc.frontend.placement import Item
from cimc.weights import Array, WeightStore

__all__ = ["build_module"]


class _Builder:
    """Collects ops, values by tensor, and constants."""

    def __init__(
        self, items: Sequence[Item], border: Border, weights: WeightStore
    ) -> None:
        self._outputs = set(border.outputs)
        self._uses = Counter(name for item in items for name in item.inputs)
        self._values: dict[str, SSAValue] = {}
        self.block = Block()
        self._weights = weights

    def value(self, tensor: str) -> SSAValue:
        """The feature map that holds the integer tensor called ``tensor``."""
        return self._values[tensor]

    def bind(self, tensor: str, value: SSAValue) -> None:
        """Say which value holds ``tensor``."""
        self._values[tensor] = value

    def constant(self, name: str, array: Array) -> WeightsRef:
        """Store a constant and refer to it."""
        return WeightsRef.of(name, self._weights.add(name, array))

    def insert(self, op: Operation) -> SSAValue:
        """Append an op with one result and return that."""
        self.block.add_op(op)
        return op.results[0]

    def is_last_use(self, tensor: str) -> bool:
        """Whether one op of the device and nobody else reads ``tensor``."""
        holders = [name for name, v in self._values.items() if v is self.value(tensor)]
        alone = holders == [tensor] and tensor not in self._outputs
        return alone and self._uses[tensor] == 1


def build_module(
    graph: Graph, items: Sequence[Item], border: Border, name: str, weights: WeightStore
) -> ModuleOp:
    """A device segment as a verified ``cnn`` module; constants go to ``weights``."""
    builder = _Builder(items, border, weights)
    for tensor in border.inputs:
        shape, affine = (
            map_shape(graph.shape(tensor)),
            graph.quantisation_of_tensor(tensor),
        )
        assert shape is not None, "the readers checked the shape"
        assert affine is not None, "the readers checked the parameters"
        op = InputOp(tensor, feature_map(shape, affine))
        builder.bind(tensor, builder.insert(op))
    for item in items:
        assert item.step is not None
        assert item.quantised is not None
        builder.bind(item.quantised.output, item.step.emit(builder))
    for tensor in border.outputs:
        builder.block.add_op(OutputOp(builder.value(tensor), tensor))
    module = ModuleOp(Region(builder.block))
    module.attributes["cim.model"] = StringAttr(name)
    module.verify()
    return module
