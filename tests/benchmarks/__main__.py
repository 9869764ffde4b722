"""``python -m tests.benchmarks``: measure, and print tables or (--json) a document."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks import measure
from tests.support.shipped import compiled

CHIPS = ("pelke-32", "pelke-128")
IMAGES = 16


def collect() -> dict[str, Any]:
    """All measurements, by what is measured."""
    runs = [(network, chip) for network in measure.NETWORKS for chip in CHIPS]
    return {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "start-up": measure.start_up(),
        "simulator's machine code": measure.machine_code(),
        "compilation": {
            f"{network} on {chip}": measure.compilation(network, chip)
            for network, chip in runs
        },
        "simulation": {
            f"{network} on {chip}": measure.simulation(
                compiled(network, chip), network, IMAGES
            )
            for network, chip in runs
        },
    }


def show(found: Mapping[str, Any], console: Console) -> None:
    """One table per group; numbers have three significant digits."""
    console.print(found["machine"])
    for group, rows in found.items():
        if group == "machine":
            continue
        flat = {name: _flat(numbers) for name, numbers in rows.items()}
        table = Table(title=group, title_justify="left")
        table.add_column("", no_wrap=True)
        for name in flat:
            table.add_column(name, justify="right")
        for key in dict.fromkeys(key for numbers in flat.values() for key in numbers):
            cells = (numbers.get(key) for numbers in flat.values())
            table.add_row(key, *(f"{x:.3g}" if x is not None else "" for x in cells))
        console.print(table)


def _flat(numbers: Mapping[str, Any]) -> dict[str, float]:
    """Numbers of nested groups, the seconds of passes among them."""
    flat: dict[str, float] = {}
    for key, value in numbers.items():
        if isinstance(value, Mapping):
            flat |= {f"  {name} s": seconds for name, seconds in value.items()}
        else:
            flat[key] = value
    return flat


if __name__ == "__main__":
    measured = collect()
    show(measured, Console(stderr=True))
    if "--json" in sys.argv:
        print(json.dumps(measured, indent=2))
