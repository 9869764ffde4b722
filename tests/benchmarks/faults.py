"""``python -m tests.benchmarks.faults``: every fault in the synchronisation, found?

Each CALL and WAIT of the shipped networks' programs is dropped, moved, weakened and so
on, one at a time (see tests/support/faults.py). ``verify-sync`` must reject what comes
of it, or the simulator must run that without a trap and to the same feature maps. The
simulator runs what is rejected as well: without a trap, the alarm may be false.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from time import process_time
from typing import NamedTuple

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cimc.backends.rram.verify.proof import prove
from cimc.diagnostics import CimcError
from cimc.driver import Artifact
from cimc.frontend import import_model
from cimc.target import get_target
from cimc.weights import Array
from tests.support.faults import KINDS, Kind, faults
from tests.support.shipped import compiled, images

__all__ = ["Verdict", "simulation_of", "verdicts"]


class Verdict(NamedTuple):
    """What came of a fault: why it was rejected, if so, and what the simulator says."""

    kind: Kind
    what: str
    rejected: str
    trap: str

    @property
    def missed(self) -> bool:
        """Whether it was accepted and does harm."""
        return not self.rejected and self.trap != ""


def simulation_of(
    artifact: Artifact, network: str, batch: int = 1
) -> Callable[[bytes], str]:
    """Runs programs on a batch: code of the trap, ``values`` if they differ, or "".

    They are compared with those of the artifact's own program.
    """
    target, feeds = artifact.target, images(artifact, network, batch).feeds
    model = import_model(artifact.model, name=artifact.name)
    inputs = [model.host.inputs(0, image) for image in feeds]

    def run(program: bytes) -> list[Mapping[str, Array]]:
        simulator = target.simulator(program, artifact.weights, artifact.chip)
        return [found.feature_maps for found in simulator.run_batch(inputs)]

    expected = run(artifact.program)

    def outcome(program: bytes) -> str:
        try:
            found = run(program)
        except CimcError as error:
            return error.diagnostic.code
        equal = all(
            np.array_equal(maps[name], wanted[name])
            for maps, wanted in zip(found, expected, strict=True)
            for name in wanted
        )
        return "" if equal else "values"

    return outcome


def verdicts(
    network: str,
    chip: str,
    *,
    simulate_all: bool,
    sample: Callable[[], bool],
    batch: int = 1,
) -> Iterator[Verdict]:
    """The verdict on each fault that ``sample`` takes."""
    artifact = compiled(network, chip, objective="area", batch=batch)
    target = get_target("rram")
    module = target.decode(artifact.program)
    outcome = simulation_of(artifact, network, batch)
    for fault in faults(module):
        if not sample():
            continue
        undo = fault.inject()
        problem = prove(module)
        trap = ""
        if problem is None or simulate_all:
            trap = outcome(target.encode(module))
        undo()
        yield Verdict(fault.kind, fault.what, problem.kind if problem else "", trap)


def main() -> None:
    """Print a table per network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=["lenet5", "resnet8"])
    parser.add_argument("--chip", default="pelke-128")
    parser.add_argument("--batch", type=int, default=1, help="Images under way.")
    arguments = parser.parse_args()
    console = Console(width=120)
    for network in arguments.networks:
        start = process_time()
        found = list(
            verdicts(
                network,
                arguments.chip,
                simulate_all=True,
                sample=lambda: True,
                batch=arguments.batch,
            )
        )
        seconds = process_time() - start
        title = f"{network} on {arguments.chip}: {len(found)} faults, {seconds:.0f} s"
        console.print(_table(title, found))
        for verdict in found:
            if verdict.missed:
                console.print(
                    f"MISSED: {verdict.kind} of {verdict.what} ({verdict.trap})"
                )


def _table(title: str, found: list[Verdict]) -> Table:
    reasons = sorted({v.rejected for v in found if v.rejected})
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    for name in ("fault", "faults", *reasons, "harmless", "MISSED", "no trap"):
        table.add_column(name, justify="left" if name == "fault" else "right")
    for kind in (*KINDS, None):
        some = [v for v in found if kind in (None, v.kind)]
        by_reason = Counter(v.rejected for v in some)
        cells = [
            len(some),
            *(by_reason[reason] for reason in reasons),
            sum(not v.rejected and not v.trap for v in some),
            sum(v.missed for v in some),
            sum(v.rejected != "" and not v.trap for v in some),
        ]
        table.add_row(kind or "all", *map(str, cells))
    return table


if __name__ == "__main__":
    main()
