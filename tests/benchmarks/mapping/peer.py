"""``peer``: networks on PIMCOMP-NN's chip, beside what it makes of them.

Its figures were measured on a machine of two cores with its shipped configuration:
``balance`` replication in low-latency mode, timed in pimsim-nn, and for two networks
its genetic mapper. Its program has no loops and writes no weights, so instructions are
compared without those that set our cores up. Its simulator computes no values.

The chip ``pimcomp-144`` has its sizes, MVM, vector unit and links. Other than there,
cores have no memory of their own beside registers, but a bank of the shared one; data
go from bank to core over the mesh, and sequence registers take the place of messages.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from cimc.backends.rram.chip import CHIPS
from tests.benchmarks.mapping.whole import Row, measure, show

_MODULE = "tests.benchmarks.mapping"


class Peer(NamedTuple):
    """The peer's figures for a network."""

    crossbars: int
    latency_ms: float
    """The best that it reached."""
    instructions: int
    compile_s: float
    compile_gb: float
    simulate_s: float


PEER = {
    "squeezenet1.0": Peer(4716, 10.5, 1_460_000, 9.8, 2.9, 24),
    "alexnet": Peer(6670, 22.1, 1_020_000, 7.1, 1.8, 41),
    "googlenet": Peer(5152, 52.5, 3_240_000, 22, 5.5, 67),
    "resnet18": Peer(5334, 19.4, 3_270_000, 21, 5.6, 48),
    "resnet34": Peer(5944, 95.6, 4_400_000, 26, 7.1, 95),
    "resnet50": Peer(6123, 81.9, 4_010_000, 28, 6.6, 62),
    "mobilenet_v2": Peer(7579, 76.4, 3_680_000, 22, 6.1, 72),
    "inception_v3": Peer(6310, 124, 3_950_000, 29, 7.3, 100),
}


def compared(network: str) -> Row:
    """A network on the chip, and how many times less it takes than the peer's."""
    chip, peer = CHIPS.load("pimcomp-144"), PEER[network]
    row = measure(network, chip, "latency")
    return {
        **row,
        "their crossbars": peer.crossbars,
        "their ms": peer.latency_ms,
        "latency x": peer.latency_ms / row["time_ms"],
        "instructions x": peer.instructions / (row["instructions"] - row["setup"]),
        "compile x": peer.compile_s / row["compile_cpu_s"],
        "memory x": 1e3 * peer.compile_gb / row["compile_mb"],
        "simulate x": peer.simulate_s / row["simulate_s"],
    }


def _alone(network: str) -> Row:
    """What :func:`compared` says in a new process, whose peak memory is its own."""
    command = [sys.executable, "-m", _MODULE, "peer", "--alone", network]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def main(arguments: list[str]) -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=tuple(PEER))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.alone:
        print(json.dumps(compared(options.alone)))
        return
    found = [_alone(network) for network in options.networks]
    show(
        found,
        (
            *("network", "equal", "time_ms", "their ms", "crossbars"),
            *(
                "their crossbars",
                "latency x",
                "instructions",
                "setup",
                "instructions x",
            ),
            *("compile x", "memory x", "simulate x", "ratio"),
        ),
    )
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
