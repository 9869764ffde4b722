"""What the readers of operators share: context, result and helpers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Protocol

import numpy as np
from xdsl.ir import Operation, SSAValue

from cimc.dialects.cim import WeightsRef
from cimc.dialects.feature_map import FeatureMap
from cimc.frontend.graph import Affine, Graph
from cimc.frontend.units import Unit
from cimc.weights import Array

__all__ = [
    "Context",
    "Emitter",
    "Reader",
    "Refusal",
    "Shape",
    "Step",
    "default_shape",
    "feature_map",
    "spatial_shape",
]

Shape = tuple[int, int, int]


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
    """An operator that has been read: result, work, and how to emit it."""

    ofm: FeatureMap
    emit: Callable[[Emitter], SSAValue]
    macs: int = 0


@dataclass(frozen=True)
class Context:
    """The graph, and the shape (H, W, C) of the map behind each integer tensor.

    A map may be wider than its ONNX tensor tells: after Flatten the tensor has shape
    (1, C·H·W) in the order of C, H, W while the map keeps its shape.
    """

    graph: Graph
    maps: Mapping[str, Shape]

    def ifm(self, unit: Unit, index: int = 0) -> FeatureMap:
        """Shape and quantisation of an operand.

        Raises:
            Refusal: it is no feature map.
        """
        name = unit.inputs[index]
        if name not in self.maps:
            raise Refusal(f"its operand has shape {self.graph.shape(name)}, no image")
        own, made = self.graph.affine(unit.readers[index]), self.graph.meaning(name)
        if own is None or made is None or not own.equals(made):
            raise Refusal("its operand is dequantised otherwise than it was quantised")
        return feature_map(self.maps[name], own)

    def onnx_shape(self, unit: Unit, index: int = 0) -> tuple[int, ...]:
        """The ONNX shape of an operand."""
        return self._known(unit.inputs[index])

    def output_shape(self, unit: Unit) -> tuple[int, ...]:
        """The ONNX shape of the result."""
        return self._known(unit.output)

    def ofm(self, unit: Unit, shape: Shape) -> FeatureMap:
        """The result of ``unit``, with that shape (H, W, C)."""
        affine = self.graph.affine(unit.quantise)
        assert affine is not None, "find_units checks the parameters"
        return feature_map(shape, affine)

    def _known(self, name: str) -> tuple[int, ...]:
        shape = self.graph.shape(name)
        if shape is None:
            raise Refusal(f"the shape of {name!r} is not known before it runs")
        return shape


class Reader(Protocol):
    """Reads one kind of operator."""

    def __call__(self, unit: Unit, context: Context) -> Step:
        """Read a unit.

        Raises:
            Refusal: the device cannot take it.
        """
        ...


def default_shape(shape: tuple[int, ...] | None) -> Shape | None:
    """(H, W, C) of an ONNX tensor of one image, or None if it cannot be one."""
    if shape is None or not shape or shape[0] != 1 or min(shape) < 1:
        return None
    if len(shape) == 4:
        return shape[2], shape[3], shape[1]
    return (1, 1, prod(shape)) if len(shape) == 2 else None


def spatial_shape(context: Context, unit: Unit, index: int = 0) -> FeatureMap:
    """An operand that must be an image (1, C, H, W) in ONNX, too.

    Raises:
        Refusal: it is not.
    """
    ifm, shape = context.ifm(unit, index), context.onnx_shape(unit, index)
    if len(shape) != 4 or default_shape(shape) != ifm.shape:
        raise Refusal(f"its operand has shape {shape}, not (1, C, H, W)")
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
