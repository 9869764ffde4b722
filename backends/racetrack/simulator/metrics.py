"""What a run cost: keys of metrics.json."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from cimc.backends.racetrack import isa
from cimc.backends.racetrack.chip import Chip
from cimc.backends.racetrack.cost import (
    COMPONENTS,
    energy_of,
    leakage,
    macro_units_of,
    map_shift_energy,
    shift_bound,
    shifts_of,
)
from cimc.backends.racetrack.dialect import banks_of
from cimc.backends.racetrack.simulator.racetrack_state import RacetrackState
from cimc.backends.racetrack.simulator.reliability import endurance
from cimc.isa.program import linearise
from cimc.simulation.constants import Pool
from cimc.simulation.layout import G_BUS_BUSY
from cimc.simulation.metrics import common_metrics, energy_table
from cimc.weights import Array, WeightStore

__all__ = ["Costs", "run_metrics"]


class Costs:
    """What each main instruction of a program costs, whatever the run."""

    def __init__(self, module: ModuleOp, chip: Chip, weights: WeightStore) -> None:
        machine, pool = chip.machine(), Pool(weights)
        lines = [line for bank in banks_of(module) for line in linearise(bank.main)]
        rows = [energy_of(line.op, chip, machine, pool) for line in lines]
        self.energy = energy_table(rows, len(COMPONENTS))
        steps = [shifts_of(line.op, machine, pool) for line in lines]
        self.shifts: Array = np.array(steps, np.int64)
        units = sum(macro_units_of(module, machine))
        self.leakage = leakage(chip, units, len(banks_of(module)))


def run_metrics(state: RacetrackState, chip: Chip, costs: Costs) -> dict[str, Any]:
    """Keys of metrics.json that one run determines."""
    metrics = common_metrics(
        state,
        clock_mhz=chip.clock.value,
        components=COMPONENTS,
        energy=costs.energy,
        leakage_mw=costs.leakage,
    )
    map_shifts = int(state.map_steps.sum()) * map_shift_energy(chip)
    metrics["energy_pj"]["shift"] += map_shifts
    metrics["energy_pj"]["total"] += map_shifts
    by_layer: Counter[str] = Counter()
    macs = lane_slots = 0
    for line, count, steps in zip(
        state.program.lines, state.counts.tolist(), costs.shifts.tolist(), strict=True
    ):
        if line.section is not None:
            by_layer[line.section.layer] += count * steps
        if isinstance(line.op, isa.MacOp):
            macs += count * line.op.count * line.op.n
            lane_slots += count * line.op.count * chip.structure.lanes
    for row in metrics["layers"]:
        row["shifts"] = by_layer[row["name"]]
    units = ("issue", "vector", "shift", "port", "mac", "link")
    waited, queued = state.stalls.sum(axis=0).tolist()
    return {
        **metrics,
        "shifts": {
            "total": int(state.counts @ costs.shifts),
            "bound": shift_bound(metrics["layers"]),
        },
        "macs": macs,
        "utilisation": {
            "lanes": macs / lane_slots if lane_slots else 0.0,
            "banks": _share(state),
        },
        "traffic": _traffic(state),
        "endurance": endurance(state),
        "stalls": {"wait": waited, "link": queued},
        "busy": {
            **dict(zip(units, state.busy.tolist(), strict=True)),
            "link": int(state.scalars[G_BUS_BUSY]),
        },
    }


def _share(state: RacetrackState) -> float:
    """Time that banks in use do not spend waiting, of all their time."""
    whole = state.cycles * len(state.program.core_numbers)
    return float(state.busy.sum()) / whole if whole else 0.0


def _traffic(state: RacetrackState) -> dict[str, int]:
    """Bytes over the link by kind."""
    transfers = calls = 0
    for line, count in zip(state.program.lines, state.counts.tolist(), strict=True):
        match line.op:
            case isa.TransferOp():
                transfers += count * line.op.transfer()
            case isa.CallOp():
                calls += count * line.op.transfer()
            case _:
                pass
    return {"data_bytes": transfers, "sync_bytes": calls}
