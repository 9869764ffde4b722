"""Wear of arrays, errors of a specimen and what its position code costs.

Keys of metrics.json; all but ``endurance`` are there for a specimen only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cimc.backends.racetrack.area import macro_unit_area
from cimc.backends.racetrack.chip import Chip
from cimc.backends.racetrack.nonideality import RacetrackNonidealities
from cimc.backends.racetrack.simulator import layout
from cimc.backends.racetrack.simulator.racetrack_state import RacetrackState
from cimc.weights import Array

__all__ = ["endurance", "error_metrics"]


def endurance(state: RacetrackState) -> dict[str, dict[str, int]]:
    """Steps and written words of a run: of all arrays, and of the one with the most.

    What setup and the host write is left out.
    """
    table = state.errors[0]
    return {
        "shifts": _wear(table[:, layout.T_STEPS]),
        "writes": _wear(table[:, layout.T_WRITES]),
    }


def _wear(counts: Array) -> dict[str, int]:
    return {"total": int(counts.sum()), "most": int(counts.max(initial=0))}


def error_metrics(
    state: RacetrackState,
    chip: Chip,
    nonidealities: RacetrackNonidealities,
    metrics: Mapping[str, Any],
) -> dict[str, Any]:
    """Errors of a run, and energy and area of ``metrics`` with those of the code."""
    table, counts = state.errors[0], state.errors[6].tolist()
    shifted = table[table[:, layout.T_STEPS] > 0]
    energy = _code_energy(nonidealities, counts)
    found = dict(metrics["energy_pj"])
    return {
        "energy_pj": {
            **found,
            "total": found["total"] + energy,
            "position_code": energy,
        },
        "position_errors": {
            "over_shifts": counts[layout.N_OVER],
            "under_shifts": counts[layout.N_UNDER],
            "pinned": counts[layout.N_PINNED],
            "detected": counts[layout.N_DETECTED],
            "corrected": counts[layout.N_CORRECTED],
            "missed": counts[layout.N_MISSED],
            "displaced_tracks": int(table[:, layout.T_DISPLACED].sum()),
            "shifted_tracks": int(shifted[:, layout.T_COUNT].sum()),
        },
        "misread_bits": counts[layout.N_MISREAD],
        "area_mm2": {
            **metrics["area_mm2"],
            "position_code": _code_area(chip, nonidealities),
        },
    }


def _code_energy(nonidealities: RacetrackNonidealities, counts: list[int]) -> float:
    """Energy in pJ of all checks and correcting steps."""
    code = nonidealities.position_code
    if code is None:
        return 0.0
    return (
        counts[layout.N_CHECKED] * code.check_energy.value
        + counts[layout.N_CORRECTING_STEPS] * code.correct_energy.value
    )


def _code_area(chip: Chip, nonidealities: RacetrackNonidealities) -> dict[str, float]:
    """What the code adds to a macro unit, in um2 and as a share of its area."""
    code = nonidealities.position_code
    if code is None:
        return {"macro_unit_um2": 0.0, "share": 0.0}
    without = macro_unit_area(chip)
    more = (
        macro_unit_area(
            chip,
            more_domains=code.extra_domains.value,
            more_ports=code.extra_ports.value,
        )
        - without
    )
    return {"macro_unit_um2": more, "share": more / without}
