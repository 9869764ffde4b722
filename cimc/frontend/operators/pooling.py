"""MaxPool, AveragePool and the global pools."""

from __future__ import annotations

from xdsl.ir import SSAValue

from cimc.dialects.cim import Window
from cimc.dialects.cnn_pools import (
    AveragePoolOp,
    GlobalAveragePoolOp,
    MaxPoolOp,
    covers_elements,
)
from cimc.dialects.feature_map import FeatureMap
from cimc.frontend.graph import attributes
from cimc.frontend.operators.base import Context, Emitter, Refusal, Step, image
from cimc.frontend.operators.layout import map_shape
from cimc.frontend.operators.requantise import requantised
from cimc.frontend.operators.windows import read_window
from cimc.frontend.quantised_ops import QuantisedOp

__all__ = [
    "read_average_pool",
    "read_global_average_pool",
    "read_global_max_pool",
    "read_max_pool",
]


def _window(quantised: QuantisedOp, context: Context, ifm: FeatureMap) -> Window:
    kernel = attributes(quantised.node)["kernel_shape"]
    window = read_window(quantised.node, kernel, (ifm.height, ifm.width))
    if not covers_elements(window, ifm):
        raise Refusal("one of its windows lies in padding alone")
    positions = window.output_size(ifm.height, ifm.width)
    if (*positions, ifm.channels) != map_shape(context.output_shape(quantised)):
        # Before operator set 22 ONNX's inference counts such a window, its text does
        # not, and neither does onnxruntime.
        raise Refusal("with ceil_mode its last window starts behind the map")
    return window


def _max_pool(
    quantised: QuantisedOp, context: Context, ifm: FeatureMap, window: Window
) -> Step:
    rows, columns = window.output_size(ifm.height, ifm.width)
    shape = rows, columns, ifm.channels
    ofm, pooled = context.ofm(quantised, shape), FeatureMap(*shape, *ifm.encoding)
    same = ofm.encoding == pooled.encoding

    def emit(emitter: Emitter) -> SSAValue:
        value = emitter.insert(
            MaxPoolOp(
                emitter.value(quantised.inputs[0]),
                pooled,
                window=window,
                layer=quantised.layer,
                tensor=quantised.output if same else f"{quantised.output}/pooled",
            )
        )
        return requantised(
            emitter, value, ofm, layer=quantised.layer, tensor=quantised.output
        )

    return Step(ofm, emit)


def read_max_pool(quantised: QuantisedOp, context: Context) -> Step:
    """Largest value of each window."""
    if len(quantised.node.output) > 1 and quantised.node.output[1]:
        raise Refusal("its output of indices is used")
    ifm = image(context, quantised)
    return _max_pool(quantised, context, ifm, _window(quantised, context, ifm))


def read_global_max_pool(quantised: QuantisedOp, context: Context) -> Step:
    """Largest value of each channel."""
    ifm = image(context, quantised)
    return _max_pool(quantised, context, ifm, Window.of((ifm.height, ifm.width)))


def read_average_pool(quantised: QuantisedOp, context: Context) -> Step:
    """Average of each window."""
    ifm = image(context, quantised)
    window = _window(quantised, context, ifm)
    found = attributes(quantised.node)
    include = bool(found.get("count_include_pad", 0))
    if window.kernel == (ifm.height, ifm.width) and not any(window.pad):
        # onnxruntime computes such a window as a global pool, which rounds otherwise.
        return read_global_average_pool(quantised, context)
    if include and found.get("ceil_mode", 0):
        raise Refusal("ceil_mode and count_include_pad together are ambiguous")
    rows, columns = window.output_size(ifm.height, ifm.width)
    ofm = context.ofm(quantised, (rows, columns, ifm.channels))
    return Step(
        ofm,
        lambda emitter: emitter.insert(
            AveragePoolOp(
                emitter.value(quantised.inputs[0]),
                ofm,
                window=window,
                count_include_pad=include,
                layer=quantised.layer,
                tensor=quantised.output,
            )
        ),
    )


def read_global_average_pool(quantised: QuantisedOp, context: Context) -> Step:
    """Average of each channel."""
    ifm = image(context, quantised)
    ofm = context.ofm(quantised, (1, 1, ifm.channels))
    return Step(
        ofm,
        lambda emitter: emitter.insert(
            GlobalAveragePoolOp(
                emitter.value(quantised.inputs[0]),
                ofm,
                layer=quantised.layer,
                tensor=quantised.output,
            )
        ),
    )
