"""How many rows of each feature map are alive in a sequential order of all rows.

The order computes a row when another one needs it, so rings that hold the rows alive
in it admit this order. Whether cores that wait for each other come to an end does not
depend on their timing; a network of rings that are at least as large is therefore
free of deadlock.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import networkx as nx
from xdsl.ir import SSAValue

from cimc.dialects import tile
from cimc.passes.tile.dependences import Reader
from cimc.passes.tile.sweeps import core_of

__all__ = ["rows_alive"]


def rows_alive(
    sweeps: list[tile.SweepOp],
    readers: dict[SSAValue, list[Reader]],
    targets: dict[tile.SweepOp, SSAValue],
    release_rows: int,
) -> dict[SSAValue, int]:
    """Rows, halo included, that a ring for each feature map needs.

    ``sweeps`` are those of a phase, ``readers`` theirs of each map, and ``targets``
    says for which map each works.
    For each layer between the one that writes a map and one that reads it, it gets
    ``release_rows`` times the rows more by which the reader moves on.
    """
    members = set(sweeps)
    of_phase = {s: map_ for s, map_ in targets.items() if s in members}
    maps = _maps(sweeps, readers, of_phase)
    for map_ in maps.values():
        if not map_.readings:
            _complete(map_)
    return {
        value: min(
            map_.total,
            map_.alive
            + max(
                release_rows * reading.step * (reading.target.depth - map_.depth)
                for reading in map_.readings
            ),
        )
        for value, map_ in maps.items()
        if map_.readings
    }


@dataclass
class _Reading:
    """Row i of the sweeps for ``target`` needs the rows of ``source`` before first +
    i · step.

    When it is there, those before kept + (i + 1) · step are not needed any more.
    """

    source: _Map
    target: _Map
    first: int
    kept: int
    step: int

    def keep_whole(self) -> None:
        """Let the target need all rows from its first to its last."""
        self.first, self.kept, self.step = self.source.total, 0, 0

    @property
    def needed(self) -> int:
        """Rows of the source that the next row of the target needs."""
        rows = self.first + self.target.sweep_rows * self.step
        return min(rows, self.source.total)

    @property
    def released(self) -> int:
        """Rows of the source that the target needs no more."""
        if self.target.done == self.target.total:
            return self.source.total
        return min(self.kept + self.target.sweep_rows * self.step, self.source.total)


@dataclass(eq=False)
class _Map:
    """A feature map in rows; ``top`` rows of its ``total`` are halo above it.

    Each row of the sweeps that write it makes ``together`` of its rows.
    """

    top: int = 0
    height: int = 0
    total: int = 0
    together: int = 1
    depth: int = 0
    rows: int = 0
    alive: int = 0
    readings: list[_Reading] = field(default_factory=list[_Reading])
    needs: list[_Reading] = field(default_factory=list[_Reading])
    after: list[_Map] = field(default_factory=list["_Map"])
    """Maps that are complete before this one begins, since they take its cores."""

    @property
    def done(self) -> int:
        """Rows that are there, halo included."""
        return self.total if self.rows == self.height else self.top + self.rows

    @property
    def sweep_rows(self) -> int:
        """Rows of its sweeps that have been computed."""
        return self.rows // self.together

    def add_row(self) -> None:
        """Compute one row of its sweeps."""
        self.rows += self.together
        if self.readings:
            released = min(reading.released for reading in self.readings)
            self.alive = max(self.alive, self.done - released)


def _maps(
    sweeps: list[tile.SweepOp],
    by_source: dict[SSAValue, list[Reader]],
    targets: dict[tile.SweepOp, SSAValue],
) -> dict[SSAValue, _Map]:
    """All maps that the sweeps write or read, and how they depend on each other."""
    maps: dict[SSAValue, _Map] = {}
    for value in (*by_source, *dict.fromkeys(targets.values())):
        assert isinstance(value.type, tile.FeatureMapType)
        type_ = value.type
        maps[value] = _Map(type_.halo[0], type_.shape[0], type_.padded_rows)
    for source in set(maps) - set(targets.values()):
        maps[source].rows = maps[source].height
    for sweep, target in targets.items():
        for op in sweep.operations:
            if isinstance(op, tile.StoreOp):
                maps[target].together = op.stride[0]
    readings: dict[tuple[SSAValue, SSAValue], list[Reader]] = defaultdict(list)
    for source, readers in by_source.items():
        for reader in readers:
            readings[source, targets[reader.sweep]].append(reader)
    for (source, target), readers in readings.items():
        reading = _reading(maps[source], maps[target], readers)
        maps[source].readings.append(reading)
        maps[target].needs.append(reading)
    cores: dict[int, list[_Map]] = defaultdict(list)
    for sweep in sweeps:
        cores[core_of(sweep)].append(maps[targets[sweep]])
    for in_turn in cores.values():
        for before, after in pairwise(in_turn):
            if before is not after and before not in after.after:
                after.after.append(before)
    _untangle(list(maps.values()))
    # In the order of their last sweeps: those of a concatenation lie far apart.
    in_order = [targets[sweep] for sweep in reversed(sweeps)]
    for value in reversed(dict.fromkeys(in_order)):
        before = [reading.source.depth for reading in maps[value].needs]
        maps[value].depth = 1 + max(before, default=0)
    return maps


def _untangle(maps: list[_Map]) -> None:
    """Keep whole the maps that are computed in parts, between parts of each other.

    A core computes a part of one map, then of another one, for which a second core has
    to wait before it goes on with the first: no order completes map after map.
    """
    order: nx.DiGraph[_Map] = nx.DiGraph()
    order.add_edges_from((r.source, map_) for map_ in maps for r in map_.needs)
    order.add_edges_from((before, map_) for map_ in maps for before in map_.after)
    for tangled in nx.strongly_connected_components(order):
        if len(tangled) > 1:
            for map_ in tangled:
                map_.after = [found for found in map_.after if found not in tangled]
                for reading in (*map_.needs, *map_.readings):
                    reading.keep_whole()


def _reading(source: _Map, target: _Map, readers: list[Reader]) -> _Reading:
    """What all readers together need.

    That is the whole map if one computes a part of the target's rows, or several run
    one after another on one core. Rows below those that are read, but for less than a
    step, are waited for in advance (see :func:`~cimc.passes.tile.follow_rows.follow`).
    """
    step = readers[0].step
    first = max(reader.first for reader in readers)
    last = max(reader.sweep.rows.size for reader in readers)
    found = _Reading(
        source,
        target,
        max(first, source.total - last * step + 1),
        min(reader.kept for reader in readers),
        step,
    )
    cores = {core_of(reader.sweep) for reader in readers}
    if len(cores) < len(readers) or any(
        reader.sweep.rows.size * target.together != target.height for reader in readers
    ):
        found.keep_whole()
    return found


def _complete(last: _Map) -> None:
    """Compute all rows of a map, and before each row those that it needs."""
    waiting = [(last, last.height)]
    while waiting:
        map_, rows = waiting[-1]
        if map_.rows >= rows:
            waiting.pop()
            continue
        missing = [
            (reading.source, reading.needed - reading.source.top)
            for reading in map_.needs
            if reading.source.done < reading.needed
        ]
        missing += [
            (before, before.height)
            for before in map_.after
            if before.rows < before.height
        ]
        if missing:
            source, needed = missing[0]
            waiting.append((source, min(needed, source.height)))
        else:
            map_.add_row()
