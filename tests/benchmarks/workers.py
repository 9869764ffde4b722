"""``python -m tests.benchmarks.workers [--study F] [--trials N]``: what workers bring.

The same search in this process, on one worker and on several, each in a folder of its
own, so that nothing is computed already. Trials must be the same; the speed-up is that
over one worker.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

_STUDY = Path(__file__).parents[2] / "models" / "studies" / "racetrack.yaml"


class _Run(NamedTuple):
    """Seconds that a search took, with the CPU seconds of all its processes."""

    wall: float
    cpu: float
    trials: bytes


def _search(study: Path, trials: int, workers: int) -> _Run:
    """One search from the beginning; 0 workers are this process's child alone."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "cimc", "explore", str(study), "-o", folder]
        command += ["--trials", str(trials), "--workers", str(workers)]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        wall = perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return _Run(wall, cpu, (Path(folder) / "trials.csv").read_bytes())


def main() -> None:
    """Print a line for each number of workers."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.workers")
    parser.add_argument("--study", type=Path, default=_STUDY)
    parser.add_argument("--trials", type=int, default=100)
    chosen = parser.parse_args()
    counts = [0, *range(1, 1 + (os.cpu_count() or 1))]
    runs = {n: _search(chosen.study, chosen.trials, n) for n in counts}
    print(f"{'workers':>8} {'wall s':>8} {'CPU s':>8} {'speed-up':>9}  same trials")
    for count, run in runs.items():
        speed_up, same = runs[1].wall / run.wall, run.trials == runs[0].trials
        print(f"{count:8} {run.wall:8.1f} {run.cpu:8.1f} {speed_up:9.2f}  {same}")


if __name__ == "__main__":
    main()
