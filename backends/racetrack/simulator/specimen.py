"""The tracks of a specimen before a run: aligned, and with how they will err."""

from __future__ import annotations

import numpy as np

from cimc.backends.racetrack.machine import RacetrackMachine
from cimc.backends.racetrack.nonideality import PositionCode, RacetrackNonidealities
from cimc.backends.racetrack.simulator import layout
from cimc.backends.racetrack.simulator.position_errors import Errors
from cimc.target import Specimen
from cimc.weights import Array

__all__ = ["errors_of", "nonidealities_of", "seed_of"]

#: No step is surer to err than this, however long its shift.
_SUREST = 1 - 1e-9


def nonidealities_of(specimen: Specimen | None) -> RacetrackNonidealities | None:
    """What a specimen of a racetrack chip does other than it should."""
    if specimen is None:
        return None
    found = specimen.nonidealities
    assert isinstance(found, RacetrackNonidealities), f"{found.name} is not racetrack's"
    return found


def seed_of(specimen: Specimen, run: int) -> int:
    """The seed of the errors in run number ``run`` of a specimen."""
    (seed,) = np.random.SeedSequence(specimen.entropy(run)).generate_state(1)
    return int(seed)


def errors_of(
    found: RacetrackNonidealities | None, machine: RacetrackMachine, tracks: Array
) -> Errors:
    """What the engine needs of errors; ``tracks`` counts those of each array (int64).

    An ideal chip errs with chance 0.
    """
    table = np.zeros((len(tracks), layout.TRACK_COLUMNS), np.int64)
    table[:, layout.T_COUNT] = tracks
    table[:, layout.T_FIRST] = np.cumsum(tracks) - tracks
    size = int(tracks.sum()) if found is not None else 0
    return (
        table,
        np.zeros(size, np.int16),
        _step_hazards(found, machine.highest_offset - machine.lowest_offset),
        _chances(found),
        np.full(3, np.inf),
        _code(found.position_code if found is not None else None),
        np.zeros(layout.ERROR_COUNTS, np.int64),
        np.zeros(machine.lanes, np.int8),
    )


def _step_hazards(found: RacetrackNonidealities | None, steps: int) -> Array:
    """−ln(1 − p) of each step of a shift (float64), the first one first."""
    if found is None:
        return np.zeros(steps)
    first = found.over_shift.value + found.under_shift.value
    chances = first * (1 + found.growth.value * np.arange(steps))
    return -np.log1p(-np.minimum(chances, _SUREST))


def _chances(found: RacetrackNonidealities | None) -> Array:
    """Share of over-shifts, hazards of pinning and of misreading (float64)."""
    if found is None:
        return np.zeros(3)
    over, under = found.over_shift.value, found.under_shift.value
    share = over / (over + under) if over else 0.0
    others = -np.log1p(-np.array([found.pinning.value, found.misread.value]))
    return np.array([share, *others])


def _code(code: PositionCode | None) -> Array:
    """The columns CODE_… of a position code (int64)."""
    if code is None:
        return np.zeros(5, np.int64)
    return np.array(
        [
            code.detects,
            code.corrects,
            code.retries,
            code.check_cycles.value,
            code.correct_cycles.value,
        ],
        np.int64,
    )
