"""Host and device take turns, as few as there can be.

Even turns are the host's, odd ones the device's: turn 0 is the prologue, turn 1 the
first device segment, and so on. Some items can run on one of the two only. The others
follow what they read; behind the host they go to the device where that costs no turn
and the device has work behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

__all__ = ["Kind", "take_turns"]

Kind = Literal["host", "device", "either"]


def take_turns(
    kinds: Sequence[Kind], readers: Sequence[Sequence[int]], sizes: Sequence[int]
) -> list[int]:
    """The turn of each item.

    Items stand in topological order: ``readers`` gives those that read the result of
    each, all behind it, and ``sizes`` the bytes of that result.
    """
    writers: list[list[int]] = [[] for _ in kinds]
    for item, found in enumerate(readers):
        for reader in found:
            writers[reader].append(item)
    latest = _latest(kinds, readers, max(_earliest(kinds, writers), default=0))
    behind = _before_the_device(kinds, readers)
    turns: list[int] = []
    for item, kind in enumerate(kinds):
        turn = max((turns[writer] for writer in writers[item]), default=0)
        if kind != "either":
            turn = _rounded_up(turn, kind)
        elif turn % 2 == 0 and turn < latest[item] and (turn == 0 or behind[item]):
            turn += 1
        turns.append(turn)
    _sink(turns, readers, writers, sizes)
    return turns


def _rounded_up(turn: int, kind: Kind) -> int:
    """The first turn of a kind from ``turn`` on."""
    return turn if kind == "either" else turn + (turn + (kind == "device")) % 2


def _earliest(kinds: Sequence[Kind], writers: Sequence[Sequence[int]]) -> list[int]:
    turns: list[int] = []
    for kind, found in zip(kinds, writers, strict=True):
        after = max((turns[writer] for writer in found), default=0)
        turns.append(_rounded_up(after, kind))
    return turns


def _latest(
    kinds: Sequence[Kind], readers: Sequence[Sequence[int]], last: int
) -> list[int]:
    turns = [last] * len(kinds)
    for item in reversed(range(len(kinds))):
        before = min((turns[reader] for reader in readers[item]), default=last)
        kind = kinds[item]
        turns[item] = before - (_rounded_up(before, kind) != before)
    return turns


def _before_the_device(
    kinds: Sequence[Kind], readers: Sequence[Sequence[int]]
) -> list[bool]:
    """Whether something that only the device runs depends on each item."""
    found = [False] * len(kinds)
    for item in reversed(range(len(kinds))):
        found[item] = any(kinds[r] == "device" or found[r] for r in readers[item])
    return found


def _sink(
    turns: list[int],
    readers: Sequence[Sequence[int]],
    writers: Sequence[Sequence[int]],
    sizes: Sequence[int],
) -> None:
    """Move items to the device segment that reads them, where fewer bytes then leave.

    A result leaves the device once, whoever reads it outside of its segment.
    """

    def leaves(item: int, without: int | None = None) -> bool:
        others = [reader for reader in readers[item] if reader != without]
        return any(turns[reader] != turns[item] for reader in others)

    for item in reversed(range(len(turns))):
        if turns[item] % 2 == 0 or not readers[item]:
            continue
        first = min(turns[reader] for reader in readers[item])
        target = first - (first % 2 == 0)
        if target <= turns[item]:
            continue
        stays = all(turns[reader] == target for reader in readers[item])
        saved = sizes[item] if stays else 0
        added = sum(
            sizes[writer]
            for writer in writers[item]
            if turns[writer] % 2 and not leaves(writer, item)
        )
        if added < saved:
            turns[item] = target
