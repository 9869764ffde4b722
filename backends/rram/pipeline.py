"""The way from the graph level to RRAM programs, as text that ``cimc opt -p`` takes."""

from __future__ import annotations

from cimc.backends.rram.chip import Chip
from cimc.backends.rram.lowering.held_products import most_held
from cimc.backends.rram.machine import RramMachine
from cimc.isa.sync import SYNC_BYTES
from cimc.objective import Objective

__all__ = ["pipeline"]


def pipeline(chip: Chip, objective: Objective = "latency", batch: int = 1) -> str:
    """The default pipeline for a chip: mapping, synchronisation, program, proof.

    Up to ``batch`` images are under way at the same time.
    """
    machine = chip.machine()
    # Sums take four bytes a lane, and parameter registers hold one crossbar's columns.
    lanes = min(machine.vector_register_bytes // 4, machine.columns)
    mesh = (
        f" cores={machine.cores} mesh_columns={machine.mesh_columns}"
        if machine.mesh_columns
        else ""
    )
    # Each signal takes a beat of the bus; on a mesh they do not meet.
    together, part = (1, 4) if machine.mesh_columns else (2, 8)
    # What a part loads anew takes beats: slow ones cost more than a short part gains.
    finest = 1 if machine.mesh_columns and machine.beat_cycles == 1 else part
    parts = f"part={part} finest_part={finest}"
    return ",".join(
        [
            "fuse-tables",
            "convert-cnn-to-tile" + ("{apart=true}" if batch > 1 else ""),
            "fuse-sweeps",
            f"im2col-partition{{rows={machine.rows} columns={machine.columns}}}",
            f"split-vectors{{channels={lanes}}}",
            f"slide-windows{{beat_bytes={machine.bus_bytes}}}",
            f"cut-phases{{cores={machine.cores} "
            f"crossbars={machine.crossbars_per_core} mvm={machine.mvm_cycles} "
            f"program_row={machine.programming_row_cycles} "
            f"bytes_per_cycle={_bytes_per_cycle(machine)}}}",
            *([] if objective == "area" else [_balance(chip, objective)]),
            f"place-blocks{{cores={machine.cores} "
            f"crossbars={machine.crossbars_per_core}}}",
            f"distribute-sweeps{{registers={machine.kept_vectors}}}",
            f"recycle-buffers{{release_rows={together}}}",
            *([f"stream-images{{images={batch}}}"] if batch > 1 else []),
            f'insert-sync{{scheme="auto" release_rows={together} {parts} '
            f"{_timing(machine)}}}",
            f"allocate-buffers{{capacity={machine.shared_memory_bytes} "
            f"alignment={machine.bus_bytes}{mesh}}}",
            "convert-tile-to-rram",
            "verify-sync",
        ]
    )


def _balance(chip: Chip, objective: Objective) -> str:
    """Copies of layers; what is always on leaks like so many cores."""
    machine, energy = chip.machine(), chip.energy
    overhead = machine.vector_startup_cycles + machine.issue_cycles
    shared = round(energy.leakage_shared.value / max(energy.leakage_core.value, 1e-9))
    return (
        f'balance-pipeline{{objective="{objective}" cores={machine.cores} '
        f"crossbars={machine.crossbars_per_core} mvm={machine.mvm_cycles} "
        f"lanes={machine.vector_lanes} overhead={overhead} "
        f"bytes_per_cycle={_bytes_per_cycle(machine)} shared_leakage={shared}}}"
    )


def _bytes_per_cycle(machine: RramMachine) -> int:
    """Bytes a cycle on the bus that all cores share; 0 if there is none."""
    if machine.mesh_columns:
        return 0
    return max(1, machine.bus_bytes // machine.beat_cycles)


def _timing(machine: RramMachine) -> str:
    """What ``insert-sync`` needs to know to choose orders.

    An MVM follows another one when the vector unit has taken the product of that. From
    core to core sums are added and stored, the sequence is raised, and sums are loaded.
    """
    called = machine.bus_cycles(SYNC_BYTES) + machine.call_latency_cycles
    hand_on = (
        machine.vector_startup_cycles
        + max(machine.memory_latency_cycles, called)
        + machine.issue_cycles
        + machine.memory_latency_cycles
    )
    mvm = machine.mvm_cycles + machine.issue_cycles
    return (
        f"mvm={mvm} hand_on={hand_on} beat_bytes={machine.bus_bytes} "
        f"lanes={machine.vector_lanes} hold={most_held(machine.vector_registers)}"
    )
