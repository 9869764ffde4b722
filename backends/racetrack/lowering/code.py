"""Instructions as plain values, so that repetition is found and becomes loops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from xdsl.ir import Operation

from cimc.backends.racetrack.isa import LoopOp
from cimc.isa.declared import Instruction
from cimc.isa.program import MAX_LOOP_DEPTH

__all__ = ["Body", "Code", "Plain", "Repeat", "build", "plain", "roll"]


class Plain(NamedTuple):
    """An instruction with its fields."""

    op: type[Instruction]
    fields: tuple[tuple[str, object], ...]


class Repeat(NamedTuple):
    """A body that runs ``times`` times."""

    times: int
    body: tuple[Code, ...]


Code: TypeAlias = Plain | Repeat
Body: TypeAlias = tuple[Code, ...]


def plain(op: type[Instruction], /, **fields: object) -> Plain:
    """The instruction ``op(**fields)``."""
    return Plain(op, tuple(fields.items()))


def build(code: Iterable[Code], depth: int = MAX_LOOP_DEPTH) -> list[Operation]:
    """The operations that the code stands for.

    Of loops that nest more than ``depth`` deep, the innermost are unrolled.
    """
    operations: list[Operation] = []
    for item in code:
        if isinstance(item, Plain):
            operations.append(item.op(**dict(item.fields)))
        elif depth:
            operations.append(LoopOp(build(item.body, depth - 1), count=item.times))
        else:
            operations += build(item.body * item.times, depth)
    return operations


def roll(bodies: Sequence[Body], longest: int) -> list[Code]:
    """``bodies`` one after another, with a loop where a run of them repeats.

    A repeated run has at most ``longest`` bodies; of those that begin at a body, the
    one that saves most is taken. Repetition inside a run becomes an inner loop.
    """
    numbers: dict[Body, int] = {}
    sequence = [numbers.setdefault(body, len(numbers)) for body in bodies]
    code: list[Code] = []
    at = 0
    while at < len(sequence):
        period, count = _best_run(sequence, at, longest)
        if count > 1:
            inner = roll(bodies[at : at + period], period - 1)
            code.append(Repeat(count, tuple(inner)))
        else:
            code += bodies[at]
        at += period * count
    return code


def _best_run(sequence: Sequence[int], at: int, longest: int) -> tuple[int, int]:
    """(bodies, repetitions) of the run from ``at`` on that saves most bodies."""
    best = (1, 1)
    for period in range(1, min(longest, (len(sequence) - at) // 2) + 1):
        run = sequence[at : at + period]
        count = 1
        while sequence[
            at + count * period : at + (count + 1) * period
        ] == run and at + (count + 1) * period <= len(sequence):
            count += 1
        if period * (count - 1) > best[0] * (best[1] - 1):
            best = (period, count)
    return best
