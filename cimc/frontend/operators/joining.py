"""Operators of several feature maps: Add, Mul and Concat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from xdsl.ir import SSAValue

from cimc.dialects.cim import Window
from cimc.dialects.cnn import AddOp, ConcatOp, ConvOp, MultiplyOp
from cimc.dialects.feature_map import FeatureMap
from cimc.frontend.graph import attributes
from cimc.frontend.operators.base import Context, Emitter, Refusal, Step, image
from cimc.frontend.operators.convolution import convolve
from cimc.frontend.operators.layout import Layout
from cimc.frontend.operators.requantise import requantised
from cimc.frontend.operators.weights import read_factor
from cimc.frontend.quantised_ops import QuantisedOp

__all__ = ["read_add", "read_concat", "read_multiply"]


def read_add(quantised: QuantisedOp, context: Context) -> Step:
    """Sum of two feature maps; one may have channels only."""
    return _binary(quantised, context, AddOp)


def read_multiply(quantised: QuantisedOp, context: Context) -> Step:
    """Product of two feature maps, or of one with a constant for each channel."""
    if len(quantised.inputs) == 2:
        return _binary(quantised, context, MultiplyOp)
    ifm = image(context, quantised)
    kernel = read_factor(quantised, context, ifm.channels)
    weights = np.ascontiguousarray(kernel.values.reshape(1, 1, 1, ifm.channels))
    window = Window.of((1, 1))
    return convolve(
        quantised, context, kernel, weights, window, ifm.shape, groups=ifm.channels
    )


def _binary(
    quantised: QuantisedOp, context: Context, kind: type[AddOp] | type[MultiplyOp]
) -> Step:
    _operands(quantised)
    if len(quantised.inputs) != 2:
        raise Refusal(f"it has {len(quantised.inputs)} operands")
    layouts = [context.layout(quantised, index) for index in range(2)]
    layout = _broadcast(*layouts)
    if layout is None:
        left, right = (found.sizes for found in layouts)
        if left == right:
            raise Refusal(
                f"its operands {left} have their elements in different orders"
            )
        raise Refusal(f"its operands differ in shape: {left} and {right}")
    ifms = [context.ifm(quantised, index) for index in range(2)]
    ofm = context.ofm(quantised, layout.shape)

    def emit(emitter: Emitter) -> SSAValue:
        lhs, rhs = (
            _for_all_channels(emitter, quantised, index, ofm.channels)
            if (ifm.channels, ofm.shape[:2]) == (1, ifm.shape[:2])
            else emitter.value(quantised.inputs[index])
            for index, ifm in enumerate(ifms)
        )
        name = layout.map_name(quantised.output)
        return emitter.insert(kind(lhs, rhs, ofm, layer=quantised.layer, tensor=name))

    return Step(ofm, emit, layout=layout)


def _broadcast(left: Layout, right: Layout) -> Layout | None:
    """The layout of a sum: that of both, or of one beside its channels or positions."""
    if left.equals(right):
        return left
    for one, other in ((left, right), (right, left)):
        channels = (1, one.shape[2], *(1,) * (len(one.sizes) - 2))
        positions = (1, 1, *one.sizes[2:])
        if one.is_image and other.is_image and other.sizes in (channels, positions):
            return one
    return None


def _for_all_channels(
    emitter: Emitter, quantised: QuantisedOp, index: int, channels: int
) -> SSAValue:
    """A map of one channel as one of many, by a convolution that copies it."""
    value = emitter.value(quantised.inputs[index])
    ifm = FeatureMap.of(value)
    if channels == 1:
        return value
    name = f"{quantised.layer}.operand{index}"
    ones, scale = np.ones((1, 1, 1, channels), np.int8), np.ones(channels, np.float32)
    return emitter.insert(
        ConvOp(
            value,
            replace(ifm, channels=channels),
            weights=emitter.constant(f"{name}.weights", ones),
            bias=emitter.constant(f"{name}.bias", np.zeros(channels, np.int32)),
            weight_scale=emitter.constant(f"{name}.scale", scale),
            window=Window.of((1, 1)),
            layer=quantised.layer,
            tensor=f"{quantised.output}/operand{index}",
        )
    )


def _operands(quantised: QuantisedOp) -> None:
    if len(quantised.inputs) != len(quantised.node.input):
        raise Refusal("one of its operands is a constant")


def read_concat(quantised: QuantisedOp, context: Context) -> Step:
    """Feature maps side by side along the channels, requantised where they differ."""
    _operands(quantised)
    ifms = [context.ifm(quantised, index) for index in range(len(quantised.inputs))]
    layouts = [
        context.layout(quantised, index) for index in range(len(quantised.inputs))
    ]
    axis = attributes(quantised.node)["axis"] % len(layouts[0].sizes)
    if axis != 1:
        raise Refusal(f"it joins along axis {axis}, not along the channels")
    if not all(layout.is_image for layout in layouts):
        raise Refusal("one of its operands is no image in the map that holds it")
    channels = sum(ifm.channels for ifm in ifms)
    ofm = context.ofm(quantised, (ifms[0].height, ifms[0].width, channels))

    def emit(emitter: Emitter) -> SSAValue:
        values = [
            requantised(
                emitter,
                emitter.value(name),
                ofm,
                layer=quantised.layer,
                tensor=f"{quantised.output}/operand{index}",
            )
            for index, name in enumerate(quantised.inputs)
        ]
        return emitter.insert(
            ConcatOp(values, ofm, layer=quantised.layer, tensor=quantised.output)
        )

    return Step(ofm, emit)
