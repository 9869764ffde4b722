"""Comparison with the golden: every feature map, integer for integer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from onnx import ModelProto

from cimc.diagnostics import VerificationError
from cimc.weights import Array

__all__ = [
    "Mismatch",
    "Verified",
    "as_feature_map",
    "comparable",
    "compare",
    "tensor_names",
]


@dataclass(frozen=True)
class Mismatch:
    """The first element that differs: where, what, and who wrote it."""

    image: int
    tensor: str
    index: tuple[int, int, int]
    found: int
    expected: int
    writer: str

    def __str__(self) -> str:
        row, column, channel = self.index
        return (
            f"image {self.image}, tensor '{self.tensor}', row {row}, column {column}, "
            f"channel {channel}: {self.found} instead of {self.expected}, "
            f"written by {self.writer}"
        )


@dataclass(frozen=True)
class Verified:
    """Outcome of a comparison over all feature maps of all images."""

    elements: int = 0
    mismatches: int = 0
    images: int = 0
    first: Mismatch | None = None

    @property
    def equal(self) -> bool:
        """Whether there was something to compare, and all of it was equal."""
        return self.elements > 0 and self.mismatches == 0

    def __add__(self, other: Verified) -> Verified:
        return Verified(
            self.elements + other.elements,
            self.mismatches + other.mismatches,
            self.images + other.images,
            self.first or other.first,
        )

    def as_metrics(self) -> dict[str, Any]:
        """The ``verified`` entry of ``metrics.json``."""
        first = asdict(self.first) if self.first else None
        return {
            "equal": self.equal,
            "elements": self.elements,
            "mismatches": self.mismatches,
            "images": self.images,
            **({"first": first} if first else {}),
        }

    def require(self) -> None:
        """Raise unless everything was equal.

        Raises:
            VerificationError: something differs (E061).
        """
        if not self.equal:
            raise VerificationError(
                "E061",
                "the compiled program differs from onnxruntime",
                notes=(
                    f"{self.mismatches} of {self.elements} elements differ",
                    f"first: {self.first}",
                ),
            )


def as_feature_map(tensor: Array, like: Array) -> Array:
    """An ONNX tensor (1, C, H, W) or (1, C) in the layout of ``like`` (H, W, C)."""
    height, width, channels = like.shape
    return tensor.reshape(channels, height, width).transpose(1, 2, 0)


def comparable(model: ModelProto, maps: Mapping[str, Array]) -> dict[str, Array]:
    """The feature maps that are tensors of the golden, too."""
    known = tensor_names(model)
    return {name: values for name, values in maps.items() if name in known}


def tensor_names(model: ModelProto) -> set[str]:
    """The inputs of a model and whatever its operators compute."""
    inputs = {info.name for info in model.graph.input}
    return inputs | {name for node in model.graph.node for name in node.output}


def compare(
    found: Mapping[str, Array],
    expected: Mapping[str, Array],
    image: int,
    writer_of: Callable[[str, tuple[int, int, int]], str],
) -> Verified:
    """Compare feature maps in their order.

    ``expected`` holds ONNX tensors by the same names.
    """
    result = Verified(images=1)
    for tensor, values in found.items():
        golden = as_feature_map(expected[tensor], values)
        differing = np.argwhere(values.astype(np.int32) != golden.astype(np.int32))
        first = None
        if len(differing) and result.first is None:
            row, column, channel = map(int, differing[0])
            index = (row, column, channel)
            first = Mismatch(
                image,
                tensor,
                index,
                int(values[index]),
                int(golden[index]),
                writer_of(tensor, index),
            )
        result += Verified(values.size, len(differing), 0, first)
    return result
