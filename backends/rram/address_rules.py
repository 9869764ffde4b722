"""Static rules of address registers and of the feature maps that lie in rings."""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException

from cimc.backends.rram.dialect import CoreOp, FeatureMapOp, SectionOp
from cimc.backends.rram.isa import LoopOp, NextOp, RingOp, SetOp, WalkOp
from cimc.isa.program import Line
from cimc.isa.rules import broken

__all__ = ["check_addresses", "ring_sizes"]


def ring_sizes(maps: Iterable[FeatureMapOp]) -> dict[int, int]:
    """Size of each ring that feature maps lie in, by its base.

    RRAM-11: maps in rings of one base lie in the same ring.
    """
    sizes: dict[int, int] = {}
    for op in maps:
        if op.in_ring and sizes.setdefault(op.ring_base, op.ring_size) != op.ring_size:
            raise broken(op, 11, f"the ring at {op.ring_base} has two sizes")
    return sizes


def check_addresses(
    core: CoreOp, main: Iterable[Line], rings: dict[int, int], memory: int
) -> None:
    """Check RING, WALK and NEXT in the main section; ``rings`` are those of maps."""
    try:
        for line in main:
            if isinstance(line.op, RingOp):
                _check_ring(line.op, rings, memory)
        _check_walks(core.main, set())
    except VerifyException as error:
        raise VerifyException(f"{error} (core {core.text()})") from error


def _check_ring(op: RingOp, rings: dict[int, int], memory: int) -> None:
    """RRAM-8: the ring lies in memory; RRAM-11: it is that of a map at its base."""
    stop = op.base + op.size
    if stop > memory:
        raise broken(op, 8, f"the ring ends at {stop}, memory has {memory} bytes")
    if rings.get(op.base, op.size) != op.size:
        raise broken(op, 11, f"the ring at {op.base} has two sizes")


def _check_walks(body: Iterable[Operation], walking: set[int]) -> None:
    """RRAM-10: every NEXT finds its register walking; ``walking`` is brought forward.

    What the second turn of a loop finds, all later ones do.
    """
    for op in body:
        match op:
            case WalkOp():
                walking.add(op.a)
            case SetOp() | RingOp():
                walking.discard(op.a)
            case NextOp():
                if op.a not in walking:
                    raise broken(op, 10, f"a{op.a} has no walk")
            case LoopOp():
                for _ in range(min(op.count, 2)):
                    _check_walks(op.body(), walking)
            case SectionOp():
                _check_walks(op.body(), walking)
            case _:
                pass
