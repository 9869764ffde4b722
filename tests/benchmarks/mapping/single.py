"""Single layers, compiled for a chip and run, with every element compared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cimc.backends.rram.chip import CHIPS, Chip
from cimc.context import CompilationContext
from cimc.driver.passes import parse_passes, run_passes
from cimc.frontend import import_model
from cimc.golden import Golden
from cimc.target import get_target
from tests.benchmarks.mapping.layers import Shape
from tests.support.qdq import feeds_for

SCHEMES = ("sequential", "linear", "cyclic", "auto")


def chip(crossbar: int, **changes: int) -> Chip:
    """The preset with square crossbars of that size, and as many cores as it takes.

    ``mvm`` changes the cycles of an MVM, everything else is a size.
    """
    mvm = changes.pop("mvm", None)
    preset = CHIPS.load(f"pelke-{crossbar}").with_structure(cores=65536, **changes)
    if mvm is None:
        return preset
    cycles = preset.timing.mvm.model_copy(update={"value": mvm})
    timing = preset.timing.model_copy(update={"mvm": cycles})
    return preset.model_copy(update={"timing": timing})


@dataclass
class Result:
    """What a run of a layer took."""

    cycles: int
    data: int
    sync: int
    bus: int
    """Cycles in which the bus was busy."""

    @property
    def load(self) -> float:
        """Part of the time that the bus was busy."""
        return self.bus / self.cycles

    def row(self) -> dict[str, Any]:
        """The numbers by name."""
        return {
            "cycles": self.cycles,
            "sync / data": self.sync / self.data,
            "sync / all": self.sync / (self.sync + self.data),
            "bus load": self.load,
        }


def run(shape: Shape, chips: Iterable[Chip], scheme: str) -> list[Result]:
    """Compile a layer for chips that differ in their bus, run it, check its values.

    Raises:
        AssertionError: an element of the OFM is not what onnxruntime computes.
    """
    target = get_target("rram")
    imported = import_model(shape.model, name=str(shape))
    feeds = feeds_for(shape.model)
    expected = Golden(imported.quantised).run(feeds, imported.tensors)
    inputs = imported.host.inputs(0, feeds)
    context = CompilationContext(weights=imported.weights)
    placed = None
    results: list[Result] = []
    for machine in chips:
        first, others = _pipeline(machine, scheme)
        if placed is None:
            placed = imported.module
            run_passes(placed, context, parse_passes(first), verify=False)
        module = placed.clone()
        target.attach_chip(module, machine)
        run_passes(module, context, parse_passes(others), verify=False)
        program = target.encode(module)
        found = target.simulator(program, imported.weights, machine).run(inputs)
        for tensor in imported.segments[0].border.outputs:
            values = imported.host.to_onnx(tensor, found.feature_maps[tensor])
            np.testing.assert_array_equal(values, expected[tensor], str(shape))
        metrics = found.metrics
        traffic = metrics["traffic"]
        results.append(
            Result(
                metrics["cycles"],
                traffic["data_bytes"],
                traffic["sync_bytes"],
                metrics["busy"]["bus"],
            )
        )
    return results


def _pipeline(machine: Chip, scheme: str) -> tuple[str, str]:
    """The passes that do not depend on the bus, and the others."""
    text = get_target("rram").pipeline(machine, "area")
    text = text.replace('scheme="auto"', f'scheme="{scheme}"')
    first, recycle, others = re.split(r",(recycle-buffers[^,]*),", text)
    return first, others if scheme == "sequential" else f"{recycle},{others}"
