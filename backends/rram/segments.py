"""Several programs on one chip, and the way between them and the host.

Each gets cores of its own, on a mesh whole rows of nodes, and memory of its own: bytes
that are preset when a program is loaded must still be there when it runs again.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from cimc.backends.rram.bounds import network_bound
from cimc.backends.rram.chip import Chip
from cimc.backends.rram.dialect import MemoryOp, cores_of, phases_of
from cimc.isa.shares import shares
from cimc.target import Part

__all__ = ["crossing", "share"]


def share(chip: Chip, modules: Sequence[ModuleOp]) -> list[Part] | None:
    """Parts of a chip that hold all ``modules``; None if there are none.

    The modules are compiled for the whole chip, with one copy of each layer.
    """
    if any(len(phases_of(module)) > 1 for module in modules):
        return None
    structure = chip.structure
    width = structure.mesh_columns or 1
    rows = [-(-len(cores_of(module)) // width) for module in modules]
    cores = shares(structure.cores // width, rows, [_work(m, chip) for m in modules])
    memory = _memory(chip, modules)
    if cores is None or memory is None:
        return None
    parts: list[Part] = []
    first = 0
    for count, size in zip(cores, memory, strict=True):
        own = count * width
        if structure.mesh_columns:
            size = own * chip.machine().bank_bytes
        parts.append(Part(first, {"cores": own, "shared_memory_bytes": size}))
        first += own
    return parts


def _work(module: ModuleOp, chip: Chip) -> int:
    """The square root of cores and the cycles that they take at least."""
    bound = network_bound(module, chip.machine())
    return isqrt(len(cores_of(module)) * bound.get("cycles", 1))


def _memory(chip: Chip, modules: Sequence[ModuleOp]) -> list[int] | None:
    """Bytes of memory for each module; on a mesh they come with the cores."""
    beat = chip.structure.bus_bytes
    used = [
        next(op.used for op in module.ops if isinstance(op, MemoryOp))
        for module in modules
    ]
    beats = chip.structure.shared_memory_bytes // beat
    needs = [-(-size // beat) for size in used]
    found = shares(beats, needs, needs)
    return None if found is None else [beat * size for size in found]


def crossing(chip: Chip, taken: int, given: int) -> dict[str, Any]:
    """Cycles, time and energy of ``taken`` bytes from the host and ``given`` to it.

    They take the bus, and are written to and read from memory. On a mesh the host is
    at a corner: everything goes through one link there, and on half of the way to the
    opposite corner.
    """
    machine = chip.machine()
    cycles = machine.bus_cycles(taken) + machine.bus_cycles(given)
    columns = machine.mesh_columns
    links = (columns - 1 + machine.cores // columns - 1) / 2 + 1 if columns else 1
    per_byte = links * chip.energy.bus_byte.value + chip.energy.memory_byte.value
    return {
        "bytes": taken + given,
        "cycles": cycles,
        "time_ns": cycles * 1e3 / chip.clock.value,
        "energy_pj": (taken + given) * per_byte,
    }
