"""``scaling``: how effort grows with the network, on chips that grow along.

Residual networks of about 10², 10³, 10⁴ and 10⁵ crossbars on square meshes of cores
like those of ``mesh-128``. Each has a process of its own, so that peak memory is its
own; machine code of verifier and simulator is loaded before time is taken. Seconds are
of the processor. An exponent is the slope of effort over crossbars in logarithms, of
the line that fits best and from the last point but one to the last; that of n · log n
stands beside it.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import process_time

import numpy as np

from cimc.backends.rram.chip import CHIPS, Chip
from cimc.driver import compile_model
from cimc.driver.verification import comparable, compare
from cimc.golden import Golden
from tests.benchmarks.cache import quantised
from tests.benchmarks.mapping.whole import Row, show
from tests.support.qdq import feeds_for

__all__ = ["exponents", "grown", "measure"]

SIZES = (100, 1_000, 10_000, 100_000)
EFFORTS = ("compile_s", "compile_mb", "load_s", "simulate_s", "peak_mb")
_MODULE = "tests.benchmarks.mapping"
#: Crossbars of the chip for each that is asked for: no core serves two layers.
_ROOM = 1.3


def grown(crossbars: int) -> Chip:
    """A square mesh with room for a network of about so many crossbars."""
    chip = CHIPS.load("mesh-128")
    structure = chip.structure
    side = math.isqrt(int(_ROOM * crossbars / structure.crossbars_per_core)) + 4
    return chip.with_structure(
        cores=side**2,
        mesh_columns=side,
        shared_memory_bytes=side**2 * structure.shared_memory_bytes // structure.cores,
    )


def measure(crossbars: int) -> Row:
    """Compile a network, load it, simulate an image and compare it."""
    path = quantised(f"scaled{crossbars}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chip.yaml"
        file.write_text(json.dumps(grown(crossbars).model_dump(mode="json")))
        times = [process_time()]
        compilation = compile_model(path, chip=str(file))
        times.append(process_time())
    artifact, passes = compilation.artifact, dict(compilation.seconds)
    gap = compilation.gaps.get("balance-pipeline", 0.0)
    del compilation
    compiled_mb = _peak_mb()
    session = artifact.session()
    times.append(process_time())
    feeds = feeds_for(artifact.model)
    simulation = session.simulate(feeds)
    times.append(process_time())
    peak_mb = _peak_mb()
    found = comparable(artifact.model, simulation.feature_maps)
    expected = Golden(artifact.model).run(feeds, list(found))
    metrics = simulation.metrics
    compile_s, load_s, simulate_s = np.diff(times).tolist()
    return {
        "crossbars": metrics["crossbars"]["used"],
        "cores": metrics["cores"]["used"],
        "instructions": metrics["instructions"]["static"],
        "executed": metrics["instructions"]["dynamic"],
        "equal": compare(found, expected, 0, simulation.writer_of).equal,
        "cycles": metrics["cycles"],
        "gap": gap,
        "compile_s": compile_s,
        "compile_mb": compiled_mb,
        "load_s": load_s,
        "simulate_s": simulate_s,
        "peak_mb": peak_mb,
        "passes_s": passes,
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def exponents(found: Sequence[Row]) -> list[Row]:
    """The slopes of all efforts: of the best line, and of the last two points."""
    sizes = np.array([row["crossbars"] for row in found], np.float64)
    efforts = {name: [row[name] for row in found] for name in EFFORTS}
    efforts["n log n"] = (sizes * np.log(sizes)).tolist()
    return [
        {"exponent": which}
        | {
            name: float(np.polyfit(np.log(sizes[-last:]), np.log(y[-last:]), 1)[0])
            for name, y in efforts.items()
        }
        for which, last in (("of all", len(found)), ("of the last two", 2))
    ]


def _alone(crossbars: int) -> Row:
    """What :func:`measure` says in a new process."""
    command = [sys.executable, "-m", _MODULE, "scaling", "--alone", str(crossbars)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def main(arguments: list[str]) -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--crossbars", type=int, nargs="+", default=SIZES)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.alone:
        measure(min(SIZES))
        print(json.dumps(measure(options.alone)))
        return
    columns = (
        "crossbars",
        "cores",
        "instructions",
        "executed",
        "equal",
        "gap",
        *EFFORTS,
    )
    _alone(min(SIZES))  # compiles what has changed to machine code
    found: list[Row] = []
    for crossbars in options.crossbars:
        found.append(_alone(crossbars))
        show(found[-1:], columns)
    show(found, columns)
    slopes = exponents(found) if len(found) > 1 else []
    if slopes:
        show(slopes, ("exponent", *EFFORTS, "n log n"))
    if options.json:
        document = {"networks": found, "exponents": slopes}
        options.json.write_text(json.dumps(document, indent=1))
