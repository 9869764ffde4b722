"""Shifts no longer than a chip's longest."""

import pytest
from xdsl.utils.exceptions import VerifyException

from cimc.backends.racetrack.isa import ShiftOp
from cimc.backends.racetrack.lowering.code import build
from cimc.backends.racetrack.lowering.shifts import shifts
from cimc.diagnostics import CimcError
from tests.unit.backends.racetrack.racetrack_programs import (
    bank,
    encode,
    module_of,
    shift,
    small_chip,
)


@pytest.mark.parametrize(
    ("steps", "longest", "expected"),
    [
        (0, 3, []),
        (2, 3, [2]),
        (3, 3, [3]),
        (-3, 3, [-3]),
        (8, 3, [3, 3, 2]),
        (-7, 3, [-3, -3, -1]),
        (4, 1, [1] * 4),
        (300, 32767, [300]),
    ],
)
def test_long_ways_are_cut(steps, longest, expected):
    machine = small_chip(longest_shift=longest).machine()
    code = shifts(ShiftOp, steps, machine, w=1, base=15)
    found = build(code, depth=0)
    assert [(op.w, op.base, op.by) for op in found] == [(1, 15, by) for by in expected]


def test_longer_shifts_are_refused():
    chip = small_chip(longest_shift=2)
    encode(module_of(bank(0, [shift(2), shift(-2)]), chip=chip))
    for by in (3, -3):
        with pytest.raises(
            (VerifyException, CimcError),
            match=r"RACETRACK-8\] steps of a shift 3, the chip allows 2",
        ):
            encode(module_of(bank(0, [shift(by)]), chip=chip))
