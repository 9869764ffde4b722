"""Flatten, Reshape, Squeeze, Unsqueeze: another view of the same feature map."""

from __future__ import annotations

from xdsl.ir import SSAValue

from cimc.frontend.operators.base import Context, Emitter, Refusal, Step, default_shape
from cimc.frontend.operators.requantise import requantised
from cimc.frontend.units import Unit

__all__ = ["read_reshape"]


def read_reshape(unit: Unit, context: Context) -> Step:
    """A change of the ONNX shape that leaves the map as it is.

    The map behind the tensor keeps its shape (H, W, C); who reads the flattened
    tensor knows that its elements follow (C, H, W).
    """
    ifm, shape = context.ifm(unit), context.output_shape(unit)
    ofm = context.ofm(unit, ifm.shape)
    if len(shape) == 4 and default_shape(shape) != ifm.shape:
        raise Refusal(f"it turns a {ifm.shape} map into shape {shape}")

    def emit(emitter: Emitter) -> SSAValue:
        value = emitter.value(unit.inputs[0])
        return requantised(emitter, value, ofm, layer=unit.layer, tensor=unit.output)

    return Step(ofm, emit)
