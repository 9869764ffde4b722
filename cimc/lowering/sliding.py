"""What a window and the next one in its row have in common.

The elements of a window lie in a vector by kernel row, kernel column and channel. One
position further on, an element is what was ``step`` elements behind it, unless that
was in another kernel row. So a vector moves down by so many elements, and only those
behind the others in each kernel row are fresh.
"""

from __future__ import annotations

from cimc.dialects.tile import WindowOp

__all__ = ["fresh", "step"]


def step(window: WindowOp) -> int:
    """Elements by which the vector moves; 0 if two windows have nothing in common."""
    shape = window.window
    columns, between = divmod(shape.stride[1], shape.dilation[1])
    by = columns * window.channels.size
    shared = columns < window.tap_columns.size and by < window.elements.size
    return by if shared and not between else 0


def fresh(window: WindowOp) -> list[range]:
    """Elements that the position before does not have, of each kernel row."""
    some, by = window.elements, step(window)
    width = window.tap_columns.size * window.channels.size
    found: list[range] = []
    for row in range(window.tap_rows.size):
        first = max(row * width, some.start)
        stop = min((row + 1) * width, some.stop)
        found.append(range(max(first, stop - by) if by else first, stop))
    return [part for part in found if part]
