"""Time, energy and shifts of instructions, from the chip's constants.

A MAC takes what the steps of its cell take (``cells/README.md``), all lanes at once and
port after port. Reading or writing a word takes all its bits at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from cimc.backends.racetrack import isa
from cimc.backends.racetrack.area import area_report
from cimc.backends.racetrack.chip import Chip
from cimc.backends.racetrack.dialect import ArraysOp, BankOp, LayerOp, banks_of
from cimc.backends.racetrack.machine import RacetrackMachine
from cimc.isa.declared import Instruction
from cimc.isa.program import Line, linearise
from cimc.isa.vector import SetParameters, SetTable, VectorInstruction
from cimc.simulation.constants import Pool
from cimc.simulation.metrics import layer_row
from cimc.weights import Array

__all__ = [
    "COMPONENTS",
    "cycles_of",
    "energy_of",
    "highest_offset",
    "leakage",
    "macro_units_of",
    "map_shift_energy",
    "shift_bound",
    "shifts_of",
    "static_metrics",
]

#: Where dynamic energy goes, in the order of :func:`energy_of`.
COMPONENTS = (
    "issue",
    "shift",
    "sense",
    "write",
    "mac",
    "vector",
    "transfer",
    "sync",
)

_PARAMETER_BYTES = 8
"""Of one lane: an int32 bias and a float32 multiplier."""
_TABLE_BYTES = 256


def highest_offset(order: Array, machine: RacetrackMachine) -> int:
    """Offset at which an array stands once its rows have been stored."""
    places = np.flatnonzero(order >= 0) % machine.segment
    return int(places.max(initial=0))


def cycles_of(op: Instruction | None, machine: RacetrackMachine, pool: Pool) -> int:
    """Cycles that an instruction takes; None is HALT or END.

    TRANSFER and CALL: on the link alone.
    """
    match op:
        case isa.ShiftOp() | isa.MapShiftOp():
            return abs(op.by) * machine.shift_cycles
        case isa.ReadOp():
            return machine.read_cycles
        case isa.WriteOp():
            return machine.write_cycles
        case isa.TransferOp() | isa.CallOp():
            return machine.link_cycles(op.transfer())
        case isa.MacOp():
            return op.count * machine.mac_cycles
        case SetParameters():
            return machine.link_cycles(_PARAMETER_BYTES * op.n)
        case SetTable():
            return machine.link_cycles(_TABLE_BYTES)
        case isa.ProgramOp():
            order = pool.constant(op.order, np.int32, 1)
            return _storing(op, order, machine)
        case (
            VectorInstruction()
            | isa.LoadOp()
            | isa.FillOp()
            | isa.SlideOp()
            | isa.AccumulatorOp()
        ):
            return machine.vector_cycles(op.lane_operations())
        case _:
            return machine.issue_cycles


def _storing(op: isa.ProgramOp, order: Array, machine: RacetrackMachine) -> int:
    """Cycles to bring weights in over the link, row by row, and to write them."""
    rows = int(np.count_nonzero(order >= 0))
    return _row_by_row(op.columns, rows, highest_offset(order, machine), machine)


def _row_by_row(columns: int, rows: int, steps: int, machine: RacetrackMachine) -> int:
    row = -(-columns * machine.weight_bits // 8)
    per_row = machine.link_cycles(row) + machine.write_cycles
    return rows * per_row + steps * machine.shift_cycles


def shifts_of(op: Instruction | None, machine: RacetrackMachine, pool: Pool) -> int:
    """Steps by which an instruction moves arrays."""
    match op:
        case isa.ShiftOp() | isa.MapShiftOp():
            return abs(op.by)
        case isa.ProgramOp():
            order = pool.constant(op.order, np.int32, 1)
            return highest_offset(order, machine)
        case _:
            return 0


def energy_of(
    op: Instruction | None, chip: Chip, machine: RacetrackMachine, pool: Pool
) -> list[float]:
    """Energy in pJ that one execution takes, by component; None is HALT or END.

    Shifts of map arrays, whose width an address decides, are left out: see
    :func:`map_shift_energy`.
    """
    energy: dict[str, float] = dict.fromkeys(COMPONENTS, 0.0)
    constants, tracks = chip.energy, chip.structure.tracks
    array_shift = machine.weight_macro_units * tracks * constants.shift.value
    energy["issue"] = constants.issue.value
    match op:
        case isa.ShiftOp():
            energy["shift"] = abs(op.by) * array_shift
        case isa.ReadOp():
            energy["sense"] = 8 * op.length * constants.read.value
        case isa.WriteOp():
            energy["write"] = 8 * op.length * constants.write.value
        case isa.TransferOp():
            energy["write"] = 8 * op.length * constants.write.value
            energy["transfer"] = op.length * constants.transfer_byte.value
        case isa.CallOp():
            energy["transfer"] = op.transfer() * constants.transfer_byte.value
            energy["sync"] = constants.call.value
        case SetParameters():
            size = _PARAMETER_BYTES * op.n
            energy["transfer"] = size * constants.transfer_byte.value
        case SetTable():
            energy["transfer"] = _TABLE_BYTES * constants.transfer_byte.value
        case isa.MacOp():
            for component, value in chip.mac_energy().items():
                energy[component] += op.count * op.n * value
        case isa.ProgramOp():
            order = pool.constant(op.order, np.int32, 1)
            rows = int(np.count_nonzero(order >= 0))
            bits = rows * op.columns * machine.weight_bits
            energy["write"] = bits * constants.write.value
            energy["transfer"] = bits / 8 * constants.transfer_byte.value
            energy["shift"] = highest_offset(order, machine) * array_shift
        case (
            VectorInstruction()
            | isa.LoadOp()
            | isa.FillOp()
            | isa.SlideOp()
            | isa.AccumulatorOp()
        ):
            energy["vector"] = op.lane_operations() * constants.vector_lane.value
        case _:
            pass
    return [energy[name] for name in COMPONENTS]


def map_shift_energy(chip: Chip) -> float:
    """Energy in pJ of one step of one macro unit."""
    return chip.structure.tracks * chip.energy.shift.value


def leakage(chip: Chip, macro_units: int, banks: int) -> float:
    """Standing power in mW of banks in use and of macro units that hold data."""
    constants = chip.energy
    return (
        constants.leakage_shared.value
        + banks * constants.leakage_bank.value
        + macro_units * constants.leakage_macro_unit.value
    )


def macro_units_of(module: ModuleOp, machine: RacetrackMachine) -> tuple[int, int]:
    """Macro units that hold weights, and those that hold feature maps."""
    arrays = sum(len(arrays) for arrays in _arrays_used(module).values())
    maps = sum(
        op.count * machine.map_macro_units(op.width)
        for op in module.ops
        if isinstance(op, ArraysOp)
    )
    return arrays * machine.weight_macro_units, maps


def static_metrics(module: ModuleOp, chip: Chip) -> dict[str, Any]:
    """Keys of metrics.json that follow from the program alone."""
    machine, structure = chip.machine(), chip.structure
    arrays = _arrays_used(module)
    weight_units, map_units = macro_units_of(module, machine)
    banks = banks_of(module)
    map_arrays = sum(op.count for op in module.ops if isinstance(op, ArraysOp))
    layers = [layer_row(op) for op in module.ops if isinstance(op, LayerOp)]
    return {
        "instructions": {
            "static": sum(len(lines) for bank in banks for lines in _sections(bank)),
            "setup": sum(len(_sections(bank)[0]) for bank in banks),
        },
        "layers": layers,
        "banks": {"used": len(banks), "available": structure.banks},
        "weight_arrays": {
            "used": sum(map(len, arrays.values())),
            "available": structure.banks * structure.arrays_per_bank,
        },
        "buffer_macro_units": {
            "used": map_units,
            "available": structure.buffer_macro_units,
        },
        "memory_bytes": {
            "weights": weight_units * structure.domains * structure.word_bits // 8,
            "maps_and_sums": map_units * structure.domains * structure.word_bits // 8,
        },
        "area_mm2": dict(area_report(chip, len(banks), map_arrays, map_units)),
        "shifts": {"bound": shift_bound(layers)},
        "programming": _programming(banks, chip),
    }


def _programming(banks: Iterable[BankOp], chip: Chip) -> dict[str, Any]:
    """What storing the weights takes once, banks in parallel.

    Arrays are taken to shift from end to end, which few of them need to.
    """
    machine, constants = chip.machine(), chip.energy
    steps = machine.segment - 1
    array = machine.weight_macro_units * chip.structure.tracks * constants.shift.value
    cycles: list[int] = [0]
    bits = arrays = 0
    for bank in banks:
        setup = [line.op for line in linearise(bank.setup)]
        stores = [op for op in setup if isinstance(op, isa.ProgramOp)]
        each = (_row_by_row(op.columns, op.rows, steps, machine) for op in stores)
        cycles.append(sum(each))
        bits += sum(op.rows * op.columns * machine.weight_bits for op in stores)
        arrays += len(stores)
    return {
        "cycles": max(cycles),
        "time_ns": max(cycles) * 1e3 / chip.clock.value,
        "energy_pj": bits * (constants.write.value + constants.transfer_byte.value / 8)
        + arrays * steps * array,
        "cell_writes": bits,
    }


def shift_bound(layers: Iterable[Mapping[str, Any]]) -> int:
    """Sum of the bounds of ``layers``; those of programs by hand may have none."""
    bounds = (layer.get("shift_bound") for layer in layers)
    return sum(bound for bound in bounds if isinstance(bound, int))


def _arrays_used(module: ModuleOp) -> dict[int, set[int]]:
    """Weight arrays that each bank stores something in."""
    return {
        bank.number: {
            line.op.w
            for lines in _sections(bank)
            for line in lines
            if isinstance(line.op, isa.ProgramOp)
        }
        for bank in banks_of(module)
    }


def _sections(bank: BankOp) -> tuple[list[Line], list[Line]]:
    return linearise(bank.setup), linearise(bank.main)
