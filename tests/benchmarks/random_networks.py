"""``python -m tests.benchmarks.random_networks [--count N] [--target T]``.

Builds random networks, compiles each for one of the small machines of the property
tests, simulates it, and compares every feature map with onnxruntime. Prints, for what
fails, the seed with which ``--seed`` repeats it and the smallest network that fails.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import traceback
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import count, islice

from hypothesis import HealthCheck, given, note, reject, seed, settings
from hypothesis import strategies as st

from cimc.diagnostics import DoesNotFitError
from cimc.driver.compilation import compile_imported
from cimc.driver.machines import Machine
from cimc.target import get_target
from tests.properties.networks import Limits, networks
from tests.properties.test_every_level import CROSSBARS, TRACKS, Reference

MACHINES = {"rram": CROSSBARS, "racetrack": TRACKS}

#: Larger than in the tests: branches, joins and maps of several readers.
LIMITS = Limits(shape=(12, 13, 11), operators=8)

#: Bytes of address space of a process; machine code takes one or two GiB of it.
_MEMORY = 6 << 30

#: Networks per seed.
EXAMPLES = 20


def check(target: str, model, machine: str) -> None:
    """Compile a network, simulate it and compare; what does not fit is left out."""
    note(machine)
    reference = Reference(model)
    found = MACHINES[target][machine]
    backend = get_target(target)
    try:
        compiled = compile_imported(
            reference.model, Machine(backend, found.chip), import_seconds=0.0
        )
    except DoesNotFitError:
        reject()
    artifact = compiled.artifact
    simulator = artifact.target.simulator(
        artifact.program, artifact.weights, artifact.chip
    )
    reference.check(simulator.run(reference.inputs).feature_maps, machine)


def failure(target: str, number: int) -> str | None:
    """What is wrong with one of the networks of a seed, if anything."""

    @seed(number)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(model=networks(LIMITS), machine=st.sampled_from(sorted(MACHINES[target])))
    def run(model, machine) -> None:
        check(target, model, machine)

    try:
        run()
    except Exception as error:
        lines = traceback.format_exception_only(error)
        return "".join([*lines, *getattr(error, "__notes__", [])])
    return None


def _bounded() -> None:
    """Let memory that no small network needs be a failure of this process alone."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def main() -> int:
    """Run and print; 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.random_networks")
    parser.add_argument("--count", type=int, default=2000, help="networks per target")
    parser.add_argument("--target", action="append", choices=MACHINES)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    chosen = parser.parse_args()
    failed_at_all = False
    for target in chosen.target or MACHINES:
        failed = 0
        numbers = list(islice(count(chosen.seed), -(-chosen.count // EXAMPLES)))
        with ProcessPoolExecutor(chosen.processes, initializer=_bounded) as pool:
            results = pool.map(partial(failure, target), numbers)
            for number, result in zip(numbers, results, strict=True):
                done = (number - chosen.seed + 1) * EXAMPLES
                print(f"\r{target}: {done}", end="", file=sys.stderr, flush=True)
                if result is not None:
                    failed += 1
                    print(f"{target}, seed {number}:\n{result}\n", flush=True)
        print(f"{target}: {len(numbers) * EXAMPLES} networks, {failed} seeds failed")
        failed_at_all |= failed > 0
    return int(failed_at_all)


if __name__ == "__main__":
    sys.exit(main())
