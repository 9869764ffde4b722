"""Operators of random networks that move values and compute nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

__all__ = ["Moves"]


class Moves:
    """The part of a builder that adds them; ``_operand`` and ``_add`` are its own."""

    draw: Any
    onnx: Any
    _operand: Any
    _add: Any

    def move(self) -> None:
        """One of all."""
        x = self._operand()
        channels, height, width = x.shape
        kinds = [self._slice, self._pad, self._resize, self._split, self._thin]
        if channels % 4 == 0:
            kinds += [self._depth_to_space] * 2
        if channels > 3 and any(channels % g == 0 for g in (2, 3)):
            kinds += [self._shuffle] * 2
        if height % 2 == 0 and width % 2 == 0:
            kinds += [self._space_to_depth] * 2
        self.draw(st.sampled_from(kinds))(x)

    def _moved(self, x, op: str, operands, shape, **attributes) -> None:
        """Add a node whose result keeps the quantisation, most often."""
        scale, zero = x.scale, x.zero
        if not self.draw(st.integers(0, 3)):
            scale *= self.draw(st.floats(0.5, 1.5))
        real = self.onnx.node(op, [self.onnx.real(x.name), *operands], **attributes)
        name = self.onnx.stored(real, scale, zero)
        self._add(replace(x, name=name, shape=tuple(shape), scale=scale), x)

    def _integers(self, *values: int) -> str:
        return self.onnx.constant("list", np.array(values, np.int64))

    def _slice(self, x) -> None:
        axis = self.draw(st.integers(1, 3))
        size = x.shape[axis - 1]
        start = self.draw(st.integers(0, size - 1))
        stop = self.draw(st.integers(start + 1, size + 2))
        step = self.draw(st.integers(1, 3)) if axis > 1 else 1
        shape = list(x.shape)
        shape[axis - 1] = len(range(size)[start:stop:step])
        operands = [self._integers(value) for value in (start, stop, axis, step)]
        self._moved(x, "Slice", operands, shape)

    def _split(self, x) -> None:
        channels = x.shape[0]
        first = self.draw(st.integers(1, channels))
        if first == channels:
            return self._slice(x)
        sizes = self._integers(first, channels - first)
        real, names = self.onnx.real(x.name), [f"{x.name}_{i}" for i in range(2)]
        node = self.onnx.node("Split", [real, sizes], axis=1)
        made = self.onnx.nodes[-1]
        del made.output[:]
        names = [node, f"{node}_rest"]
        made.output.extend(names)
        for name, size in zip(names, (first, channels - first), strict=True):
            stored = self.onnx.stored(name, x.scale, x.zero)
            self._add(replace(x, name=stored, shape=(size, *x.shape[1:])), x)
        return None

    def _thin(self, x) -> None:
        """Every other row and column, as the first step of a focus."""
        parity = [self.draw(st.integers(0, min(1, size - 1))) for size in x.shape[1:]]
        spatial = zip(parity, x.shape[1:], strict=True)
        shape = [x.shape[0], *(len(range(first, size, 2)) for first, size in spatial)]
        operands = [
            self._integers(*parity), self._integers(*x.shape[1:]),
            self._integers(2, 3), self._integers(2, 2),
        ]  # fmt: skip
        self._moved(x, "Slice", operands, shape)

    def _pad(self, x) -> None:
        top, left, bottom, right = (self.draw(st.integers(0, 2)) for _ in range(4))
        pads = self._integers(0, 0, top, left, 0, 0, bottom, right)
        channels, height, width = x.shape
        shape = (channels, height + top + bottom, width + left + right)
        self._moved(x, "Pad", [pads], shape)

    def _resize(self, x) -> None:
        rows, columns = (self.draw(st.integers(1, 3)) for _ in range(2))
        scales = self.onnx.constant(
            "scales", np.array([1, 1, rows, columns], np.float32)
        )
        channels, height, width = x.shape
        shape = (channels, height * rows, width * columns)
        way = self.draw(st.sampled_from(["asymmetric", "half_pixel"]))
        rounding = "floor" if way == "asymmetric" else "round_prefer_floor"
        self._moved(
            x, "Resize", ["", scales], shape, mode="nearest",
            coordinate_transformation_mode=way, nearest_mode=rounding,
        )  # fmt: skip

    def _depth_to_space(self, x) -> None:
        channels, height, width = x.shape
        mode = self.draw(st.sampled_from(["DCR", "CRD"]))
        shape = (channels // 4, height * 2, width * 2)
        self._moved(x, "DepthToSpace", [], shape, blocksize=2, mode=mode)

    def _space_to_depth(self, x) -> None:
        channels, height, width = x.shape
        shape = (channels * 4, height // 2, width // 2)
        self._moved(x, "SpaceToDepth", [], shape, blocksize=2)

    def _shuffle(self, x) -> None:
        """Channels of groups in turn, as ShuffleNet has it."""
        channels, height, width = x.shape
        groups = self.draw(st.sampled_from([g for g in (2, 3) if channels % g == 0]))
        split = self._integers(1, groups, channels // groups, height, width)
        real = self.onnx.node("Reshape", [self.onnx.real(x.name), split])
        stored = self.onnx.stored(real, x.scale, x.zero)
        real = self.onnx.node(
            "Transpose", [self.onnx.real(stored)], perm=[0, 2, 1, 3, 4]
        )
        stored = self.onnx.stored(real, x.scale, x.zero)
        joined = self._integers(1, channels, height, width)
        real = self.onnx.node("Reshape", [self.onnx.real(stored), joined])
        name = self.onnx.stored(real, x.scale, x.zero)
        self._add(replace(x, name=name), x)
