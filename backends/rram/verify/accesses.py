"""Every pair of accesses that may meet in memory, checked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from cimc.backends.rram.dialect import FeatureMapOp, FillOp
from cimc.backends.rram.verify import layout
from cimc.backends.rram.verify.conflicts import check_pairs, mark_seen
from cimc.backends.rram.verify.knowledge import SOURCES
from cimc.backends.rram.verify.problem import Problem
from cimc.backends.rram.verify.schedule import Knowledge, Schedule
from cimc.backends.rram.verify.skeleton import Skeleton
from cimc.backends.rram.verify.streams import hulls, meetings, streams_of
from cimc.backends.rram.verify.unfold import Unfolded
from cimc.weights import Array

__all__ = ["check_accesses"]

#: Comparisons of single segments that a proof may take.
COMPARISONS = 1 << 30


def check_accesses(
    module: ModuleOp, skeleton: Skeleton, unfolded: Unfolded, schedule: Schedule
) -> None:
    """Raise the first problem with the order of two accesses."""
    streams, several = streams_of(skeleton, unfolded)
    if several >= 0:
        raise Problem.beyond(
            "its address register is in several rings", skeleton.where(several)
        )
    checker = _Checker(module, skeleton, unfolded, schedule, streams)
    checker.check()
    checker.check_seen()


class _Checker:
    def __init__(
        self,
        module: ModuleOp,
        skeleton: Skeleton,
        unfolded: Unfolded,
        schedule: Schedule,
        streams: Array,
    ) -> None:
        self._module, self._skeleton = module, skeleton
        self._schedule, self._streams = schedule, streams
        self._pieces = pieces = unfolded.pieces
        order = np.argsort(streams[:, layout.S_LOW], kind="stable")
        self._pairs = np.empty((0, 2), np.int64)
        room = meetings(streams, pieces, order, self._pairs)
        self._pairs = np.empty((room, 2), np.int64)
        meetings(streams, pieces, order, self._pairs)
        self._blocks = np.empty((-(-len(pieces) // layout.BLOCK), 2), np.int64)
        self._beyond = np.empty((len(pieces), 2), np.int64)
        hulls(streams, pieces, self._blocks, self._beyond)
        self._unseen = np.zeros(len(pieces), np.bool_)
        self._cores = streams[:, layout.S_CORE][self._pairs]
        stores, others = self._cores.T
        self._knowledge = Knowledge(
            schedule,
            np.concatenate([stores, others]),
            np.concatenate([others, stores]),
        )

    def check(self) -> None:
        """Check all pairs: first along short paths, and the rest with all there is."""
        findings = self._findings(np.arange(len(self._pairs)))
        left = np.flatnonzero(findings[:, layout.F_OUTCOME] != layout.PROVEN)
        for group in self._groups(left):
            self._knowledge.complete(np.unique(self._cores[group]))
            for pair, finding in zip(group, self._findings(group), strict=True):
                if finding[layout.F_OUTCOME] != layout.PROVEN:
                    raise self._problem(int(pair), finding)

    def _findings(self, chosen: Array) -> Array:
        stores, others = self._cores[chosen].T
        before = self._knowledge.places(stores, others)
        after = self._knowledge.places(others, stores)
        findings = np.zeros((len(chosen), layout.FINDING_COLUMNS), np.int64)
        check_pairs(
            self._streams,
            self._pieces,
            self._blocks,
            self._beyond,
            self._pairs[chosen],
            np.stack([before, after], axis=1),
            self._schedule.event_starts,
            self._knowledge.table,
            np.array([COMPARISONS]),
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

    def _problem(self, pair: int, finding: Array) -> Problem:
        outcome, piece, other, byte = (int(value) for value in finding)
        store, access = self._streams[self._pairs[pair]]
        skeleton = self._skeleton
        where = f"{skeleton.where(access[layout.S_ROW])}{self._turn(access, other)}"
        against = f"{skeleton.where(store[layout.S_ROW])}{self._turn(store, piece)}"
        if outcome == layout.EXHAUSTED:
            return Problem.beyond(
                "too many segments to compare", where, (f"with those of {against}",)
            )
        verb = "overwrites" if access[layout.S_STORES] else "reads"
        notes = (f"with {against}", *self._place(byte, access, other))
        if outcome == layout.UNORDERED:
            why = f"{verb} byte {byte} of shared memory in no order"
            return Problem("unordered", why, where, notes)
        why = f"{verb} byte {byte} of shared memory on the wrong side"
        return Problem("wrong order", why, where, notes)

    def _turn(self, stream: Array, piece: int) -> str:
        """Which executions of an instruction a piece has."""
        before = self._pieces[stream[layout.S_FIRST] : piece, layout.P_TIMES].sum()
        times = int(self._pieces[piece, layout.P_TIMES])
        if times == 1:
            return f", execution {before + 1}"
        return f", executions {before + 1} to {before + times}"

    def _place(self, byte: int, stream: Array, piece: int) -> Iterator[str]:
        """The element of a feature map that a byte holds for an access."""
        base, size = int(stream[layout.S_BASE]), int(stream[layout.S_SIZE])
        if size:
            low = int(self._pieces[piece, layout.P_LOW])
            byte = base + low + (byte - base - low) % size
        for op in self._module.ops:
            if isinstance(op, FeatureMapOp) and (op.ring_base if size else -1) in (
                base,
                -1,
            ):
                row, rest = divmod(byte - op.address, op.row_stride or 1)
                column, channel = divmod(rest, op.column_stride or 1)
                if (
                    0 <= row < op.height
                    and column < op.width
                    and channel < op.channels
                ):
                    yield (
                        f"that is row {row}, column {column}, channel {channel} of "
                        f"feature map {op.tensor!r}"
                    )

    def check_seen(self) -> None:
        """Raise a problem if a LOAD may come before the first STORE to its bytes."""
        if not self._unseen.any():
            return
        streams, pieces = self._streams, self._pieces
        loads = streams[:, layout.S_STORES] == 0
        own = np.arange(self._schedule.lengths.max() + 1, dtype=np.int32)
        for other in streams[loads]:
            start, stop = other[layout.S_FIRST], other[layout.S_STOP]
            if not self._unseen[start:stop].any():
                continue
            for store in streams[~loads]:
                met = store[layout.S_LOW] < other[layout.S_HIGH]
                if not met or other[layout.S_LOW] >= store[layout.S_HIGH]:
                    continue
                source, sink = store[layout.S_CORE], other[layout.S_CORE]
                known = own
                if source != sink:
                    place = self._knowledge.places(source, sink)
                    known = self._knowledge.table[place:]
                mark_seen(store, other, pieces, self._beyond, known, self._unseen)
            for piece in range(start, stop):
                if self._unseen[piece] and not self._preset(other, pieces[piece]):
                    where = self._skeleton.where(other[layout.S_ROW])
                    raise Problem.beyond(
                        "bytes that it reads may not be written yet",
                        f"{where}{self._turn(other, piece)}",
                    )

    def _preset(self, stream: Array, piece: Array) -> bool:
        """Whether all that a piece reads is there when an image starts."""
        low, high = piece[layout.P_LOW], piece[layout.P_HIGH]
        if stream[layout.S_SIZE]:
            return False
        for op in self._module.ops:
            if isinstance(op, FillOp) and op.count == 1 or (
                isinstance(op, FeatureMapOp) and op.role == "input"
            ):
                if op.address <= low and high <= op.stop:
                    return True
        return False
