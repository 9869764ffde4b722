"""What a run cost, from counts of instructions: keys of metrics.json."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import numpy as np
from xdsl.dialects.builtin import ArrayAttr, FloatAttr, IntegerAttr, StringAttr
from xdsl.ir import Attribute

from cimc.isa.program import Layer
from cimc.simulation.state import State
from cimc.weights import Array

__all__ = ["common_metrics", "energy_table", "layer_row"]


def layer_row(op: Layer) -> dict[str, Any]:
    """The layer's own keys in ``layers`` of metrics.json."""
    details = {key: _plain(value) for key, value in op.details.data.items()}
    return {"name": op.layer, "kind": op.kind, "macs": op.macs, **details}


def _plain(attribute: Attribute) -> int | float | str | list[str]:
    if isinstance(attribute, IntegerAttr | FloatAttr):
        return attribute.value.data
    if isinstance(attribute, ArrayAttr):
        return [name.data for name in cast("ArrayAttr[StringAttr]", attribute)]
    assert isinstance(attribute, StringAttr)
    return attribute.data


def energy_table(rows: Iterable[Sequence[float]], components: int) -> Array:
    """Energy in pJ per execution of each main instruction × component (float64)."""
    return np.array(list(rows), np.float64).reshape(-1, components)


def common_metrics(
    state: State,
    *,
    clock_mhz: float,
    components: Sequence[str],
    energy: Array,
    leakage_mw: float,
) -> dict[str, Any]:
    """Cycles, time, energy by component, instructions and layers of a run.

    Cycles, time and layers are those of the first image, energy and instructions are
    what an image takes on average.

    ``energy`` is what :func:`energy_table` gave; one milliwatt for one nanosecond is
    one picojoule.
    """
    program, counts, cycles = state.loaded, state.counts // state.images, state.latency
    parts: dict[str, float] = {}
    parts.update(zip(components, (counts @ energy).tolist(), strict=True))
    parts["leakage"] = leakage_mw * state.cycles * 1e3 / clock_mhz / state.images
    layers: list[dict[str, Any]] = []
    for op, (start, stop) in zip(program.layers, state.layers.tolist(), strict=True):
        times = {"start": start, "cycles": stop - start} if stop else {}
        layers.append(layer_row(op) | times)
    return {
        "cycles": cycles,
        "time_ns": cycles * 1e3 / clock_mhz,
        "energy_pj": {"total": sum(parts.values()), **parts},
        "instructions": {
            "static": program.setup_instructions + len(program.lines),
            "setup": program.setup_instructions,
            "dynamic": int(counts.sum()),
        },
        "layers": layers,
    }
