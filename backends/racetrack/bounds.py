"""A lower bound on the shifts of a program, from its mapping alone.

With P ports, at most P words of an array are under ports at one offset, so whoever
visits n of them stands at ⌈n / P⌉ or more offsets and takes k = ⌈n / P⌉ − 1 steps or
more on the way from the least to the greatest of them: one *traversal*. An image
consists of visits of an array, one after the other, and ends where it began: it takes
as many steps up as down, and whatever of the traversals one direction has more than the
other has to be made up for. See README.md.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from xdsl.ir import SSAValue

from cimc.backends.racetrack.layout import MapLayout
from cimc.backends.racetrack.lowering.products import Block
from cimc.backends.racetrack.machine import RacetrackMachine
from cimc.backends.racetrack.regions import (
    Region,
    Strip,
    elements_of,
    pieces_of,
    regions_of,
    stored_columns,
    stored_rows,
)
from cimc.dialects import tile
from cimc.dialects.cim import Range

__all__ = ["shift_bounds"]


def shift_bounds(
    sweeps: Sequence[tile.SweepOp],
    layouts: Mapping[SSAValue, MapLayout],
    blocks: Mapping[SSAValue, Block],
    machine: RacetrackMachine,
) -> Counter[str]:
    """The bound, split over the layers; a visit counts for who makes it.

    Weights are visited once per position, and once more where they are stored anew
    for every image, which PROGRAM begins at offset 0; a row of a map once by each
    sweep, for the columns of it that the sweep needs. The steps that the visits of a
    row leave over count for its last user: the last sweep whose windows cover it.
    """
    bounds: Counter[str] = Counter()
    visits: dict[int, list[int]] = defaultdict(list)
    last: dict[int, str] = {}
    users = Counter(block.array for block in blocks.values())

    def visit(layer: str, array: int, steps: int) -> None:
        visits[array].append(steps)
        bounds[layer] += steps
        last[array] = layer

    for sweep in sweeps:
        layer = sweep.layer.data
        bounds[layer] += 0
        for op in sweep.operations:
            if isinstance(op, tile.MvmOp):
                block = blocks[op.block]
                times = sweep.positions + (users[block.array] > 1)
                traversal = _traversal(block.rows, machine.ports)
                bounds[layer] += traversal * (times + times % 2)
            elif isinstance(op, tile.StoreOp | tile.StorePartialOp):
                rows, columns = stored_rows(op), stored_columns(op)
                stored = op.channels if isinstance(op, tile.StoreOp) else None
                layout = layouts[op.target]
                for array, words in _visited(layout, rows, columns, stored):
                    visit(layer, array, _traversal(len(words), machine.ports))
        for array, words in _read(sweep, layouts).items():
            visit(layer, array, _traversal(len(words), machine.ports))
        regions = regions_of(sweep.operations)
        last |= dict.fromkeys(_words(sweep, layouts, regions), layer)
    for array, steps in visits.items():
        bounds[last[array]] += _left_over(steps)
    return bounds


def _left_over(traversals: Iterable[int]) -> int:
    """The least difference between up and down, each traversal going one way."""
    differences = {0}
    for steps in traversals:
        differences = {abs(d + way) for d in differences for way in (steps, -steps)}
    return min(differences)


def _traversal(words: int, ports: int) -> int:
    """Steps from the first to the last of so many words, at least."""
    return max(0, -(-words // ports) - 1)


def _read(
    sweep: tile.SweepOp, layouts: Mapping[SSAValue, MapLayout]
) -> dict[int, set[int]]:
    """The columns that the elements of a sweep's windows come from, by array."""
    pieces = dict.fromkeys(
        piece.region
        for op in sweep.operations
        if isinstance(op, tile.WindowOp | tile.LoadPartialOp)
        for region in (Region.of(op),)
        for piece in pieces_of(region, elements_of(op), region.size(Strip(0, 1)))
    )
    return _words(sweep, layouts, pieces)


def _words(
    sweep: tile.SweepOp,
    layouts: Mapping[SSAValue, MapLayout],
    regions: Iterable[Region],
) -> dict[int, set[int]]:
    """The columns that regions of a sweep's windows cover, by array."""
    whole = Strip(sweep.columns.start, sweep.columns.stop)
    found: dict[int, set[int]] = defaultdict(set)
    for region in regions:
        layout = layouts[region.source]
        rows = region.needed_rows(sweep.rows.start, sweep.rows.stop)
        columns = region.needed_columns(whole)
        for array, words in _visited(layout, rows, columns, region.channels):
            found[array] |= words
    return found


def _visited(
    layout: MapLayout,
    rows: Iterable[int],
    columns: Iterable[int],
    channels: Range | None,
) -> Iterator[tuple[int, set[int]]]:
    """(array, columns) of all arrays that hold some of these rows and columns."""
    per_segment: dict[int, set[int]] = defaultdict(set)
    for column in columns:
        if column in layout.columns:
            place = layout.columns.index(column)
            per_segment[place // layout.domains].add(column)
    for part in layout.parts(channels):
        for row in rows:
            if row in layout.rows:
                for segment, words in per_segment.items():
                    column = layout.columns[segment * layout.domains]
                    yield layout.array(part, row, column), words
