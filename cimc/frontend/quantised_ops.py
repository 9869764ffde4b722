"""Operators between DequantizeLinear and QuantizeLinear, each by itself.

In the normal form that :mod:`cimc.frontend.normalise` establishes, everything the
device can do is one operator (or a chain of unary ones) whose operands come out of
DequantizeLinear and whose only reader is QuantizeLinear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from onnx import NodeProto

from cimc.frontend.graph import Graph, label

__all__ = ["QuantisedOp", "find_quantised_ops", "unary_operand"]

#: Elementwise functions of one feature map: any of them is a table of 256 entries.
_UNARY = frozenset(
    {
        *("Abs", "Ceil", "Celu", "Clip", "Elu", "Erf", "Exp", "Floor", "Gelu"),
        *("HardSigmoid", "HardSwish", "LeakyRelu", "Mish", "Neg"),
        *("Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Softplus"),
        *("Softsign", "Sqrt", "Swish", "Tanh", "ThresholdedRelu"),
    }
)

#: Become unary when their other operand is a constant of one element.
_BINARY = frozenset({"Add", "Sub", "Mul", "Div", "Pow", "Min", "Max"})


@dataclass(frozen=True)
class QuantisedOp:
    """One quantised operator: integer tensors in, one integer tensor out.

    ``nodes`` are the float operators in order; none for a change of quantisation.
    ``absorbed`` are those further up that it computes as well, each of which has a
    QuantizeLinear of its own.
    ``inputs`` are the integer tensors behind the non-constant operands, with the
    DequantizeLinear nodes between as ``dequantisers``. ``output`` is the integer tensor
    that ``quantise`` makes. ``elementwise`` says that each byte of it is a function of
    the byte at the same place of the one input.
    """

    nodes: tuple[NodeProto, ...]
    inputs: tuple[str, ...]
    dequantisers: tuple[NodeProto, ...]
    quantise: NodeProto
    output: str
    elementwise: bool = False
    absorbed: tuple[NodeProto, ...] = ()

    @property
    def node(self) -> NodeProto:
        """The node that stands for it in messages and in the IR."""
        return self.nodes[0] if self.nodes else self.quantise

    @property
    def layer(self) -> str:
        """Name of the layer."""
        return label(self.node)


def _constant(graph: Graph, name: str) -> bool:
    """Whether a tensor is a constant, quantised or not."""
    source = graph.dequantised(name)
    if source is None:
        return graph.is_constant(name)
    known = graph.quantisation_of_node(source) is not None
    return known and graph.is_constant(source.input[0])


def unary_operand(graph: Graph, node: NodeProto) -> str | None:
    """The one variable operand of an elementwise function, or None."""
    variable = [name for name in node.input if name and not _constant(graph, name)]
    if len(variable) != 1 or len(node.output) != 1:
        return None
    if node.op_type in _UNARY:
        return variable[0] if node.input[0] == variable[0] else None
    if node.op_type not in _BINARY | {"PRelu"}:
        return None
    constants = [n for n in node.input if n and n not in variable]
    small = all(_one_element(graph, name) for name in constants)
    return variable[0] if small else None


def _one_element(graph: Graph, name: str) -> bool:
    source = graph.dequantised(name)
    return graph.constant(source.input[0] if source else name).size == 1


def find_quantised_ops(graph: Graph) -> list[QuantisedOp]:
    """All of a graph, in the order of their QuantizeLinear nodes."""
    by_output: dict[str, QuantisedOp] = {}
    for node in graph.nodes:
        quantised = _unit(graph, node) if node.op_type == "QuantizeLinear" else None
        if quantised is not None:
            by_output[quantised.output] = _gathered(quantised, by_output)
    return list(by_output.values())


def _gathered(
    quantised: QuantisedOp, by_output: Mapping[str, QuantisedOp]
) -> QuantisedOp:
    """``quantised``, as a function of one tensor where its two operands are such.

    x · sigmoid(x), quantised after each operator, is the common case.
    """
    if (
        quantised.elementwise
        or len(quantised.inputs) != 2
        or quantised.node.op_type not in _BINARY
    ):
        return quantised
    left, right = (_ancestry(reader, by_output) for reader in quantised.dequantisers)
    for source, reader in left.items():
        if source in right:
            between = {*left, *right} - {*_ancestry(reader, by_output)}
            absorbed = [
                node
                for name, op in by_output.items()
                if name in between
                for node in (*op.absorbed, *op.nodes)
            ]
            return replace(
                quantised,
                inputs=(source,),
                dequantisers=(reader,),
                elementwise=True,
                absorbed=tuple(absorbed),
            )
    return quantised


def _ancestry(
    reader: NodeProto, by_output: Mapping[str, QuantisedOp]
) -> dict[str, NodeProto]:
    """The tensors that an operand is an elementwise function of, nearest first.

    Each comes with the DequantizeLinear that reads it there.
    """
    found = {reader.input[0]: reader}
    while (
        quantised := by_output.get(reader.input[0])
    ) is not None and quantised.elementwise:
        reader = quantised.dequantisers[0]
        found[reader.input[0]] = reader
    return found


def _unit(graph: Graph, quantise: NodeProto) -> QuantisedOp | None:
    """The quantised operator that ends in ``quantise``, if there is one."""
    if graph.quantisation_of_node(quantise) is None:
        return None
    chain: list[NodeProto] = []
    name = quantise.input[0]
    while (node := graph.producer.get(name)) is not None:
        if node.op_type == "DequantizeLinear":
            return _closed(graph, chain, [name], quantise, elementwise=True)
        if len(graph.consumers[name]) != 1 or name in graph.outputs:
            return None
        chain.insert(0, node)
        operand = unary_operand(graph, node)
        if operand is None:
            if len(chain) > 1:
                return None
            if not all(graph.quantised_by(found) for found in node.output):
                return None
            operands = [n for n in node.input if n and not _constant(graph, n)]
            return _closed(graph, chain, operands, quantise)
        name = operand
    return None


def _closed(
    graph: Graph,
    chain: list[NodeProto],
    operands: list[str],
    quantise: NodeProto,
    *,
    elementwise: bool = False,
) -> QuantisedOp | None:
    """A quantised operator, provided that all operands come out of DequantizeLinear."""
    readers = [graph.dequantised(name) for name in operands]
    known = [
        r
        for r in readers
        if r is not None and graph.quantisation_of_node(r) is not None
    ]
    if not known or len(known) != len(operands):
        return None
    inputs = tuple(reader.input[0] for reader in known)
    return QuantisedOp(
        tuple(chain),
        inputs,
        tuple(known),
        quantise,
        quantise.output[0],
        elementwise,
    )
