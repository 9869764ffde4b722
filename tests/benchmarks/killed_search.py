"""``python -m tests.benchmarks.killed_search``: a search that is killed ten times.

A study of LeNet-5 runs undisturbed; the same one is killed (SIGKILL) at random moments
and taken up again until it is through. Both must have the same trials.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from time import perf_counter

import yaml

from tests.e2e.test_explore import STUDY, rows

#: Enough to be killed many times.
_TRIALS = {"trials": 24, "population": 6}


def _search(study: Path, folder: Path, seconds: float | None = None) -> bool:
    """Run for so many seconds, or to the end; whether it came there."""
    command = [sys.executable, "-m", "cimc", "explore", study, "-o", folder]
    try:
        # A timeout kills with SIGKILL.
        subprocess.run(command, check=True, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def main() -> None:
    """Run the search twice and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random = Random(options.seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        study = folder / "study.yaml"
        study.write_text(yaml.safe_dump({**STUDY, **_TRIALS}))
        start = perf_counter()
        _search(study, folder / "undisturbed")
        seconds = perf_counter() - start
        kills = 0
        while kills < options.kills:
            # Long enough to get somewhere, short enough to be killed so often.
            if _search(study, folder / "killed", random.uniform(1, seconds / 4)):
                break
            kills += 1
        _search(study, folder / "killed")
        same = rows(folder / "killed") == rows(folder / "undisturbed")
    print(
        f"{kills} kills, {_TRIALS['trials']} trials: {'same' if same else 'DIFFERENT'}"
    )
    sys.exit(not same or kills < options.kills)


if __name__ == "__main__":
    main()
