"""The measurements, each a plain function that returns numbers by name."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from time import perf_counter, process_time
from typing import Any

from cimc.driver import Artifact, compile_model, execute_images
from tests.support.shipped import MODELS, images

NETWORKS = ("lenet5", "resnet8")
_HELP = "import sys; sys.argv[1:] = ['--help']; from cimc.cli import main; main()"


def best_of(code: str, times: int, **environment: str) -> dict[str, float]:
    """Wall and CPU seconds of the quickest of some new interpreters running code."""
    runs: list[tuple[float, float]] = []
    for _ in range(times):
        start, before = perf_counter(), os.times()
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            env={**os.environ, **environment},
        )
        after = os.times()
        cpu = after.children_user - before.children_user
        cpu += after.children_system - before.children_system
        runs.append((cpu, perf_counter() - start))
    cpu, wall = min(runs)
    return {"cpu_s": cpu, "wall_s": wall}


def start_up() -> dict[str, dict[str, float]]:
    """What every command pays before it works."""
    return {
        "python": best_of("pass", 5),
        "import cimc": best_of("import cimc", 5),
        "cimc --help": best_of(_HELP, 5),
        "import cimc.driver": best_of("import cimc.driver", 3),
    }


def machine_code() -> dict[str, dict[str, float]]:
    """Loading the simulator without and with machine code on disk."""
    code = "from cimc.backends.rram.simulator import simulator"
    with tempfile.TemporaryDirectory() as folder:
        return {
            name: best_of(code, 1, NUMBA_CACHE_DIR=folder) for name in ("cold", "warm")
        }


def compilation(network: str, chip: str) -> dict[str, Any]:
    """Seconds of a compilation, in all and by pass; of the second of two."""
    path = MODELS / f"{network}_int8.onnx"
    compile_model(path, chip=chip)
    start = process_time()
    compiled = compile_model(path, chip=chip)
    return {
        "cpu_s": process_time() - start,
        "passes": dict(compiled.seconds),
        "instructions": compiled.artifact.metrics["instructions"]["static"],
    }


def simulation(artifact: Artifact, network: str, count: int) -> dict[str, float]:
    """Speed of the simulator with machine code loaded, over some images."""
    execute_images(artifact, images(artifact, network, count=1), verify=False)
    chosen = images(artifact, network, count)
    metrics = execute_images(artifact, chosen, verify=False).metrics
    seconds = metrics["simulator"]["wall_s"]
    macs = sum(layer["macs"] for layer in metrics["layers"]) * count
    return {
        "ms_per_image": 1000 * seconds / count,
        "instructions_per_s": metrics["simulator"]["instructions_per_s"],
        "macs_per_s": macs / seconds,
    }
