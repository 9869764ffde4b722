"""Shifts of an array that are no longer than one SHIFT may be."""

from __future__ import annotations

from cimc.backends.racetrack.isa import MapShiftOp, ShiftOp
from cimc.backends.racetrack.lowering.code import Code, Repeat, plain
from cimc.backends.racetrack.machine import RacetrackMachine

__all__ = ["shifts"]


def shifts(
    op: type[ShiftOp | MapShiftOp],
    steps: int,
    machine: RacetrackMachine,
    /,
    **array: object,
) -> list[Code]:
    """As few shifts of ``array`` as make so many signed steps together."""
    longest = machine.longest_shift if steps > 0 else -machine.longest_shift
    whole, rest = divmod(abs(steps), machine.longest_shift)
    code: list[Code] = [plain(op, **array, by=longest)] * min(whole, 1)
    if whole > 1:
        code = [Repeat(whole, tuple(code))]
    if rest:
        code.append(plain(op, **array, by=rest if steps > 0 else -rest))
    return code
