"""The way from the graph level to programs of banks, as text for ``cimc opt -p``."""

from __future__ import annotations

from cimc.backends.racetrack.chip import Chip
from cimc.objective import Objective

__all__ = ["pipeline"]

#: Copies of a layer at most: each has code of its own in its bank.
_COPIES = 4


def pipeline(chip: Chip, objective: Objective = "latency") -> str:
    """The default pipeline for a chip.

    Layers run one after another: what takes the least time for an image also leaks
    the least, and is the best for many images.
    """
    machine = chip.machine()
    # Sums take four bytes a lane, and parameter registers hold one bank's lanes.
    lanes = min(machine.vector_register_bytes // 4, machine.lanes)
    tracks = f"domains={machine.domains} ports={machine.ports}"
    banks = f"cores={machine.banks} arrays={machine.arrays_per_bank}"
    copies = f"duplicate-weights{{{banks} limit={_COPIES}}}"
    return ",".join(
        [
            "fuse-tables",
            "convert-cnn-to-tile",
            f"im2col-partition{{rows={machine.domains} columns={machine.lanes} "
            f"depthwise=true elements={machine.vector_register_bytes}}}",
            f"split-vectors{{channels={lanes}}}",
            "split-position-blocks",
            *([] if objective == "area" else [copies]),
            f"assign-arrays{{{banks}}}",
            "distribute-sweeps{registers=0}",
            "localise-maps",
            'insert-sync{scheme="sequential" overlap=false}',
            f"order-domains{{{tracks} weight_bits={machine.weight_bits}}}",
            f"allocate-map-arrays{{{tracks} word_bits={machine.word_bits} "
            f"capacity={machine.buffer_macro_units}}}",
            "convert-tile-to-racetrack",
        ]
    )
