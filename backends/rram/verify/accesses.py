"""Every pair of accesses that may meet in memory, checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from cimc.backends.rram.dialect import FeatureMapOp, FillOp
from cimc.backends.rram.verify import layout
from cimc.backends.rram.verify.chains import Chain, chains_of
from cimc.backends.rram.verify.conflicts import check_pairs
from cimc.backends.rram.verify.findings import Findings
from cimc.backends.rram.verify.knowledge import SOURCES
from cimc.backends.rram.verify.problem import Problem
from cimc.backends.rram.verify.schedule import Knowledge, Schedule
from cimc.backends.rram.verify.seen import mark_executions, mark_seen
from cimc.backends.rram.verify.skeleton import Skeleton
from cimc.backends.rram.verify.streams import extents, meetings, streams_of
from cimc.backends.rram.verify.unfold import Unfolded
from cimc.weights import Array

__all__ = ["check_accesses"]

#: Comparisons of pieces and of single segments that a proof may take, for each pair of
#: images that are unfolded.
COMPARISONS = 1 << 30


def check_accesses(
    module: ModuleOp, skeleton: Skeleton, unfolded: Unfolded, schedule: Schedule
) -> None:
    """Raise the first problem with the order of two accesses."""
    streams, several = streams_of(skeleton, unfolded)
    if several >= 0:
        raise Problem.beyond(
            "its address register is in several rings or has several pitches",
            skeleton.where(several),
        )
    findings = Findings(module, skeleton, streams, unfolded.pieces)
    more = skeleton.images > unfolded.images
    checker = _Checker(streams, unfolded, schedule, more=more)
    checker.check_order(findings)
    checker.check_seen(module, findings)


class _Checker:
    """All pairs of streams that may meet, and what their cores know of each other."""

    def __init__(
        self, streams: Array, unfolded: Unfolded, schedule: Schedule, *, more: bool
    ) -> None:
        pieces = unfolded.pieces
        self._streams, self._pieces, self._schedule = streams, pieces, schedule
        self._images, self._more = unfolded.images, more
        alone = unfolded.images == 1 and not more
        chains = chains_of(streams, pieces, schedule) if alone else []
        self._chain_of = chain_of = np.full(len(streams), -1)
        for number, chain in enumerate(chains):
            chain_of[chain.streams] = number
        order = np.argsort(streams[:, layout.S_LOW], kind="stable")
        none = np.empty((0, 2), np.int64)
        count = meetings(streams, pieces, order, chain_of, none)
        self._pairs = np.empty((count, 2), np.int64)
        meetings(streams, pieces, order, chain_of, self._pairs)
        self._beyond = np.empty((len(pieces), 2), np.int64)
        extents(streams, pieces, self._beyond)
        self._unseen = np.zeros(len(pieces), np.bool_)
        self._cores = streams[:, layout.S_CORE][self._pairs]
        stores, others = self._cores.T
        along = _along(chains)
        self._knowledge = Knowledge(
            schedule,
            np.concatenate([stores, others, along[0]]),
            np.concatenate([others, stores, along[1]]),
        )

    def check_order(self, findings: Findings) -> None:
        """Check all pairs: first along short paths, and the rest with all there is."""
        found = self._check(np.arange(len(self._pairs)))
        left = np.flatnonzero(found[:, layout.F_OUTCOME] != layout.PROVEN)
        for group in self._groups(left):
            self._knowledge.complete(np.unique(self._cores[group]))
            for pair, finding in zip(group, self._check(group), strict=True):
                if finding[layout.F_OUTCOME] != layout.PROVEN:
                    store, other = self._pairs[pair]
                    raise findings.problem(int(store), int(other), finding)

    def check_seen(self, module: ModuleOp, findings: Findings) -> None:
        """Raise a problem if a LOAD may come before the first STORE to its bytes.

        The first core of a chain stores all that the others load.
        """
        streams = self._streams
        others = self._pairs[:, 1]
        loads = (streams[others, layout.S_STORES] == 0) & (self._chain_of[others] < 0)
        stores, others = self._cores[loads].T
        places = self._knowledge.places(stores, others)
        loaded, table = self._pairs[loads], self._knowledge.table
        self._mark_seen(loaded, places, table)
        for index in np.unique(loaded[:, 1]):
            stream = streams[index]
            pieces = np.arange(int(stream[layout.S_FIRST]), int(stream[layout.S_STOP]))
            if not self._unseen[pieces].any():
                continue
            of_core = streams[:, layout.S_CORE] == stream[layout.S_CORE]
            own = np.flatnonzero(of_core & (streams[:, layout.S_STORES] == 1))
            pairs = np.stack([own, np.full_like(own, index)], axis=1)
            epochs = np.arange(len(self._schedule.order) + 1, dtype=np.int32)
            own_places = np.zeros(len(own), np.int64)
            self._mark_seen(pairs, own_places, epochs)
            here = loaded[:, 1] == index
            known = [
                (loaded[here], places[here], table),
                (pairs, own_places, epochs),
            ]
            for piece in pieces[self._unseen[pieces]]:
                if not _preset(module, stream, self._pieces[piece]) and not (
                    self._each_seen(int(piece), known)
                ):
                    raise findings.not_written(int(index), int(piece))

    def _mark_seen(self, pairs: Array, places: Array, known: Array) -> None:
        starts = self._schedule.event_starts
        args = (self._streams, self._pieces, self._beyond, pairs, places, starts)
        mark_seen(*args, known, self._unseen)

    def _each_seen(
        self, piece: int, known: Iterable[tuple[Array, Array, Array]]
    ) -> bool:
        """Whether each execution of a piece finds what it reads written by a STORE.

        ``known`` are pairs, places of what their cores know, and what these know.
        """
        unseen = np.ones(int(self._pieces[piece, layout.P_TIMES]), np.bool_)
        starts = self._schedule.event_starts
        for pairs, places, table in known:
            args = (self._streams, self._pieces, self._beyond, pairs, places, starts)
            mark_executions(*args, table, piece, unseen)
        return not unseen.any()

    def _check(self, chosen: Array) -> Array:
        stores, others = self._cores[chosen].T
        before = self._knowledge.places(stores, others)
        after = self._knowledge.places(others, stores)
        findings = np.zeros((len(chosen), layout.FINDING_COLUMNS), np.int64)
        check_pairs(
            self._images,
            self._more,
            self._streams,
            self._pieces,
            self._beyond,
            self._pairs[chosen],
            np.stack([before, after], axis=1),
            self._schedule.event_starts,
            self._knowledge.table,
            np.array([COMPARISONS * self._images**2]),
            self._unseen,
            findings,
        )
        return findings

    def _groups(self, pairs: Array) -> Iterator[Array]:
        """Pairs in groups that involve few cores."""
        group: list[int] = []
        cores: set[int] = set()
        for pair in pairs:
            both = set(self._cores[pair].tolist())
            if len(cores | both) > SOURCES:
                yield np.array(group)
                group, cores = [], set()
            group.append(int(pair))
            cores |= both
        if group:
            yield np.array(group)


def _along(chains: list[Chain]) -> Array:
    """Pairs of cores along chains: a core's reads are known over those behind it.

    Where each core has a single access nothing is used again, so nobody asks.
    """
    pairs = [
        chain.cores[np.stack(np.triu_indices(len(chain.cores), 1))]
        for chain in chains
        if not chain.single
    ]
    return np.hstack([np.empty((2, 0), np.int64), *pairs])


def _preset(module: ModuleOp, stream: Array, piece: Array) -> bool:
    """Whether all that a piece reads is there when a batch starts."""
    low, high = piece[layout.P_LOW], piece[layout.P_HIGH]
    if stream[layout.S_SIZE]:
        return False
    return any(
        op.address <= low and high <= op.stop
        for op in module.ops
        if (isinstance(op, FillOp) and op.count == 1)
        or (isinstance(op, FeatureMapOp) and op.role == "input")
    )
