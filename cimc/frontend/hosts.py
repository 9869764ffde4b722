"""What runs on the host before, between and behind device segments, by onnxruntime."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

import numpy as np
import onnxruntime as ort
from onnx import ModelProto

from cimc.diagnostics import InputError
from cimc.frontend.border import Border
from cimc.frontend.cut import cut
from cimc.frontend.graph import Graph
from cimc.frontend.operators.layout import map_shape
from cimc.golden import run, session
from cimc.weights import Array

__all__ = ["HostSegments"]


@dataclass(frozen=True)
class HostSegments:
    """The host's part of a model in normal form.

    ``borders`` are those of the device segments. What is known of an image is a
    mapping of tensors to arrays in their ONNX shape: the model's inputs at first, and
    then what one device segment after the other gives.
    """

    model: ModelProto
    borders: tuple[Border, ...]
    _sessions: dict[tuple[str, ...], ort.InferenceSession] = field(
        default_factory=dict[tuple[str, ...], ort.InferenceSession], init=False
    )

    def inputs(self, segment: int, known: Mapping[str, Array]) -> dict[str, Array]:
        """Inputs of a device segment: int8 or uint8 arrays (H, W, C), by tensor.

        ``known`` holds the model's inputs and what the segments before it gave.
        """
        names = self.borders[segment].inputs
        found = self._compute(names, known, self.borders[:segment])
        return {name: _to_device(found[name]) for name in names}

    def known(self, segment: int, maps: Mapping[str, Array]) -> dict[str, Array]:
        """What a device segment gives, from its feature maps (H, W, C).

        Raises:
            InputError: a map that must be there is not, or has another size (E025).
        """
        names = self.borders[segment].outputs
        for name in names:
            if name not in maps or maps[name].size != self._bytes([name]):
                raise InputError("E025", f"the program computes no {name!r} that fits")
        return {name: self.to_onnx(name, maps[name]) for name in names}

    def outputs(self, known: Mapping[str, Array]) -> dict[str, Array]:
        """The model's outputs in their ONNX shape, once all segments have run."""
        names = [info.name for info in self.model.graph.output]
        found = self._compute(names, known, self.borders)
        return {name: found[name] for name in names}

    def bytes_across(self, segment: int) -> tuple[int, int]:
        """Bytes that a device segment takes from the host, and that it gives to it."""
        border = self.borders[segment]
        return self._bytes(border.inputs), self._bytes(border.outputs)

    def to_onnx(self, tensor: str, values: Array) -> Array:
        """An array (H, W, C) of the device in the ONNX shape of ``tensor``."""
        shape = self._graph.shape(tensor)
        assert shape is not None, tensor
        return np.ascontiguousarray(values.transpose(2, 0, 1)).reshape(shape)

    @cached_property
    def _graph(self) -> Graph:
        return Graph(self.model)

    def _bytes(self, tensors: Collection[str]) -> int:
        return sum(prod(self._graph.shape(name) or ()) for name in tensors)

    def _compute(
        self,
        wanted: Sequence[str],
        known: Mapping[str, Array],
        before: Sequence[Border],
    ) -> dict[str, Array]:
        """Tensors by name, from the inputs and what the segments ``before`` gave."""
        sources = {name for border in before for name in border.outputs}
        missing = tuple(n for n in wanted if n not in sources | set(self._graph.inputs))
        found = {name: known[name] for name in wanted if name not in missing}
        if not missing:
            return found
        if missing not in self._sessions:
            self._sessions[missing] = session(_part(self._graph, sources, missing))
        runner = self._sessions[missing]
        used = {info.name: known[info.name] for info in runner.get_inputs()}
        return found | dict(zip(missing, run(runner, missing, used), strict=True))


def _part(graph: Graph, sources: Collection[str], wanted: Sequence[str]) -> ModelProto:
    """What computes tensors from ``sources``; all that others read can be seen, too.

    onnxruntime computes an operator in another way if one QuantizeLinear alone reads
    its result, and so must do here what it does in the whole model.
    """
    inside = {node.name for node in cut(graph, sources, wanted).graph.node}
    seen = [
        name
        for node in graph.nodes
        if node.name in inside
        for name in node.output
        if graph.element_type(name)  # sequences are no tensors
        and (
            name in graph.outputs
            or any(reader.name not in inside for reader in graph.consumers[name])
        )
    ]
    return cut(graph, sources, list(dict.fromkeys((*wanted, *seen))))


def _to_device(values: Array) -> Array:
    """(1, C, H, W), (1, C, W) or (1, C) → (H, W, C)."""
    shape = map_shape(values.shape)
    assert shape is not None, values.shape
    height, width, channels = shape
    maps = values.reshape(channels, height, width)
    return np.ascontiguousarray(maps.transpose(1, 2, 0))
