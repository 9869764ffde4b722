"""What runs on the host before and after the device, by onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import onnxruntime as ort
from onnx import ModelProto

from cimc.frontend.cut import cut
from cimc.frontend.graph import Graph
from cimc.frontend.operators.layout import map_shape
from cimc.golden import session
from cimc.weights import Array

__all__ = ["HostSegments"]


@dataclass(frozen=True)
class HostSegments:
    """The two host segments of a model in normal form.

    ``inputs`` and ``outputs`` are the integer tensors at the device's border.
    """

    model: ModelProto
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def prologue(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """The device's inputs: int8 or uint8 arrays (H, W, C), by tensor.

        ``feeds`` maps the model's inputs to arrays in their ONNX shape.
        """
        found = _run(self._before, feeds)
        found |= {name: feeds[name] for name in self.inputs if name in feeds}
        return {name: _to_device(found[name]) for name in self.inputs}

    def epilogue(
        self, maps: Mapping[str, Array], feeds: Mapping[str, Array] | None = None
    ) -> dict[str, Array]:
        """The model's outputs in their ONNX shape.

        ``maps`` are the device's outputs (H, W, C) by tensor; ``feeds`` the model's
        inputs, which some models read again behind the device.
        """
        restored = {name: self.to_onnx(name, maps[name]) for name in self.outputs}
        found = _run(self._after, {**(feeds or {}), **restored})
        names = [info.name for info in self.model.graph.output]
        return {name: (found | restored)[name] for name in names}

    def to_onnx(self, tensor: str, values: Array) -> Array:
        """An array (H, W, C) of the device in the ONNX shape of ``tensor``."""
        shape = self._graph.shape(tensor)
        assert shape is not None, tensor
        return np.ascontiguousarray(values.transpose(2, 0, 1)).reshape(shape)

    @cached_property
    def _graph(self) -> Graph:
        return Graph(self.model)

    @cached_property
    def _before(self) -> ort.InferenceSession | None:
        wanted = [name for name in self.inputs if name not in self._graph.inputs]
        return session(cut(self._graph, (), wanted)) if wanted else None

    @cached_property
    def _after(self) -> ort.InferenceSession | None:
        wanted = [name for name in self._graph.outputs if name not in self.outputs]
        if not wanted:
            return None
        return session(cut(self._graph, self.outputs, wanted))


def _run(
    found: ort.InferenceSession | None, feeds: Mapping[str, Array]
) -> dict[str, Array]:
    if found is None:
        return {}
    used = {info.name: feeds[info.name] for info in found.get_inputs()}
    names = [info.name for info in found.get_outputs()]
    return dict(zip(names, found.run(names, used), strict=True))


def _to_device(values: Array) -> Array:
    """(1, C, H, W), (1, C, W) or (1, C) → (H, W, C)."""
    shape = map_shape(values.shape)
    assert shape is not None, values.shape
    height, width, channels = shape
    maps = values.reshape(channels, height, width)
    return np.ascontiguousarray(maps.transpose(1, 2, 0))
