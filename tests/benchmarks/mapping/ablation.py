"""``ablation``: what each pass is good for, by leaving it out.

A network at full size on a preset, one image, compared with onnxruntime. A number with
× is times that of the whole pipeline.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from cimc.backends.rram.chip import CHIPS
from cimc.backends.rram.pipeline import pipeline
from tests.benchmarks.mapping.whole import Row, measure, show
from tests.support.pipelines import without

Change = Callable[[str], str]


def no(name: str) -> Change:
    """Leave a pass out."""
    return lambda text: without(text, name)


def scheme(options: str) -> Change:
    """Other options of ``insert-sync`` in place of its scheme."""
    return lambda text: text.replace('scheme="auto"', options)


def both(one: Change, other: Change) -> Change:
    """One change after the other."""
    return lambda text: other(one(text))


#: Rings need layers that run at the same time.
_WHOLE = no("recycle-buffers")

CHANGES: dict[str, Change] = {
    "all passes": lambda text: text,
    "no fuse-tables": no("fuse-tables"),
    "no fuse-sweeps": no("fuse-sweeps"),
    "no slide-windows": no("slide-windows"),
    "no balance-pipeline": no("balance-pipeline"),
    "no chains on one core": lambda text: re.sub(
        "registers=[0-9]+", "registers=0", text
    ),
    "no recycle-buffers": _WHOLE,
    "linear": scheme('scheme="linear"'),
    "cyclic": scheme('scheme="cyclic"'),
    "layer by layer": both(_WHOLE, scheme('scheme="auto" overlap=false')),
    "core by core": both(_WHOLE, scheme('scheme="sequential" overlap=false')),
}
#: What is shown as times that of the whole pipeline.
RATIOS = ("cycles", "memory_bytes", "data_bytes", "sync_bytes", "energy_pj")


def rows(network: str, chip_name: str) -> Iterator[Row]:
    """The whole pipeline, then each change of it."""
    chip = CHIPS.load(chip_name)
    text = pipeline(chip)
    base: Row | None = None
    for name, change in CHANGES.items():
        changed = change(text)
        assert (changed == text) == (base is None), f"{name} changes nothing"
        row = {"left out": name, **measure(network, chip, pipeline=changed)}
        base = base or row
        ratios = {f"× {key}": row[key] / max(base[key], 1) for key in RATIOS}
        yield {**row, **ratios}


def main(arguments: list[str]) -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=("resnet18", "squeezenet1.0"))
    parser.add_argument("--chips", nargs="+", default=("pelke-128", "mesh-128"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    columns = ("network", "chip", "left out", "equal", "cycles", "crossbars", "cores")
    found: list[Row] = []
    for network in options.networks:
        for chip in options.chips:
            some = list(rows(network, chip))
            show(some, (*columns, *(f"× {key}" for key in RATIOS), "compile_s"))
            found += some
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
