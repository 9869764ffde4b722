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
from cimc.backends.racetrack.regions import Strip, regions_of
from cimc.dialects import tile
from cimc.dialects.cim import Range

__all__ = ["shift_bounds"]


def shift_bounds(
    sweeps: Sequence[tile.SweepOp],
    layouts: Mapping[SSAValue, MapLayout],
    blocks: Mapping[SSAValue, Block],
    machine: RacetrackMachine,
) -> Counter[str]:
    """Shifts that each layer cannot do without; a visit counts for who makes it.

    Weights are visited once per position, and once more where they are stored anew for
    every image; a row of a map once by each sweep that needs some of it. The steps that
    the visits of a row leave over count for its last visitor.
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
        for op in sweep.body.block.ops:
            if isinstance(op, tile.MvmOp):
                block = blocks[op.block]
                times = sweep.positions + (users[block.array] > 1)
                traversal = _traversal(block.rows, machine.ports)
                bounds[layer] += traversal * (times + times % 2)
            elif isinstance(op, tile.StoreOp | tile.StorePartialOp):
                columns = range(sweep.columns.start, sweep.columns.stop)
                rows = range(sweep.rows.start, sweep.rows.stop)
                stored = op.channels if isinstance(op, tile.StoreOp) else None
                layout = layouts[op.target]
                for visited in _visited(layout, rows, columns, stored):
                    visit(layer, *visited)
        whole = Strip(sweep.columns.start, sweep.columns.stop)
        for region in regions_of(sweep.body.block.ops):
            rows = region.needed_rows(sweep.rows.start, sweep.rows.stop)
            columns = region.needed_columns(whole)
            layout = layouts[region.source]
            for visited in _visited(layout, rows, columns, region.channels):
                visit(layer, *visited)
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


def _visited(
    layout: MapLayout,
    rows: Iterable[int],
    columns: Iterable[int],
    channels: Range | None,
) -> Iterator[tuple[int, int]]:
    """(array, steps) of all arrays that hold some of these rows and columns."""
    places = [layout.columns.index(c) for c in columns if c in layout.columns]
    per_segment = Counter(place // layout.domains for place in places)
    for part in layout.parts(channels):
        for row in rows:
            if row in layout.rows:
                for segment, words in per_segment.items():
                    column = layout.columns[segment * layout.domains]
                    array = layout.array(part, row, column)
                    yield array, _traversal(words, layout.ports)
