"""What a run cost: keys of metrics.json."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from operator import mul
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from cimc.backends.rram.check import CoreSetup
from cimc.backends.rram.chip import Chip
from cimc.backends.rram.cost import COMPONENTS, energy_of
from cimc.backends.rram.dialect import cores_of
from cimc.backends.rram.isa import LoadOp, StoreOp
from cimc.backends.rram.simulator.layout import CROSSBAR, G_LINK_BUSY, STALLS
from cimc.backends.rram.simulator.rram_state import RramState
from cimc.isa.program import linearise
from cimc.isa.sync import SYNC_BYTES, Call
from cimc.simulation.metrics import common_metrics, energy_table
from cimc.weights import Array

__all__ = ["energies", "run_metrics"]


def energies(module: ModuleOp, chip: Chip) -> Array:
    """Energy in pJ per execution of each main instruction × component (float64)."""
    rows = [
        energy_of(line.op, setup, chip)
        for core in cores_of(module)
        for setup in [CoreSetup(core)]
        for line in linearise(core.main)
    ]
    return energy_table(rows, len(COMPONENTS))


def run_metrics(
    state: RramState, chip: Chip, energy: Array, static: Mapping[str, Any]
) -> dict[str, Any]:
    """Keys of metrics.json that one run determines, beside the ``static`` ones."""
    spans = [stop - start for start, stop in pairwise([0, *state.ends])]
    cores = [len(phase) for phase in state.program.phases]
    used = sum(map(mul, cores, spans)) / max(1, sum(spans))
    leakage = chip.energy.leakage_core.value * used + chip.energy.leakage_shared.value
    units = ("issue", "vector", "lsu", "crossbar", "bus")
    busy = state.busy[: CROSSBAR + 1].tolist()
    common = common_metrics(
        state,
        clock_mhz=chip.clock.value,
        components=COMPONENTS,
        energy=energy,
        leakage_mw=leakage,
    )
    if chip.structure.mesh_columns:
        # How far a transfer goes depends on where its buffer lies.
        beats = int(state.scalars[G_LINK_BUSY]) // chip.timing.beat.value
        links = beats * chip.structure.bus_bytes * chip.energy.bus_byte.value
        common["energy_pj"]["bus"] = links
        common["energy_pj"]["total"] += links
    if rows := static.get("phases"):
        programmed = static["programming"]["energy_pj"]
        common["energy_pj"]["programming"] = programmed
        common["energy_pj"]["total"] += programmed
        spent = zip(rows, spans, strict=True)
        common["phases"] = [{**row, "cycles": span} for row, span in spent]
    return {
        **common,
        "traffic": _traffic(state),
        "stalls": dict(zip(STALLS, state.stalls.sum(axis=0).tolist(), strict=True)),
        "busy": dict(zip(units, [*busy, int(state.scalars[G_LINK_BUSY])], strict=True)),
    }


def _traffic(state: RramState) -> dict[str, int]:
    """Bytes over the bus by kind."""
    loads = stores = calls = 0
    for line, count in zip(state.program.lines, state.counts.tolist(), strict=True):
        match line.op:
            case LoadOp():
                loads += line.op.count * line.op.length * count
            case StoreOp():
                stores += line.op.length * count
            case Call():
                calls += SYNC_BYTES * count
            case _:
                pass
    return {
        "data_bytes": loads + stores,
        "load_bytes": loads,
        "store_bytes": stores,
        "sync_bytes": calls,
    }
