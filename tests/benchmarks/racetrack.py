"""``python -m tests.benchmarks.racetrack``: placements on racetrack memory compared.

Every network is compiled for the chip mu-64 and variants of it, and one image is
simulated, with every feature map compared with onnxruntime:

- ``naive``: one port per track that returns after each access (eager), rows of weights
  and columns of maps in order of their numbers. Our compiler makes this program, too;
  with one port the interleaved order is that one.
- ``shifts-reduce``: one port that stays (lazy), and the placement of the published
  heuristic; see shifts_reduce.py for what of it is ours. Its shifts are counted on the
  accesses of the naive program, which it cannot reorder; the same count for the naive
  placement is checked to be what the simulator finds.
- ``one port``: our compiler for the same port, which turns round at the end of a pass
  over weights or columns instead of starting over.
- ``ours``: our compiler for mu-64 as it is, with four ports.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from onnx import ModelProto
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cimc.backends.racetrack.chip import CHIPS, Chip
from cimc.driver import Artifact, Images, execute_images
from cimc.driver.compilation import compile_imported
from cimc.driver.inputs import random_images
from cimc.driver.machines import Machine
from cimc.frontend import import_model
from cimc.target import get_target
from tests.benchmarks.shifts_reduce import (
    accesses_of,
    eager_shifts,
    lazy_shifts,
    shifts_reduce,
)
from tests.support import floats
from tests.support.shipped import MODELS, images

ENERGIES = ("total", "shift", "sense", "write", "mac", "transfer", "leakage")
CALIBRATION = 16
WIDTH = 100


def variants() -> dict[str, Chip]:
    """The chips that programs are compiled for."""
    chip = CHIPS.load("mu-64")
    one = chip.with_structure(ports=1, instruction_memory=1_000_000)
    return {
        "naive": one.with_structure(port_update="eager"),
        "one port": one,
        "ours": chip,
    }


@dataclass(frozen=True)
class Network:
    """A shipped model, or a float model that random images will do for."""

    name: str
    source: Path | ModelProto
    shipped: str = ""

    def compile(self, chip: Chip) -> Artifact:
        """The program for a chip."""
        calibration = None
        if isinstance(self.source, ModelProto):
            found = random_images(self.source, CALIBRATION)
            calibration = {"image": np.concatenate([f["image"] for f in found.feeds])}
        model = import_model(self.source, calibration=calibration, name=self.name)
        machine = Machine(get_target("racetrack"), chip)
        return compile_imported(model, machine, import_seconds=0).artifact

    def image(self, artifact: Artifact) -> Images:
        """One image."""
        if self.shipped:
            return images(artifact, self.shipped, count=1)
        return random_images(artifact.model)


NETWORKS = (
    Network("LeNet-5", MODELS / "lenet5_int8.onnx", "lenet5"),
    Network("ResNet-8", MODELS / "resnet8_int8.onnx", "resnet8"),
    Network("separable", floats.separable()),
)


def simulated(network: Network, artifact: Artifact) -> Mapping[str, Any]:
    """Metrics of one image; all feature maps must be equal to the golden's."""
    found = execute_images(artifact, network.image(artifact), verify=True)
    assert found.verified is not None
    assert found.verified.equal, found.verified.first
    return found.metrics


def numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    """What the tables show of a run."""
    energies = metrics["energy_pj"]
    return {
        "shifts": metrics["shifts"]["total"],
        "bound": metrics["shifts"]["bound"],
        "cycles": metrics["cycles"],
        **{f"energy uJ, {name}": energies[name] / 1e6 for name in ENERGIES},
        "area mm2": metrics["area_mm2"]["total"],
        "instructions": metrics["instructions"]["static"],
    }


def counted(artifact: Artifact, naive: Mapping[str, float]) -> dict[str, float]:
    """Shifts of the ShiftsReduce placement on the accesses of the naive program."""
    traces = accesses_of(artifact.target.decode(artifact.program)).values()
    assert sum(map(eager_shifts, traces)) == naive["shifts"]
    shifts = sum(lazy_shifts(trace, shifts_reduce(trace)) for trace in traces)
    return {"shifts": shifts, "bound": naive["bound"]}


def collect() -> dict[str, Any]:
    """All measurements, by what is measured."""
    placements: dict[str, dict[str, dict[str, float]]] = {}
    layers: dict[str, dict[str, dict[str, float]]] = {}
    seconds: dict[str, dict[str, float]] = {}
    for network in NETWORKS:
        rows = placements[network.name] = {}
        for name, chip in variants().items():
            start = process_time()
            artifact = network.compile(chip)
            compiling = process_time() - start
            metrics = simulated(network, artifact)
            rows[name] = numbers(metrics)
            if name == "naive":
                rows["shifts-reduce"] = counted(artifact, rows[name])
            elif name == "ours" and network.shipped:
                layers[network.name] = {
                    row["name"]: {"shifts": row["shifts"], "bound": row["shift_bound"]}
                    for row in metrics["layers"]
                }
                seconds[network.name] = {
                    "compile": compiling,
                    "simulate one image": simulation_seconds(network, artifact),
                }
        for row in rows.values():
            row["shifts / bound"] = row["shifts"] / row["bound"]
            row["naive / this"] = rows["naive"]["shifts"] / row["shifts"]
    for found in layers.values():
        for row in found.values():
            row["ratio"] = row["shifts"] / row["bound"] if row["bound"] else 1.0
    return {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "placements": placements,
        "layers": layers,
        "seconds": seconds,
    }


def simulation_seconds(network: Network, artifact: Artifact) -> float:
    """CPU seconds to load the program and run an image, with machine code loaded."""
    image = network.image(artifact)
    start = process_time()
    execute_images(artifact, image, verify=False)
    return process_time() - start


def show(found: Mapping[str, Any], console: Console) -> None:
    """The tables, and the ratio that the README quotes."""
    console.print(found["machine"])
    for network, rows in found["placements"].items():
        title = f"{network}, one image; shifts-reduce: counted on the trace"
        console.print(_table(title, _transposed(rows)))
    for network, rows in found["layers"].items():
        console.print(_table(f"{network} on mu-64, by layer", rows))
    console.print(_table("CPU seconds, machine code loaded", found["seconds"]))
    for network, rows in found["placements"].items():
        ratio = rows["ours"]["naive / this"]
        console.print(f"{network}: shifts naive / ours = {ratio:.1f}")


def _transposed(rows: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Columns as rows, in the order of the columns of the fullest row."""
    keys = max(rows.values(), key=len)
    return {
        key: {name: row[key] for name, row in rows.items() if key in row}
        for key in keys
    }


def _table(title: str, rows: Mapping[str, Mapping[str, float]]) -> Table:
    """One line per row; what a row lacks stays empty."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    columns = dict.fromkeys(key for row in rows.values() for key in row)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for name, row in rows.items():
        cells = (_text(row[key]) if key in row else "" for key in columns)
        table.add_row(name, *cells)
    return table


def _text(value: float) -> str:
    """Integers with their thousands apart, others with three decimals."""
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"
    return text.replace(",", " ")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Placements on racetrack memory.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write it as JSON")
    options = parser.parse_args()
    measured = collect()
    show(measured, Console(width=WIDTH))
    if options.json is not None:
        options.json.write_text(json.dumps(measured, indent=2) + "\n")
