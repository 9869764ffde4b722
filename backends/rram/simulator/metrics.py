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
from cimc.backends.rram.simulator.layout import (
    CROSSBAR,
    G_LINK_BUSY,
    LOAD,
    STALLS,
    STORE,
)
from cimc.backends.rram.simulator.rram_state import RramState
from cimc.isa.program import linearise
from cimc.isa.sync import SYNC_BYTES
from cimc.simulation.layout import A2, A3, CALL, OP
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
    """Keys of metrics.json that one run determines, beside the ``static`` ones.

    They say what an image takes on average. Of a batch also how many images it is
    through with in a second, when the pipeline is full: from the end of the first one
    to that of the last.
    """
    spans = [stop - start for start, stop in pairwise([0, *state.phase_ends])]
    cores = [len(phase) for phase in state.program.phases]
    used = sum(map(mul, cores, spans)) / max(1, sum(spans))
    leakage = chip.energy.leakage_core.value * used + chip.energy.leakage_shared.value
    units = ("issue", "vector", "lsu", "crossbar", "bus")
    links = int(state.scalars[G_LINK_BUSY])
    busy = [*state.busy[: CROSSBAR + 1].tolist(), links]
    stalls = state.stalls.sum(axis=0).tolist()
    common = common_metrics(
        state,
        clock_mhz=chip.clock.value,
        components=COMPONENTS,
        energy=energy,
        leakage_mw=leakage,
    )
    if chip.structure.mesh_columns:
        # How far a transfer goes depends on where its buffer lies.
        beats = links // chip.timing.beat.value / state.images
        energy_of_links = beats * chip.structure.bus_bytes * chip.energy.bus_byte.value
        common["energy_pj"]["bus"] = energy_of_links
        common["energy_pj"]["total"] += energy_of_links
    if rows := static.get("phases"):
        programmed = static["programming"]["energy_pj"] / state.images
        common["energy_pj"]["programming"] = programmed
        common["energy_pj"]["total"] += programmed
        spent = zip(rows, spans, strict=True)
        common["phases"] = [{**row, "cycles": span} for row, span in spent]
    return {
        **common,
        **_throughput(state, chip.clock.value),
        "traffic": _traffic(state),
        "stalls": dict(zip(STALLS, _averages(stalls, state.images), strict=True)),
        "busy": dict(zip(units, _averages(busy, state.images), strict=True)),
    }


def _throughput(state: RramState, clock_mhz: float) -> dict[str, Any]:
    """Cycles from image to image; nothing for a single one.

    Images that go through phases together do not end one after another.
    """
    if state.images == 1:
        return {}
    first, last = int(state.ends[0]), int(state.ends[-1])
    cycles = (last - first) / (state.images - 1)
    if len(state.phase_ends) > 1:
        cycles = state.cycles / state.images
    return {
        "throughput": {
            "images": state.images,
            "cycles_per_image": cycles,
            "images_per_s": clock_mhz * 1e6 / cycles,
        }
    }


def _averages(totals: list[int], images: int) -> list[int]:
    return [round(total / images) for total in totals]


def _traffic(state: RramState) -> dict[str, int]:
    """Bytes over the bus by kind."""
    code, counts = state.program.code, state.counts // state.images
    ops = code[:, OP]
    executed = {op: counts[ops == op] for op in (LOAD, STORE, CALL)}
    count, length = code[ops == LOAD][:, [A2, A3]].T
    loads = int(executed[LOAD] @ (count * length))
    stores = int(executed[STORE] @ code[ops == STORE, A2])
    calls = int(executed[CALL].sum()) * SYNC_BYTES
    return {
        "data_bytes": loads + stores,
        "load_bytes": loads,
        "store_bytes": stores,
        "sync_bytes": calls,
    }
