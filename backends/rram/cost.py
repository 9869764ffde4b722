"""What the instructions of a program cost, from the chip's constants.

Every column of cells of the weights in use is converted once per read.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from cimc.backends.rram.area import area_report
from cimc.backends.rram.bounds import network_bound, throughput_bound
from cimc.backends.rram.check import CoreSetup
from cimc.backends.rram.chip import Chip
from cimc.backends.rram.dialect import (
    CoreOp,
    LayerOp,
    MemoryOp,
    batch_of,
    phases_of,
)
from cimc.backends.rram.isa import CallOp, MvmOp, TransferOp
from cimc.backends.rram.programming import (
    Programming,
    crossbars_in_one_phase,
    images_until_worn,
)
from cimc.isa.declared import Instruction
from cimc.isa.program import linearise
from cimc.isa.vector import VectorInstruction
from cimc.simulation.metrics import layer_row

__all__ = [
    "COMPONENTS",
    "energy_of",
    "static_metrics",
]

#: Where dynamic energy goes, in the order of :func:`energy_of`.
COMPONENTS = ("issue", "crossbar", "adc", "vector", "bus", "memory", "sync")


def energy_of(op: Instruction | None, setup: CoreSetup, chip: Chip) -> list[float]:
    """Energy in pJ that one execution takes, by component; None is HALT or END."""
    energy = dict.fromkeys(COMPONENTS, 0.0)
    constants = chip.energy
    energy["issue"] = constants.issue.value
    match op:
        case MvmOp():
            block = setup.crossbars[op.xb]
            reads = chip.structure.reads_per_mvm
            lines = block.columns * chip.structure.cells_per_weight
            energy["crossbar"] = reads * (
                block.rows * constants.dac.value
                + block.rows * lines * constants.cell_read.value
            )
            energy["adc"] = reads * lines * constants.adc.value
        case VectorInstruction():
            energy["vector"] = op.lane_operations() * constants.vector_lane.value
        case TransferOp():
            length, count = op.transfer()
            if not chip.structure.mesh_columns:
                energy["bus"] = length * count * constants.bus_byte.value
            if isinstance(op, CallOp):
                energy["sync"] = constants.call.value
            else:
                energy["memory"] = length * count * constants.memory_byte.value
        case _:
            pass
    return [energy[name] for name in COMPONENTS]


def static_metrics(module: ModuleOp, chip: Chip) -> dict[str, Any]:
    """Keys of metrics.json that follow from the program alone."""
    phases = phases_of(module)
    parts = [Programming.of(cores) for cores in phases]
    structure = chip.structure
    memory = next(op.used for op in module.ops if isinstance(op, MemoryOp))
    cores = max((part.cores for part in parts), default=0)
    crossbars = max((part.crossbars for part in parts), default=0)
    crossbar_bits = structure.rows * structure.columns * structure.weight_bits
    bound = network_bound(module, chip.machine())
    return {
        **({"bound": bound} if bound else {}),
        **_streaming(module, chip),
        "instructions": _instructions(chain(*phases)),
        "layers": [layer_row(op) for op in module.ops if isinstance(op, LayerOp)],
        "crossbars": {
            "used": crossbars,
            "available": structure.cores * structure.crossbars_per_core,
        },
        "cores": {"used": cores, "available": structure.cores},
        "memory_bytes": {
            "weights": crossbars * crossbar_bits // 8,
            "maps_and_sums": memory,
        },
        "area_mm2": dict(area_report(chip, cores, memory)),
        **_programming(parts, batch_of(module), chip),
    }


def _instructions(cores: Iterable[CoreOp]) -> dict[str, int]:
    """Encoded instructions, and those of them that set the cores up."""
    lengths = [
        (len(linearise(core.setup)), len(linearise(core.main))) for core in cores
    ]
    setup = sum(before for before, _ in lengths)
    return {"static": setup + sum(main for _, main in lengths), "setup": setup}


def _programming(parts: list[Programming], batch: int, chip: Chip) -> dict[str, Any]:
    """What programming takes: once, or for every batch where there are phases."""
    each = [part.metrics(chip) for part in parts]
    keys = ("cycles", "time_ns", "energy_pj", "cell_writes")
    total = {key: sum(found[key] for found in each) for key in keys}
    worn = images_until_worn(parts, chip)
    total["times_until_worn"] = worn
    if len(parts) < 2:
        return {"programming": total}
    total["images_until_worn"] = batch * worn
    rows = [
        {"cores": part.cores, "crossbars": part.crossbars, "programming": found}
        for part, found in zip(parts, each, strict=True)
    ]
    crossbars = crossbars_in_one_phase(parts)
    one_phase = {
        "crossbars": crossbars,
        "cores": -(-crossbars // chip.structure.crossbars_per_core),
    }
    return {"programming": total, "phases": rows, "without_phases": one_phase}


def _streaming(module: ModuleOp, chip: Chip) -> dict[str, Any]:
    """Keys of a program for batches: of how many images, and how fast they can be."""
    batch = batch_of(module)
    if batch == 1:
        return {}
    bound = throughput_bound(module, chip.machine())
    return {"batch": batch, "throughput_bound": bound}
