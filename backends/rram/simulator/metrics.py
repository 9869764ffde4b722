"""What a run cost: keys of metrics.json."""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from cimc.backends.rram.check import CoreSetup
from cimc.backends.rram.chip import Chip
from cimc.backends.rram.cost import COMPONENTS, energy_of, layer_row
from cimc.backends.rram.dialect import cores_of, linearise
from cimc.backends.rram.isa import SYNC_BYTES, CallOp, LoadOp, StoreOp
from cimc.backends.rram.simulator import layout
from cimc.backends.rram.simulator.state import State
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
    return np.array(rows, np.float64).reshape(-1, len(COMPONENTS))


def run_metrics(state: State, chip: Chip, energy: Array) -> dict[str, Any]:
    """Keys of metrics.json that one run determines."""
    program, counts = state.program, state.counts
    cycles = int(state.cores[:, layout.C_DONE].max(initial=0))
    time = cycles * 1e3 / chip.clock.value
    used = len(program.core_numbers)
    leakage = chip.energy.leakage_core.value * used + chip.energy.leakage_shared.value
    parts: dict[str, float] = {}
    parts.update(zip(COMPONENTS, (counts @ energy).tolist(), strict=True))
    # One milliwatt for one nanosecond is one picojoule.
    parts["leakage"] = leakage * time
    layers: list[dict[str, Any]] = []
    for op, (start, stop) in zip(program.layers, state.layers.tolist(), strict=True):
        times = {"start": start, "cycles": stop - start} if stop else {}
        layers.append(layer_row(op) | times)
    units = ("issue", "lsu", "vector", "crossbar", "bus")
    busy = [*state.busy.tolist(), int(state.scalars[layout.G_BUS_BUSY])]
    return {
        "cycles": cycles,
        "time_ns": time,
        "energy_pj": {"total": sum(parts.values()), **parts},
        "instructions": {"static": _static(state), "dynamic": int(counts.sum())},
        "layers": layers,
        "traffic": _traffic(state),
        "stalls": dict(
            zip(layout.STALLS, state.stalls.sum(axis=0).tolist(), strict=True)
        ),
        "busy": dict(zip(units, busy, strict=True)),
    }


def _static(state: State) -> int:
    # Every setup section ends with a HALT.
    return len(state.program.lines) + sum(len(ops) + 1 for ops in state.program.setup)


def _traffic(state: State) -> dict[str, int]:
    """Bytes over the bus by kind."""
    loads = stores = calls = 0
    for line, count in zip(state.program.lines, state.counts.tolist(), strict=True):
        match line.op:
            case LoadOp():
                loads += line.op.count * line.op.length * count
            case StoreOp():
                stores += line.op.length * count
            case CallOp():
                calls += SYNC_BYTES * count
            case _:
                pass
    return {
        "data_bytes": loads + stores,
        "load_bytes": loads,
        "store_bytes": stores,
        "sync_bytes": calls,
    }
