"""``duplicate-weights``: copy the blocks of slow layers into arrays that are free."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from cimc.dialects import tile
from cimc.dialects.tile.memory import integer
from cimc.passes.tile.array_assignment import Item, fits
from cimc.passes.tile.sweeps import runs, split, weight_blocks

__all__ = ["DuplicateWeights"]

_STEPS = 64
"""In how many steps the number of arrays sinks while copies do not pack."""


@dataclass(frozen=True)
class DuplicateWeights(ModulePass):
    """Compute parts of a layer's rows at once, each with its own copy of the blocks.

    A layer gets at most ``limit`` copies, and no more than it has output rows or the
    machine cores; each of its sweeps is cut into as many, over near-equal ranges of
    rows. The estimated time of all layers, one after another, is least: a layer takes
    ⌈runs of blocks/cores⌉ times what its slowest sweep takes, which is rows times
    columns times the rows of its blocks. For a number of arrays that choice is exact,
    by dynamic programming; a greedy one would not be, since rows are rounded up.

    Copies must also pack, so that none shares an array. If those chosen for all
    arrays do not, fewer arrays are tried, and blocks rounded up to an even part of a
    core: that part is a heuristic.
    """

    name = "duplicate-weights"

    cores: int = 32
    arrays: int = 16
    limit: int = 8

    def __post_init__(self) -> None:
        if min(self.cores, self.arrays, self.limit) < 1:
            raise ValueError("cores, arrays and limit must be at least 1")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Cut sweeps by rows; set ``copies`` of layers that have several."""
        sweeps: dict[str, list[tile.SweepOp]] = defaultdict(list)
        for sweep in op.body.block.ops:
            if isinstance(sweep, tile.SweepOp) and (blocks := weight_blocks(sweep)):
                if any(block.core is not None for block in blocks):
                    raise PassFailedException(
                        "blocks have arrays already: assign-arrays comes after"
                    )
                sweeps[sweep.layer.data].append(sweep)
        layers = [_Layer(self, members) for members in sweeps.values()]
        copies = dict(zip(sweeps, self._choose(layers), strict=True))
        for layer in list(op.body.block.ops):
            if isinstance(layer, tile.LayerOp) and copies.get(layer.layer.data, 1) > 1:
                number = copies[layer.layer.data]
                before = 1 if layer.copies is None else layer.copies.value.data
                layer.properties["copies"] = integer(before * number)
                for sweep in sweeps[layer.layer.data]:
                    split(sweep, "rows", number)

    def _choose(self, layers: list[_Layer]) -> list[int]:
        """How many copies of each layer; one of each if no more pack."""
        best = [1] * len(layers)
        for rounded in (False, True):
            available = self.cores * self.arrays
            while copies := _fastest(layers, available, rounded=rounded):
                if self._pack(layers, copies):
                    best = min(best, copies, key=lambda c: _time(layers, c))
                    break
                available -= max(1, self.cores * self.arrays // _STEPS)
        return best

    def _pack(self, layers: list[_Layer], copies: list[int]) -> bool:
        items: list[Item] = []
        for layer, number in zip(layers, copies, strict=True):
            for pieces in number * layer.pieces:
                sweep = len(items)
                items += [Item("", sweep, size, 0, 0) for size in pieces]
        return fits(items, self.cores, self.arrays)


class _Layer:
    """What the choice needs of a layer: its pieces, and time by number of copies."""

    def __init__(self, machine: DuplicateWeights, sweeps: list[tile.SweepOp]) -> None:
        cores, arrays = machine.cores, machine.arrays
        self.pieces = [
            [len(run) for run in runs(weight_blocks(sweep), arrays)] for sweep in sweeps
        ]
        sizes = [size for pieces in self.pieces for size in pieces]
        self.size = sum(sizes)
        self.rounded_size = sum(-(-arrays // (arrays // size)) for size in sizes)
        most = min(machine.limit, cores, *(sweep.rows.size for sweep in sweeps))
        self.times: list[int] = []
        for number in range(1, most + 1):
            longest = max(
                -(-sweep.rows.size // number)
                * sweep.columns.size
                * sum(block.type.rows.data for block in weight_blocks(sweep))
                for sweep in sweeps
            )
            self.times.append(-(-number * len(sizes) // cores) * longest)


def _time(layers: list[_Layer], copies: list[int]) -> int:
    return sum(
        layer.times[number - 1] for layer, number in zip(layers, copies, strict=True)
    )


def _fastest(layers: list[_Layer], available: int, *, rounded: bool) -> list[int]:
    """The copies with the least time that take ``available`` arrays, or nothing.

    ``best[a]`` is the least time of the layers so far in at most a arrays.
    """
    if available < 0:
        return []
    never = np.iinfo(np.int64).max // 2
    best = np.zeros(available + 1, np.int64)
    chosen: list[tuple[int, np.ndarray]] = []
    for layer in layers:
        size = layer.rounded_size if rounded else layer.size
        options = np.full((len(layer.times), available + 1), never)
        for option, (row, time) in enumerate(zip(options, layer.times, strict=True), 1):
            row[option * size :] = best[: max(0, available + 1 - option * size)] + time
        chosen.append((size, options.argmin(axis=0) + 1))
        best = np.minimum(options.min(axis=0), never)
    if best[available] >= never:
        return []
    copies: list[int] = []
    for size, by_arrays in reversed(chosen):
        copies.append(int(by_arrays[available]))
        available -= copies[-1] * size
    return copies[::-1]
