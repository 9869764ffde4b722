"""The way from the graph level to RRAM programs, as text that ``cimc opt -p`` takes."""

from __future__ import annotations

from cimc.backends.rram.machine import RramMachine

__all__ = ["pipeline"]


def pipeline(machine: RramMachine) -> str:
    """The default pipeline for a chip: one phase per line of the paper's mapping."""
    # Sums take four bytes a lane, and parameter registers hold one crossbar's columns.
    lanes = min(machine.vector_register_bytes // 4, machine.columns)
    return ",".join(
        [
            "fuse-tables",
            "convert-cnn-to-tile",
            f"im2col-partition{{rows={machine.rows} columns={machine.columns}}}",
            f"split-vectors{{lanes={lanes}}}",
            f"place-tiles{{cores={machine.cores} "
            f"crossbars={machine.crossbars_per_core}}}",
            "distribute-sweeps",
            "recycle-buffers",
            'insert-sync{scheme="linear"}',
            f"allocate-buffers{{capacity={machine.shared_memory_bytes} "
            f"alignment={machine.bus_bytes}}}",
            "convert-tile-to-rram",
            "verify-sync",
        ]
    )
