"""Several programs on one chip, and the way between them and the host.

Each gets banks of its own, and macro units for feature maps of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from cimc.backends.racetrack.chip import Chip
from cimc.backends.racetrack.cost import macro_units_of
from cimc.backends.racetrack.dialect import LayerOp
from cimc.isa.shares import shares
from cimc.target import Part

__all__ = ["crossing", "share"]


def share(chip: Chip, modules: Sequence[ModuleOp]) -> list[Part] | None:
    """Parts of a chip that hold all ``modules``; None if there are none.

    The modules are compiled for the whole chip, with one copy of each layer, whose
    arrays fill banks one after another as well.
    """
    structure, machine = chip.structure, chip.machine()
    units = [macro_units_of(module, machine) for module in modules]
    in_a_bank = machine.weight_macro_units * machine.arrays_per_bank
    needs = [max(1, -(-weights // in_a_bank)) for weights, _ in units]
    banks = shares(structure.banks, needs, [_work(module) for module in modules])
    maps = [size for _, size in units]
    buffers = shares(structure.buffer_macro_units, maps, maps)
    if banks is None or buffers is None:
        return None
    parts: list[Part] = []
    first = 0
    for own, size in zip(banks, buffers, strict=True):
        parts.append(Part(first, {"banks": own, "buffer_macro_units": size}))
        first += own
    return parts


def _work(module: ModuleOp) -> int:
    """The square root of the MACs, which banks share."""
    return isqrt(sum(op.macs for op in module.ops if isinstance(op, LayerOp)))


def crossing(chip: Chip, taken: int, given: int) -> dict[str, Any]:
    """Cycles, time and energy of ``taken`` bytes from the host and ``given`` to it.

    They take the link, and are written to and read from tracks.
    """
    machine, energy = chip.machine(), chip.energy
    cycles = machine.link_cycles(taken) + machine.link_cycles(given)
    on_link = (taken + given) * energy.transfer_byte.value
    on_tracks = 8 * (taken * energy.write.value + given * energy.read.value)
    return {
        "bytes": taken + given,
        "cycles": cycles,
        "time_ns": cycles * 1e3 / chip.clock.value,
        "energy_pj": on_link + on_tracks,
    }
