"""Whose epochs the clock of each core has a place for.

A clock with a place for every core finds all orderings, and no others. It takes memory
and time that grow with the square of the cores, though a core of a large program shares
memory with few of them. So there the cores of one layer that call each other form a
*group* (a chain of partial sums, usually), and a core knows of its own group and of
those that call it or that it calls: producers of a feature map, their consumers, and
chains of these through which buffers become free again.

That is sound: a place that is missing stands for "nothing acquired", and what an entry
says has always come through a CALL and a WAIT. So no race is missed; at worst an access
seems to be unordered that is ordered through cores outside of the groups. Then the run
is repeated, once and for all for this program, with a place for every core (see
``LoadedProgram.widen``), so what is reported does not depend on any of this.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from cimc.simulation import layout
from cimc.weights import Array

__all__ = ["FEW", "Knowledge", "groups_of", "knowledge_of"]

#: So many cores know all others.
FEW = 512


class Knowledge(NamedTuple):
    """Tables for clocks.py: one row per core, run, link and part."""

    cores: Array
    runs: Array
    links: Array
    parts: Array


class _Scope:
    """Cores in runs, each run at its place in a row, from 1 on."""

    def __init__(self, cores: Array) -> None:
        cuts = np.flatnonzero(np.diff(cores) != 1) + 1
        firsts = [0, *cuts.tolist()]
        self.starts: list[int] = cores[firsts].tolist()
        self.stops: list[int] = (cores[[*(cuts - 1).tolist(), -1]] + 1).tolist()
        self.shifts = [
            first + 1 - start for first, start in zip(firsts, self.starts, strict=True)
        ]
        self.length = len(cores) + 1

    def place(self, core: int) -> int:
        """Where in a row the core stands that the scope has."""
        return core + self.shifts[bisect_right(self.starts, core) - 1]

    def common(self, other: _Scope) -> list[tuple[int, int, int]]:
        """Parts that rows of both have: place here, place there, length."""
        parts: list[tuple[int, int, int]] = []
        i = j = 0
        while i < len(self.starts) and j < len(other.starts):
            start = max(self.starts[i], other.starts[j])
            stop = min(self.stops[i], other.stops[j])
            if start < stop:
                here, there = start + self.shifts[i], start + other.shifts[j]
                parts.append((here, there, stop - start))
            if self.stops[i] < other.stops[j]:
                i += 1
            else:
                j += 1
        return parts


def groups_of(layers: Sequence[set[int]], links: Iterable[tuple[int, int]]) -> Array:
    """The group of each core: of those in one layer, who call each other.

    ``layers`` are those that each core works on, ``links`` pairs of cores.
    """
    parent = list(range(len(layers)))

    def root(core: int) -> int:
        while parent[core] != core:
            parent[core] = core = parent[parent[core]]
        return core

    for caller, called in links:
        if layers[caller] & layers[called]:
            parent[root(caller)] = root(called)
    _, groups = np.unique([root(core) for core in parent], return_inverse=True)
    return groups


def knowledge_of(groups: Array, links: Sequence[tuple[int, int]]) -> Knowledge:
    """What cores know who know of their group and of those with a link to it."""
    count = int(groups.max(initial=-1)) + 1
    members = [np.flatnonzero(groups == group) for group in range(count)]
    joined: list[set[int]] = [{group} for group in range(count)]
    for caller, called in links:
        here, there = int(groups[caller]), int(groups[called])
        joined[here].add(there)
        joined[there].add(here)
    scopes = [
        _Scope(np.sort(np.concatenate([members[group] for group in known])))
        for known in joined
    ]
    cores = np.zeros((len(groups), layout.CLOCK_COLUMNS), np.int64)
    runs: list[tuple[int, int, int]] = []
    for scope, group in zip(scopes, members, strict=True):
        first = len(runs)
        runs += zip(scope.starts, scope.stops, scope.shifts, strict=True)
        cores[group, layout.K_LENGTH] = scope.length
        cores[group, layout.K_KEEPER] = group[0]
        cores[group, layout.K_FIRST : layout.K_STOP + 1] = (first, len(runs))
    cores[:, layout.K_EPOCH] = 1
    cores[:, layout.K_FREE] = -1
    lengths = cores[:, layout.K_LENGTH]
    cores[:, layout.K_ROW] = np.cumsum(lengths) - lengths
    parts: list[tuple[int, int, int]] = []
    found: dict[tuple[int, int], tuple[int, int]] = {}
    rows: list[tuple[int, int, int, int]] = []
    for caller, called in links:
        ends = int(groups[caller]), int(groups[called])
        if ends not in found:
            first = len(parts)
            parts += scopes[ends[0]].common(scopes[ends[1]])
            found[ends] = (first, len(parts))
        rows.append((caller, scopes[ends[1]].place(caller), *found[ends]))
    return Knowledge(
        cores,
        _table(runs, layout.RUN_COLUMNS),
        _table(rows, layout.LINK_COLUMNS),
        _table(parts, layout.PART_COLUMNS),
    )


def _table(rows: Sequence[tuple[int, ...]], columns: int) -> Array:
    return np.array(rows, np.int64).reshape(-1, columns)
