"""Elements of feature maps (H, W, C) at other places; values are what they were."""

from __future__ import annotations

from cimc.weights import Array

__all__ = ["depth_to_space", "shuffle", "space_to_depth"]


def depth_to_space(values: Array, rows: int, columns: int) -> Array:
    """Channels as blocks of positions: (H, W, r · c · C) → (r · H, c · W, C)."""
    height, width, _ = values.shape
    blocks = values.reshape(height, width, rows, columns, -1)
    moved = blocks.transpose(0, 2, 1, 3, 4)
    return moved.reshape(height * rows, width * columns, -1)


def space_to_depth(values: Array, rows: int, columns: int) -> Array:
    """Blocks of positions as channels: the inverse of :func:`depth_to_space`."""
    height, width, _ = values.shape
    blocks = values.reshape(height // rows, rows, width // columns, columns, -1)
    moved = blocks.transpose(0, 2, 1, 3, 4)
    return moved.reshape(height // rows, width // columns, -1)


def shuffle(values: Array, groups: int) -> Array:
    """Channels of ``groups`` in turn: k · (C / groups) + i becomes i · groups + k."""
    height, width, _ = values.shape
    grouped = values.reshape(height, width, groups, -1)
    return grouped.transpose(0, 1, 3, 2).reshape(values.shape)
