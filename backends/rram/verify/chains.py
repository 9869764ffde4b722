"""Chains: cores that go through the same segments of memory one after another.

The cores that add into the same partial sums do so. If each comes to a segment when
the one before it is through with that, and the first comes to what takes its place in
a ring when the last one is, all their accesses are ordered, since what happens before
what is transitive. So n links are checked in the place of n² pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from cimc.backends.rram.verify.layout import (
    P_EPOCH,
    P_FIRST,
    P_STEP,
    P_TIMES,
    S_BASE,
    S_CORE,
    S_COUNT,
    S_FIRST,
    S_LENGTH,
    S_LOW,
    S_SIZE,
    S_STOP,
    S_STORES,
)
from cimc.backends.rram.verify.schedule import Knowledge, Schedule
from cimc.weights import Array

__all__ = ["Chain", "chains_of"]


class Chain(NamedTuple):
    """Streams of which all accesses by different cores are in order.

    ``cores`` are in that order. If it is ``single``, each uses one segment.
    """

    streams: Array
    cores: Array
    single: bool


class _Member(NamedTuple):
    """A core: the segments that it uses, and in which epochs first and last."""

    core: int
    segments: Array
    first: Array
    last: Array


class _Candidate(NamedTuple):
    """What is a chain if all its links hold; ``turn`` segments fill its ring."""

    streams: Array
    members: list[_Member]
    turn: int

    def links(self) -> Iterator[tuple[_Member, _Member, int]]:
        """Who uses a segment before whom uses the one that so many later."""
        for one, other in pairwise(self.members):
            yield one, other, 0
        if self.turn < len(self.members[0].segments):
            yield self.members[-1], self.members[0], self.turn


def chains_of(streams: Array, pieces: Array, schedule: Schedule) -> list[Chain]:
    """All chains among the streams; those whose links cannot be proven are none."""
    candidates = list(_candidates(streams, pieces, schedule))
    links = [link for candidate in candidates for link in candidate.links()]
    sources = np.array([one.core for one, _, _ in links], np.int64)
    sinks = np.array([other.core for _, other, _ in links], np.int64)
    knowledge = Knowledge(schedule, sources, sinks)
    places = iter(knowledge.places(sources, sinks).tolist())
    found: list[Chain] = []
    for candidate in candidates:
        ordered = [
            _ordered(*link, knowledge.table[next(places) :])
            for link in candidate.links()
        ]
        if all(ordered):
            members = candidate.members
            cores = np.array([member.core for member in members])
            found.append(Chain(candidate.streams, cores, len(members[0].segments) == 1))
    return found


def _ordered(one: _Member, other: _Member, later: int, known: Array) -> bool:
    """Whether one is through with each segment when the other uses that ``later``."""
    last = one.last[: len(one.last) - later]
    return bool(np.all(last < known[other.first[later:]]))


def _candidates(
    streams: Array, pieces: Array, schedule: Schedule
) -> Iterator[_Candidate]:
    """Streams of several cores through the same segments."""
    when = np.empty(len(schedule.order), np.int64)
    when[schedule.order] = np.arange(len(schedule.order))
    for group in _alike(streams):
        of_core = streams[group, S_CORE]
        members = [
            _member(core, streams[group[of_core == core]], pieces)
            for core in np.unique(of_core).tolist()
        ]
        turn = _turn(members, *streams[group[0], [S_SIZE, S_LENGTH]].tolist())
        members.sort(key=lambda member: _begin(member, when, schedule))
        first = streams[group[of_core == members[0].core]]
        # What the others load, the first one has stored.
        if turn and first[:, S_STORES].all():
            yield _Candidate(group, members, turn)


def _alike(streams: Array) -> Iterator[Array]:
    """Streams of one length in one ring, or from one address on, by several cores."""
    where = np.where(streams[:, S_SIZE] > 0, -1, streams[:, S_LOW])
    keys = streams[:, [S_BASE, S_SIZE, S_LENGTH, S_COUNT]]
    _, kinds = np.unique(np.column_stack([keys, where]), axis=0, return_inverse=True)
    order = np.argsort(kinds, kind="stable")
    cuts = np.flatnonzero(np.diff(kinds[order])) + 1
    for group in np.split(order, cuts):
        found = streams[group]
        if (
            (found[1:, S_CORE] != found[:-1, S_CORE]).any()
            and found[0, S_COUNT] == 1
            and found[:, S_STORES].any()
        ):
            yield group


def _member(core: int, streams: Array, pieces: Array) -> _Member:
    """What the streams of a core use."""
    own = np.concatenate([pieces[s[S_FIRST] : s[S_STOP]] for s in streams])
    times = own[:, P_TIMES]
    starts = np.cumsum(times) - times
    index = np.arange(int(times.sum())) - np.repeat(starts, times)
    addresses = np.repeat(own[:, P_FIRST], times)
    addresses += index * np.repeat(own[:, P_STEP], times)
    order = np.argsort(addresses, kind="stable")
    addresses, epochs = addresses[order], np.repeat(own[:, P_EPOCH], times)[order]
    starts = np.append(0, 1 + np.flatnonzero(np.diff(addresses)))
    first = np.minimum.reduceat(epochs, starts)
    last = np.maximum.reduceat(epochs, starts)
    return _Member(core, addresses[starts], first, last)


def _turn(members: list[_Member], size: int, length: int) -> int:
    """How many segments fill the ring; 0 if they overlap or are not all the same."""
    segments = members[0].segments
    if any(not np.array_equal(segments, other.segments) for other in members):
        return 0
    steps = np.diff(segments)
    if not len(steps):
        return 1
    step = int(steps[0])
    if step < length or size % step or (steps != step).any():
        return 0
    return size // step or len(segments)


def _begin(member: _Member, when: Array, schedule: Schedule) -> int:
    """When the last event before its first access happens in the abstract run."""
    epoch = int(member.first[0])
    if not epoch:
        return -1
    return int(when[schedule.event_starts[member.core] + epoch - 1])
