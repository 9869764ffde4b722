"""``whole``: networks at full size, one copy of each layer and four times that.

On ``pelke-128`` with as many cores as one copy takes, and on ``mesh-128``. Latency is
that of one image; every feature map is compared with onnxruntime.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cimc.backends.rram.chip import CHIPS, Chip
from cimc.driver import compile_model, execute_images
from cimc.driver.inputs import Images
from cimc.objective import Objective
from tests.benchmarks.cache import quantised
from tests.support.qdq import feeds_for

__all__ = ["Row", "measure", "show"]

NETWORKS = (
    *("resnet18", "resnet50", "vgg16"),
    *("mobilenet_v2", "squeezenet1.0", "googlenet"),
)
#: How often the crossbars of one copy may be used.
BUDGETS = (1, 4)
#: Sizes with which the largest of the networks fits a chip of one crossbar per core.
_LARGE = {
    "cores": 65536,
    "sequence_registers": 1024,
    "instruction_memory": 65536,
    "shared_memory_bytes": 1 << 28,
}

Row = dict[str, Any]


def measure(
    network: str,
    chip: Chip,
    objective: Objective = "latency",
    pipeline: str | None = None,
) -> Row:
    """Compile a network, run one image and compare it."""
    path = quantised(network)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chip.yaml"
        file.write_text(json.dumps(chip.model_dump(mode="json")))
        start, cpu = perf_counter(), process_time()
        compilation = compile_model(
            path,
            chip=str(file),
            objective=objective,
            pipeline=pipeline,
        )
        wall, cpu = perf_counter() - start, process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    artifact = compilation.artifact
    images = Images([feeds_for(artifact.model)], "random")
    execution = execute_images(artifact, images, verify=True)
    metrics = execution.metrics
    traffic = metrics["traffic"]
    return {
        "network": network,
        "chip": chip.name,
        "equal": metrics["verified"]["equal"],
        "cycles": metrics["cycles"],
        "time_ms": metrics["time_ns"] / 1e6,
        "bound": metrics["bound"],
        "ratio": metrics["cycles"] / metrics["bound"]["cycles"],
        "crossbars": metrics["crossbars"]["used"],
        "cores": metrics["cores"]["used"],
        "memory_bytes": metrics["memory_bytes"]["maps_and_sums"],
        "energy_pj": metrics["energy_pj"]["total"],
        "data_bytes": traffic["data_bytes"],
        "sync_bytes": traffic["sync_bytes"],
        "sync / data": traffic["sync_bytes"] / traffic["data_bytes"],
        "instructions": metrics["instructions"]["static"],
        "setup": artifact.metrics["instructions"]["setup"],
        "compile_s": wall,
        "compile_cpu_s": cpu,
        "simulate_s": metrics["simulator"]["wall_s"],
        "passes_s": dict(compilation.seconds),
        "gap": compilation.gaps.get("balance-pipeline", 0.0),
        "compile_mb": peak / 1e3,
    }


def rows(networks: Sequence[str], chips: Sequence[str]) -> Iterator[Row]:
    """Every network on every chip, with each budget."""
    for network in networks:
        for name in chips:
            chip = CHIPS.load(name)
            if not chip.structure.mesh_columns:
                chip = chip.with_structure(**_LARGE)
            single = measure(network, chip, "area")
            yield {"budget": BUDGETS[0], **single}
            for budget in BUDGETS[1:]:
                some = with_cores(chip, budget * single["cores"])
                yield {"budget": budget, **measure(network, some, "latency")}


def with_cores(chip: Chip, cores: int) -> Chip:
    """The chip with at most so many cores; on a mesh, with rows that are full."""
    structure = chip.structure
    row = structure.mesh_columns or 1
    cores = min(-(-cores // row) * row, structure.cores)
    if not structure.mesh_columns:
        return chip.with_structure(cores=cores)
    memory = cores * (structure.shared_memory_bytes // structure.cores)
    return chip.with_structure(cores=cores, shared_memory_bytes=memory)


def show(found: Sequence[Row], columns: Sequence[str]) -> None:
    """Print rows as a table."""
    table = Table(box=SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, justify="right")
    for row in found:
        table.add_row(*(_text(row[column]) for column in columns))
    Console(width=200).print(table)


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def main(arguments: list[str]) -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--chips", nargs="+", default=("pelke-128", "mesh-128"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    found: list[Row] = []
    columns = (
        *("network", "chip", "budget", "equal", "cycles", "ratio", "crossbars"),
        *("cores", "memory_bytes", "sync / data", "instructions"),
        *("compile_s", "compile_mb", "simulate_s", "gap"),
    )
    for row in rows(options.networks, options.chips):
        found.append(row)
        show([row], columns)
    show(found, columns)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
