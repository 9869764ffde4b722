"""Operators between DequantizeLinear and QuantizeLinear, as single units.

In the normal form that :mod:`cimc.frontend.normalise` establishes, everything the
device can do is one operator (or a chain of unary ones) whose operands come out of
DequantizeLinear and whose only reader is QuantizeLinear.
"""

from __future__ import annotations

from dataclasses import dataclass

from onnx import NodeProto

from cimc.frontend.graph import Affine, Graph, label

__all__ = ["UNARY", "Unit", "find_units", "unary_operand"]

#: Elementwise functions of one feature map: any of them is a table of 256 entries.
UNARY = frozenset(
    {
        *("Abs", "Ceil", "Celu", "Clip", "Elu", "Erf", "Exp", "Floor", "Gelu"),
        *("HardSigmoid", "HardSwish", "LeakyRelu", "Mish", "Neg", "PRelu"),
        *("Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Softplus"),
        *("Softsign", "Sqrt", "Swish", "Tanh", "ThresholdedRelu"),
    }
)

#: Become unary when their other operand is a constant of one element.
_BINARY = frozenset({"Add", "Sub", "Mul", "Div", "Pow", "Min", "Max"})


@dataclass(frozen=True)
class Unit:
    """One quantised operator: integer tensors in, one integer tensor out.

    ``nodes`` are the float operators in order; none for a change of quantisation.
    ``inputs`` are the integer tensors behind the non-constant operands, with
    ``readers``, the DequantizeLinear nodes between. ``output`` is the integer tensor
    that ``quantise`` makes.
    """

    nodes: tuple[NodeProto, ...]
    inputs: tuple[str, ...]
    readers: tuple[NodeProto, ...]
    quantise: NodeProto
    output: str

    @property
    def node(self) -> NodeProto:
        """The node that stands for the unit in messages and in the IR."""
        return self.nodes[0] if self.nodes else self.quantise

    @property
    def layer(self) -> str:
        """Name of the layer."""
        return label(self.node)


def _constant(graph: Graph, name: str) -> bool:
    """Whether a tensor is a constant, quantised or not."""
    source = graph.dequantised(name)
    return graph.is_constant(source.input[0] if source else name)


def unary_operand(graph: Graph, node: NodeProto) -> str | None:
    """The one variable operand of an elementwise function, or None."""
    variable = [name for name in node.input if name and not _constant(graph, name)]
    if len(variable) != 1 or len(node.output) != 1:
        return None
    if node.op_type in UNARY - {"PRelu"}:
        return variable[0] if node.input[0] == variable[0] else None
    if node.op_type not in _BINARY | {"PRelu"}:
        return None
    constants = [n for n in node.input if n and n not in variable]
    small = all(_one_element(graph, name) for name in constants)
    return variable[0] if small else None


def _one_element(graph: Graph, name: str) -> bool:
    source = graph.dequantised(name)
    return graph.constant(source.input[0] if source else name).size == 1


def find_units(graph: Graph) -> list[Unit]:
    """All units of a graph, in the order of their QuantizeLinear nodes."""
    found = (_unit(graph, n) for n in graph.nodes if n.op_type == "QuantizeLinear")
    return [unit for unit in found if unit is not None]


def _unit(graph: Graph, quantise: NodeProto) -> Unit | None:
    """The unit that ends in ``quantise``, if there is one."""
    if graph.affine(quantise) is None:
        return None
    chain: list[NodeProto] = []
    name = quantise.input[0]
    while (node := graph.producer.get(name)) is not None:
        if node.op_type == "DequantizeLinear":
            return _closed(graph, chain, [name], quantise)
        if len(graph.consumers[name]) != 1 or name in graph.outputs:
            return None
        chain.insert(0, node)
        operand = unary_operand(graph, node)
        if operand is None:
            if len(chain) > 1:
                return None
            operands = [n for n in node.input if n and not _constant(graph, n)]
            return _closed(graph, chain, operands, quantise)
        name = operand
    return None


def _closed(
    graph: Graph, chain: list[NodeProto], operands: list[str], quantise: NodeProto
) -> Unit | None:
    """A unit, provided that all operands come out of DequantizeLinear."""
    readers: list[NodeProto] = []
    for name in operands:
        reader = graph.dequantised(name)
        affine: Affine | None = graph.affine(reader) if reader else None
        if reader is None or affine is None:
            return None
        readers.append(reader)
    if not readers:
        return None
    inputs = tuple(reader.input[0] for reader in readers)
    return Unit(tuple(chain), inputs, tuple(readers), quantise, quantise.output[0])
