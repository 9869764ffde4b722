"""Position errors of tracks, and the code that finds and corrects them, compiled.

A trial of chance p fails once it has used up the hazard that is left, drawn from the
exponential distribution of mean 1, by its own −ln(1 − p). As that distribution has no
memory, trials fail independently with p, and a draw is needed per failure only.
"""

from __future__ import annotations

import numpy as np

from cimc.backends.racetrack.simulator.layout import (
    BIT,
    CODE_CHECK,
    CODE_CORRECTS,
    CODE_DETECTS,
    CODE_RETRIES,
    CODE_STEP,
    HAZARD_BIT,
    HAZARD_PIN,
    N_CHECKED,
    N_CORRECTED,
    N_CORRECTING_STEPS,
    N_DETECTED,
    N_MISREAD,
    N_MISSED,
    N_OVER,
    N_PINNED,
    N_UNDER,
    PIN,
    SHARE_OVER,
    STEP,
    T_COUNT,
    T_DISPLACED,
    T_FIRST,
    T_STEPS,
)
from cimc.simulation.jit import compiled
from cimc.weights import Array

__all__ = ["ERRORS", "Errors", "align", "misread", "moved", "seed_errors"]

#: Type of all that errors need: table of arrays, displacement of each track, hazard of
#: each step of a shift, chances, hazard left, position code, counts, a row of weights.
ERRORS = (
    "Tuple((int64[:, ::1], int16[::1], float64[::1], float64[::1], float64[::1], "
    "int64[::1], int64[::1], int8[::1]))"
)

Errors = tuple[Array, Array, Array, Array, Array, Array, Array, Array]

#: No displacement grows beyond, by far more than any track has domains.
_FARTHEST = 30_000


@compiled("int64(int64, float64[::1])")
def seed_errors(seed: int, left: Array) -> int:
    """Begin a run: draw the hazards that are left from a new stream of numbers."""
    np.random.seed(seed)
    for kind in range(left.size):
        left[kind] = np.random.exponential(1.0)
    return 0


@compiled("int64(int64, float64, int64, float64[::1])")
def _failure(kind: int, hazard: float, trials: int, left: Array) -> int:
    """The first of so many trials that fails, or −1.

    Those after it have not been tried: ask again from there.
    """
    if left[kind] >= hazard * trials:
        left[kind] -= hazard * trials
        return -1
    passed = min(int(left[kind] / hazard), trials - 1)
    left[kind] = np.random.exponential(1.0)
    return passed


@compiled(f"int64(int64, int64, int64, {ERRORS})")
def _displace(array: int, track: int, by: int, errors: Errors) -> int:
    """Move a track of an array against the others; where it stands then."""
    table, displacements = errors[0], errors[1]
    before = int(displacements[track])
    after = min(max(before + by, -_FARTHEST), _FARTHEST)
    displacements[track] = after
    table[array, T_DISPLACED] += int(after != 0) - int(before != 0)
    return after


@compiled(f"int64(int64, int64, int64, int64, {ERRORS})")
def _slip(array: int, first: int, count: int, by: int, errors: Errors) -> int:
    """Let tracks err that shift by so many steps; how many errors there were."""
    hazards, chances, left, counts = errors[2], errors[3], errors[4], errors[6]
    forward = 1 if by > 0 else -1
    failures = 0
    for step in range(abs(by)):
        at = 0
        while True:
            skipped = _failure(STEP, hazards[step], count - at, left)
            if skipped < 0:
                break
            at += skipped + 1
            failures += 1
            over = np.random.random() < chances[SHARE_OVER]
            counts[N_OVER if over else N_UNDER] += 1
            _displace(array, first + at - 1, forward if over else -forward, errors)
    return failures


@compiled(f"int64(int64, {ERRORS})")
def _correct(array: int, errors: Errors) -> int:
    """Shift back what can be; the steps of the track that takes longest."""
    table, displacements, code, counts = errors[0], errors[1], errors[5], errors[6]
    first = table[array, T_FIRST]
    longest = 0
    for track in range(first, first + table[array, T_COUNT]):
        by = -int(displacements[track])
        if by == 0:
            continue
        if abs(by) > code[CODE_DETECTS]:
            counts[N_MISSED] += 1
            continue
        counts[N_DETECTED] += 1
        if abs(by) > code[CODE_CORRECTS]:
            continue
        longest = max(longest, abs(by))
        counts[N_CORRECTING_STEPS] += abs(by)
        _displace(array, track, by, errors)
        _slip(array, track, 1, by, errors)
        if displacements[track] == 0:
            counts[N_CORRECTED] += 1
    return longest


@compiled(f"int64(int64, {ERRORS})")
def _check(array: int, errors: Errors) -> int:
    """Check the tracks of an array and correct them; the cycles that this takes."""
    table, code, counts = errors[0], errors[5], errors[6]
    if code[CODE_DETECTS] == 0:
        return 0
    cycles = code[CODE_CHECK]
    counts[N_CHECKED] += table[array, T_COUNT]
    for _ in range(code[CODE_RETRIES] + 1):
        if table[array, T_DISPLACED] == 0:
            break
        longest = _correct(array, errors)
        if longest == 0:
            break
        cycles += longest * code[CODE_STEP] + code[CODE_CHECK]
        counts[N_CHECKED] += table[array, T_COUNT]
    return cycles


@compiled(f"int64(int64, int64, {ERRORS})")
def moved(array: int, by: int, errors: Errors) -> int:
    """Let the tracks of a shifted array err; the cycles of the position code."""
    table, chances, left, counts = errors[0], errors[3], errors[4], errors[6]
    first, count = table[array, T_FIRST], table[array, T_COUNT]
    table[array, T_STEPS] += abs(by)
    _slip(array, first, count, by, errors)
    at = 0
    while True:
        skipped = _failure(PIN, chances[HAZARD_PIN], count - at, left)
        if skipped < 0:
            break
        at += skipped + 1
        counts[N_PINNED] += 1
        _displace(array, first + at - 1, -by, errors)
    return _check(array, errors)


@compiled(f"int64(int64, {ERRORS})")
def align(array: int, errors: Errors) -> int:
    """Let all tracks of an array that is stored anew stand where its words are put."""
    table, displacements = errors[0], errors[1]
    if table[array, T_DISPLACED] > 0:
        first = table[array, T_FIRST]
        displacements[first : first + table[array, T_COUNT]] = 0
        table[array, T_DISPLACED] = 0
    return 0


@compiled(f"int64(int64, {ERRORS})")
def misread(bits: int, errors: Errors) -> int:
    """The first of so many bits that a port misreads, or −1; ask again from there."""
    found = _failure(BIT, errors[3][HAZARD_BIT], bits, errors[4])
    if found >= 0:
        errors[6][N_MISREAD] += 1
    return found
