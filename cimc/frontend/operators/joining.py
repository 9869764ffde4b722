"""Operators of several feature maps: Add and Concat."""

from __future__ import annotations

from xdsl.ir import SSAValue

from cimc.dialects.cnn import AddOp, ConcatOp
from cimc.frontend.graph import attributes
from cimc.frontend.operators.base import Context, Emitter, Refusal, Step
from cimc.frontend.operators.requantise import requantised
from cimc.frontend.units import Unit

__all__ = ["read_add", "read_concat"]


def _operands(unit: Unit) -> None:
    if len(unit.inputs) != len(unit.node.input):
        raise Refusal("one of its operands is a constant")


def read_add(unit: Unit, context: Context) -> Step:
    """Sum of two feature maps of equal shape."""
    _operands(unit)
    ifms = [context.ifm(unit, index) for index in range(len(unit.inputs))]
    shapes = [context.onnx_shape(unit, index) for index in range(len(unit.inputs))]
    if len({ifm.shape for ifm in ifms}) != 1 or len(set(shapes)) != 1:
        raise Refusal(f"its operands differ in shape: {shapes[0]} and {shapes[1]}")
    ofm = context.ofm(unit, ifms[0].shape)

    def emit(emitter: Emitter) -> SSAValue:
        lhs, rhs = map(emitter.value, unit.inputs)
        return emitter.insert(
            AddOp(lhs, rhs, ofm, layer=unit.layer, tensor=unit.output)
        )

    return Step(ofm, emit)


def read_concat(unit: Unit, context: Context) -> Step:
    """Feature maps side by side along the channels, requantised where they differ."""
    _operands(unit)
    ifms = [context.ifm(unit, index) for index in range(len(unit.inputs))]
    shapes = [context.onnx_shape(unit, index) for index in range(len(unit.inputs))]
    axis = attributes(unit.node)["axis"] % len(shapes[0])
    flattened = any(len(shape) != 4 for shape in shapes)
    if axis != 1 or (flattened and any(ifm.shape[:2] != (1, 1) for ifm in ifms)):
        raise Refusal(f"it joins along axis {axis}, not along the channels")
    channels = sum(ifm.channels for ifm in ifms)
    ofm = context.ofm(unit, (ifms[0].height, ifms[0].width, channels))

    def emit(emitter: Emitter) -> SSAValue:
        values = [
            requantised(
                emitter,
                emitter.value(name),
                ofm,
                layer=unit.layer,
                tensor=f"{unit.output}/operand{index}",
            )
            for index, name in enumerate(unit.inputs)
        ]
        return emitter.insert(
            ConcatOp(values, ofm, layer=unit.layer, tensor=unit.output)
        )

    return Step(ofm, emit)
