"""What the readers of operators share: context, result and helpers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from xdsl.ir import Operation, SSAValue

from cimc.dialects.cim import WeightsRef
from cimc.dialects.feature_map import FeatureMap
from cimc.frontend.graph import Affine, Graph
from cimc.frontend.operators.layout import Layout, Shape, map_shape
from cimc.frontend.quantised_ops import QuantisedOp
from cimc.weights import Array

__all__ = [
    "Context",
    "Emitter",
    "Reader",
    "Refusal",
    "Shape",
    "Step",
    "feature_map",
    "image",
]


class Refusal(Exception):
    """Why the device cannot take an operator; ``str()`` of it is for the user."""


class Emitter(Protocol):
    """Where a reader puts what it emits."""

    def value(self, tensor: str) -> SSAValue:
        """The feature map that holds the integer tensor called ``tensor``."""
        ...

    def constant(self, name: str, array: Array) -> WeightsRef:
        """Store a constant and refer to it."""
        ...

    def insert(self, op: Operation) -> SSAValue:
        """Append an op with one result and return that."""
        ...

    def is_last_use(self, tensor: str) -> bool:
        """Whether one op of the device and nobody else reads ``tensor``."""
        ...


@dataclass(frozen=True)
class Step:
    """An operator that has been read: result, work, and how to emit it.

    ``layout`` says how the tensor lies in the result; None stands for that of an image.
    """

    ofm: FeatureMap
    emit: Callable[[Emitter], SSAValue]
    macs: int = 0
    layout: Layout | None = None


@dataclass(frozen=True)
class Context:
    """The graph, and how each integer tensor lies in the map behind it.

    After Flatten a tensor has shape (1, C·H·W) in the order of C, H, W while the map
    keeps its shape. ``tables`` has those of elementwise operators by their results: no
    layout changes them.
    """

    graph: Graph
    layouts: dict[str, Layout]
    tables: dict[str, Array]

    def ifm(self, quantised: QuantisedOp, index: int = 0) -> FeatureMap:
        """Shape and quantisation of an operand.

        Raises:
            Refusal: it is no feature map.
        """
        name, layout = quantised.inputs[index], self.layout(quantised, index)
        own, made = (
            self.graph.quantisation_of_node(quantised.dequantisers[index]),
            self.graph.quantisation_of_tensor(name),
        )
        if own is None or made is None or not own.equals(made):
            raise Refusal("its operand is dequantised otherwise than it was quantised")
        return feature_map(layout.shape, own)

    def layout(self, quantised: QuantisedOp, index: int = 0) -> Layout:
        """How an operand lies in its map.

        Raises:
            Refusal: it is no feature map.
        """
        name = quantised.inputs[index]
        if name not in self.layouts:
            raise Refusal(f"its operand has shape {self.graph.shape(name)}, no image")
        return self.layouts[name]

    def output_shape(self, quantised: QuantisedOp) -> tuple[int, ...]:
        """The ONNX shape of the result."""
        return self._known(quantised.output)

    def ofm(self, quantised: QuantisedOp, shape: Shape) -> FeatureMap:
        """The result of ``quantised``, with that shape (H, W, C)."""
        affine = self.graph.quantisation_of_node(quantised.quantise)
        assert affine is not None, "find_quantised_ops checks the parameters"
        return feature_map(shape, affine)

    def _known(self, name: str) -> tuple[int, ...]:
        shape = self.graph.shape(name)
        if shape is None:
            raise Refusal(f"the shape of {name!r} is not known before it runs")
        return shape


class Reader(Protocol):
    """Reads one kind of operator."""

    def __call__(self, quantised: QuantisedOp, context: Context) -> Step:
        """Read a quantised operator.

        Raises:
            Refusal: the device cannot take it.
        """
        ...


def image(context: Context, quantised: QuantisedOp, index: int = 0) -> FeatureMap:
    """An operand that must be an image (1, C, H, W) or (1, C, W) in ONNX, too.

    Raises:
        Refusal: it is not.
    """
    ifm, layout = context.ifm(quantised, index), context.layout(quantised, index)
    if len(layout.sizes) < 3 or map_shape(layout.sizes) is None:
        raise Refusal(
            f"its operand has shape {layout.sizes}, not (1, C, H, W) or (1, C, W)"
        )
    if not layout.is_image:
        raise Refusal(
            f"its operand {layout.sizes} is no image in the map that holds it"
        )
    return ifm


def feature_map(shape: Shape, affine: Affine) -> FeatureMap:
    """A feature map with per-tensor 8-bit quantisation.

    Raises:
        Refusal: the quantisation is per channel or not of 8 bits.
    """
    if not affine.per_tensor:
        raise Refusal("its activations are quantised per channel")
    if affine.zero.dtype.name not in ("int8", "uint8"):
        raise Refusal(f"its activations are {affine.zero.dtype}, not int8 or uint8")
    scale, zero = float(affine.scale.item()), int(affine.zero.item())
    if not (np.isfinite(scale) and scale > 0):
        raise Refusal(f"its activations have scale {scale}")
    return FeatureMap(*shape, affine.zero.dtype == np.uint8, scale, zero)
