"""Which blocks of a layer share a core that has several crossbars.

A layer is a grid of row blocks and column blocks. A core takes some row blocks of some
column blocks: it adds up the products of its row blocks without the bus, and loads
each window once for all its column blocks.
"""

from __future__ import annotations

from itertools import pairwise

from cimc.dialects import tile
from cimc.dialects.cim import Range
from cimc.passes.tile.traffic import SUM_BYTES

__all__ = ["packing"]


def packing(
    strips: list[list[tile.WeightBlockOp]], crossbars: int
) -> list[list[tile.WeightBlockOp]]:
    """The blocks of each core, for the row blocks of each column block (``strips``).

    The fewest cores with ``crossbars`` each, and of those the fewest bytes per
    position. Cores that hold row blocks of the same column blocks follow each other.
    """
    found = [
        _shares(strips, high, crossbars // high)
        for high in range(1, min(crossbars, max(map(len, strips))) + 1)
    ]
    fewest = min(map(len, found))
    return min((shares for shares in found if len(shares) == fewest), key=_bytes)


def _shares(
    strips: list[list[tile.WeightBlockOp]], high: int, wide: int
) -> list[list[tile.WeightBlockOp]]:
    """Shares of at most ``high`` row blocks of ``wide`` column blocks, near-equal."""
    shares: list[list[tile.WeightBlockOp]] = []
    for columns in _even(len(strips), wide):
        some = strips[columns.slice]
        for rows in _even(max(map(len, some)), high):
            blocks = [block for strip in some for block in strip[rows.slice]]
            shares.append(blocks)
    return shares


def _even(size: int, most: int) -> list[Range]:
    """Cut [0, size) into the fewest ranges of at most ``most``, near-equal ones."""
    parts = -(-size // most)
    bounds = [size * part // parts for part in range(parts + 1)]
    return [Range.of(*ends) for ends in pairwise(bounds)]


def _bytes(shares: list[list[tile.WeightBlockOp]]) -> int:
    """Bytes of windows and partial sums that the cores move for one position.

    The sums of the last core of a chain are counted, too, which changes no order.
    """
    total = 0
    for blocks in shares:
        windows = {(block.matrix, block.rows): block.rows.size for block in blocks}
        sums = {(block.matrix, block.columns): block.columns.size for block in blocks}
        total += sum(windows.values()) + 2 * SUM_BYTES * sum(sums.values())
    return total
