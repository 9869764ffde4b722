"""How the elements of an ONNX tensor lie in the feature map behind it.

Reshape and Transpose move nothing: they give the same map another description. Only
where a tensor is an image again, (1, C, H, W), whose elements lie elsewhere than a map
has them, something has to move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from cimc.moves import depth_to_space, shuffle, space_to_depth
from cimc.weights import Array

__all__ = ["Layout", "Move", "Shape", "map_shape"]

Shape = tuple[int, int, int]

Move = tuple[str, tuple[int, ...]]
"""``space_to_depth`` or ``depth_to_space`` with its block, ``shuffle`` with its groups.
"""


def map_shape(sizes: tuple[int, ...] | None) -> Shape | None:
    """(H, W, C) of the map behind a tensor of one image, or None if there is none.

    A tensor (1, C, W) is an image of one row, and (1, C) one of one position.
    """
    match sizes:
        case (1, channels, *spatial) if len(spatial) < 3 and min(sizes) > 0:
            height, width = (*(1,) * (2 - len(spatial)), *spatial)
            return height, width, channels
        case _:
            return None


@dataclass(frozen=True, eq=False)
class Layout:
    """A tensor of ``sizes`` over a map of ``shape`` (H, W, C).

    ``index`` (int64, of ``sizes``) says which element of the map, counted in its order,
    each element is; None if they come by channels, rows and columns.
    """

    shape: Shape
    sizes: tuple[int, ...]
    index: Array | None = None

    @classmethod
    def of_image(cls, sizes: tuple[int, ...]) -> Layout:
        """That of a tensor whose dimensions are those of its map."""
        shape = map_shape(sizes)
        assert shape is not None, sizes
        return cls(shape, sizes)

    @property
    def is_image(self) -> bool:
        """Whether the dimensions of the tensor are those of the map."""
        return self.index is None and map_shape(self.sizes) == self.shape

    def map_name(self, tensor: str) -> str:
        """Name of the map that holds ``tensor``: its own only in the same order."""
        return tensor if self.index is None else f"{tensor}/map"

    @property
    def is_by_channel(self) -> bool:
        """Whether a tensor (1, C, …) has the channels of its map, at all positions."""
        one, channels, *_ = (*self.sizes, 0, 0)
        return self.index is None and (one, channels) == (1, self.shape[2])

    def with_channels(self, count: int) -> Layout:
        """That of such a tensor with another number of channels."""
        sizes = (1, count, *self.sizes[2:])
        return replace(self, shape=(*self.shape[:2], count), sizes=sizes)

    def equals(self, other: Layout) -> bool:
        """Whether equal elements of two tensors lie at equal places of their maps."""
        if (self.shape, self.sizes) != (other.shape, other.sizes):
            return False
        plain = self.index is None and other.index is None
        return plain or np.array_equal(self._places, other._places)

    @property
    def order(self) -> Array:
        """Which element of the map each is, in the order of the tensor (int64)."""
        return self._places.ravel()

    @property
    def _places(self) -> Array:
        if self.index is not None:
            return self.index
        return _elements(self.shape).transpose(2, 0, 1).reshape(self.sizes)

    def reshaped(self, sizes: Sequence[int]) -> Layout:
        """The tensor with the same elements in other dimensions."""
        index = None if self.index is None else self.index.reshape(sizes)
        return replace(self, sizes=tuple(sizes), index=index)

    def transposed(self, order: Sequence[int]) -> Layout:
        """The tensor with its dimensions in another order."""
        return self._with(self._places.transpose(order))

    def depth_to_space(self, block: int, *, by_channel: bool) -> Layout:
        """The tensor with blocks of positions instead of channels (DepthToSpace).

        ``by_channel``: those of one channel follow each other (mode CRD).
        """
        one, channels, height, width = self.sizes
        split = (one, block, block, channels // block**2, height, width)
        order = (0, 3, 4, 1, 5, 2)
        if by_channel:
            split = (one, channels // block**2, block, block, height, width)
            order = (0, 1, 4, 2, 5, 3)
        sizes = (one, channels // block**2, height * block, width * block)
        return self._with(self._places.reshape(split).transpose(order).reshape(sizes))

    def space_to_depth(self, block: int) -> Layout:
        """The tensor with channels instead of blocks of positions (SpaceToDepth)."""
        one, channels, height, width = self.sizes
        split = (one, channels, height // block, block, width // block, block)
        sizes = (one, channels * block**2, height // block, width // block)
        moved = self._places.reshape(split).transpose(0, 3, 5, 1, 2, 4)
        return self._with(moved.reshape(sizes))

    def _with(self, index: Array) -> Layout:
        """The tensor with these elements; without ``index`` if there is no need."""
        plain = replace(self, sizes=index.shape, index=None)
        same = np.array_equal(index, plain._places)
        return plain if same else replace(plain, index=index)

    def moves(self) -> list[Move] | None:
        """What makes a map of which the tensor is an image.

        None if the tensor is none, or no such moves are known.
        """
        wanted = map_shape(self.sizes)
        if wanted is None or len(self.sizes) < 3:
            return None
        target = self._places.reshape(wanted[2], *wanted[:2]).transpose(1, 2, 0)
        for moves in _candidates(self.shape, wanted):
            moved = _elements(self.shape)
            for kind, numbers in moves:
                moved = _MOVE[kind](moved, *numbers)
            if np.array_equal(moved, target):
                return moves
        return None


def _elements(shape: Shape) -> Array:
    return np.arange(prod(shape)).reshape(shape)


def _candidates(shape: Shape, wanted: Shape) -> Iterator[list[Move]]:
    """Moves that turn a map of one shape into one of another, the fewest first."""
    (height, width, channels), (rows, columns, _) = shape, wanted
    before, after = list[Move](), list[Move]()
    if shape != wanted:
        if rows % height == 0 and columns % width == 0:
            after.append(("depth_to_space", (rows // height, columns // width)))
        elif height % rows == 0 and width % columns == 0:
            before.append(("space_to_depth", (height // rows, width // columns)))
            channels = wanted[2]
        else:
            return
    yield before + after
    for groups in range(2, channels):
        if channels % groups == 0:
            yield [*before, ("shuffle", (groups,)), *after]


_MOVE: dict[str, Callable[..., Array]] = {
    "space_to_depth": space_to_depth,
    "depth_to_space": depth_to_space,
    "shuffle": shuffle,
}
