"""Reshape, Transpose and the like: elements stay where they are, if they may."""

from __future__ import annotations

from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import SSAValue

from cimc.dialects.cim import Pair
from cimc.dialects.cnn_moves import DepthToSpaceOp, ShuffleOp, SpaceToDepthOp
from cimc.dialects.feature_map import FeatureMap
from cimc.frontend.graph import Graph, attributes
from cimc.frontend.operators.base import Context, Emitter, Refusal, Step, image
from cimc.frontend.operators.layout import Layout, Move
from cimc.frontend.operators.requantise import requantised
from cimc.frontend.quantised_ops import QuantisedOp

__all__ = [
    "read_depth_to_space",
    "read_reshape",
    "read_space_to_depth",
    "read_transpose",
]

#: Operators that move nothing.
_FREE = frozenset(
    {
        *("DequantizeLinear", "Flatten", "QuantizeLinear", "Reshape", "Squeeze"),
        *("Transpose", "Unsqueeze"),
    }
)


def read_reshape(quantised: QuantisedOp, context: Context) -> Step:
    """Flatten, Reshape, Squeeze, Unsqueeze: other dimensions."""
    layout = context.layout(quantised)
    return _free(quantised, context, layout.reshaped(context.output_shape(quantised)))


def read_transpose(quantised: QuantisedOp, context: Context) -> Step:
    """Transpose: the dimensions in another order."""
    layout = context.layout(quantised)
    backwards = tuple(reversed(range(len(layout.sizes))))
    order = attributes(quantised.node).get("perm", backwards)
    return _free(quantised, context, layout.transposed(order))


def read_depth_to_space(quantised: QuantisedOp, context: Context) -> Step:
    """DepthToSpace: channels become positions."""
    image(context, quantised)
    found = attributes(quantised.node)
    by_channel = found.get("mode", "DCR") == "CRD"
    layout = context.layout(quantised)
    moved = layout.depth_to_space(found["blocksize"], by_channel=by_channel)
    return _described(quantised, context, moved)


def read_space_to_depth(quantised: QuantisedOp, context: Context) -> Step:
    """SpaceToDepth: positions become channels."""
    image(context, quantised)
    block = attributes(quantised.node)["blocksize"]
    return _described(
        quantised, context, context.layout(quantised).space_to_depth(block)
    )


def _free(quantised: QuantisedOp, context: Context, layout: Layout) -> Step:
    """Like :func:`_described`, for what moves nothing in onnxruntime.

    Raises:
        Refusal: a vector of the host becomes an image, one element after the other.
    """
    vector = layout.shape[:2] == (1, 1)
    moves = vector and not layout.is_image and layout.moves()
    if moves and _comes_from_input(context.graph, quantised):
        raise Refusal("the host has the vector as an image at no cost")
    return _described(quantised, context, layout)


def _comes_from_input(graph: Graph, quantised: QuantisedOp) -> bool:
    """Whether the operand is an input of the model, quantised and described anew."""
    name = quantised.inputs[0]
    while (node := graph.producer.get(name)) and node.op_type in _FREE:
        name = node.input[0]
    return name in graph.inputs


def _described(quantised: QuantisedOp, context: Context, layout: Layout) -> Step:
    """The operand under another description, or moved so that it is an image again.

    A tensor that is no image remains a description, for those that follow.
    """
    ifm, moves = context.ifm(quantised), list[Move]()
    if not layout.is_image and (found := layout.moves()) is not None:
        moves, layout = found, Layout.of_image(layout.sizes)
    ofm = context.ofm(quantised, layout.shape)

    def emit(emitter: Emitter) -> SSAValue:
        value = emitter.value(quantised.inputs[0])
        for number, move in enumerate(moves, 1):
            last = number == len(moves) and ofm.encoding == ifm.encoding
            tensor = quantised.output if last else f"{quantised.output}/{move[0]}"
            value = _moved(emitter, value, move, quantised.layer, tensor)
        name = layout.map_name(quantised.output)
        return requantised(emitter, value, ofm, layer=quantised.layer, tensor=name)

    return Step(ofm, emit, layout=layout)


def _moved(
    emitter: Emitter, value: SSAValue, move: Move, layer: str, tensor: str
) -> SSAValue:
    ifm, (kind, numbers) = FeatureMap.of(value), move
    height, width, channels = ifm.shape

    match kind, numbers:
        case "shuffle", (groups,):
            count = IntegerAttr(groups, 64)
            op = ShuffleOp(value, ifm, groups=count, layer=layer, tensor=tensor)
        case "space_to_depth", (down, right):
            size = height // down, width // right, channels * down * right
            ofm, block = FeatureMap(*size, *ifm.encoding), Pair.of(down, right)
            op = SpaceToDepthOp(value, ofm, block=block, layer=layer, tensor=tensor)
        case "depth_to_space", (down, right):
            size = height * down, width * right, channels // (down * right)
            ofm, block = FeatureMap(*size, *ifm.encoding), Pair.of(down, right)
            op = DepthToSpaceOp(value, ofm, block=block, layer=layer, tensor=tensor)
        case _:
            raise AssertionError(move)
    return emitter.insert(op)
