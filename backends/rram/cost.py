"""Energy and programming effort of instructions, from the chip's constants.

Every column of cells of the weights in use is converted once per read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from cimc.backends.rram.area import area_report
from cimc.backends.rram.bounds import network_bound
from cimc.backends.rram.check import CoreSetup
from cimc.backends.rram.chip import Chip
from cimc.backends.rram.dialect import LayerOp, MemoryOp, cores_of
from cimc.backends.rram.isa import CallOp, MvmOp, ProgramOp, TransferOp
from cimc.isa.declared import Instruction
from cimc.isa.program import linearise
from cimc.isa.vector import VectorInstruction
from cimc.simulation.metrics import layer_row

__all__ = [
    "COMPONENTS",
    "energy_of",
    "programming",
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


def programming(
    setups: Iterable[Iterable[Instruction]], chip: Chip
) -> tuple[int, float]:
    """Cycles (cores in parallel, rows one by one) and energy in pJ of all setups."""
    cycles, weights = 0, 0
    for setup in setups:
        blocks = [op for op in setup if isinstance(op, ProgramOp)]
        rows = sum(op.rows for op in blocks)
        cycles = max(cycles, rows * chip.timing.programming_row.value)
        weights += sum(op.rows * op.columns for op in blocks)
    cells = weights * chip.structure.cells_per_weight
    return cycles, cells * chip.energy.cell_write.value


def static_metrics(module: ModuleOp, chip: Chip) -> dict[str, Any]:
    """Keys of metrics.json that follow from the program alone."""
    cores = cores_of(module)
    setup_lines = [linearise(core.setup) for core in cores]
    main_lines = {core.number: linearise(core.main) for core in cores}
    setups = [[line.op for line in lines if line.op] for lines in setup_lines]
    cycles, energy = programming(setups, chip)
    structure = chip.structure
    memory = next(op.size for op in module.ops if isinstance(op, MemoryOp))
    crossbars = sum(isinstance(op, ProgramOp) for setup in setups for op in setup)
    crossbar_bits = structure.rows * structure.columns * structure.weight_bits
    bound = network_bound(module, main_lines, chip.machine())
    return {
        **({"bound": bound} if bound else {}),
        "instructions": {"static": sum(map(len, (*setup_lines, *main_lines.values())))},
        "layers": [layer_row(op) for op in module.ops if isinstance(op, LayerOp)],
        "crossbars": {
            "used": crossbars,
            "available": structure.cores * structure.crossbars_per_core,
        },
        "cores": {"used": len(cores), "available": structure.cores},
        "memory_bytes": {
            "weights": crossbars * crossbar_bits // 8,
            "feature_maps": memory,
        },
        "area_mm2": dict(area_report(chip, len(cores), memory)),
        "programming": {"cycles": cycles, "energy_pj": energy},
    }
