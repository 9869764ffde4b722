"""Random networks compute what onnxruntime computes, at every level of the way.

The cnn level as imported, the module after every pass of each target and of both
synchronisation schemes, and the encoded program in the simulator: all their feature
maps, integer for integer.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx
import onnx.printer
import pytest
from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from cimc.backends.racetrack.chip import CHIPS as RACETRACK_CHIPS
from cimc.backends.rram.chip import CHIPS as RRAM_CHIPS
from cimc.context import CompilationContext
from cimc.dialects import tile
from cimc.driver.levels import execute, level_of
from cimc.driver.passes import parse_passes, run_passes
from cimc.frontend import import_model
from cimc.golden import Golden
from cimc.target import Chip, get_target
from tests.properties.networks import networks
from tests.support.pipelines import without
from tests.support.qdq import feeds_for


@dataclass(frozen=True)
class Machine:
    """A chip of a target."""

    target: str
    chip: Chip


def rram(**sizes: int) -> Machine:
    """Crossbars so small that most layers need several, side by side and below."""
    chip = RRAM_CHIPS.load("rram-small").with_structure(
        sequence_registers=256, parameter_registers=64, table_registers=16, **sizes
    )
    return Machine("rram", chip)


def racetrack(**sizes: int | str) -> Machine:
    """Tracks so short that most layers need several arrays, and maps several too."""
    small = {
        "banks": 64, "arrays_per_bank": 512, "lanes": 4, "domains": 8, "ports": 2,
        "sequence_registers": 256, "parameter_registers": 256, "table_registers": 64,
        "instruction_memory": 1 << 20, "vector_register_bytes": 512,
        "vector_registers": 16,
    }  # fmt: skip
    chip = RACETRACK_CHIPS.load("mu-64").with_structure(**{**small, **sizes})
    return Machine("racetrack", chip)


CROSSBARS = {
    "two crossbars a core": rram(),
    "one crossbar a core": rram(
        crossbars_per_core=1, rows=9, columns=7, vector_register_bytes=64, cores=1024
    ),
    "seven crossbars a core": rram(
        crossbars_per_core=7, rows=11, columns=5, bus_bytes=4
    ),
    "a mesh of banks": rram(
        cores=128, crossbars_per_core=4, mesh_columns=8, vector_registers=24
    ),
    "cores that share the work": rram(
        crossbars_per_core=200, rows=24, columns=8, cores=2
    ),
    "phases": rram(cores=3, crossbars_per_core=2),
    "phases of single crossbars": rram(
        cores=1, crossbars_per_core=1, rows=11, columns=7, vector_register_bytes=64
    ),
    "phases on a mesh": rram(cores=4, crossbars_per_core=1, mesh_columns=2),
}

TRACKS = {
    "arrays for all blocks": racetrack(),
    "arrays that are stored anew": racetrack(
        banks=4, arrays_per_bank=6, domains=16, ports=4, vector_register_bytes=64
    ),
    "one port, always back to offset 0": racetrack(
        domains=6, ports=1, port_update="eager"
    ),
    "the nearest of three ports": racetrack(domains=12, ports=3, port_policy="nearest"),
    "line buffers of a window or less": racetrack(line_buffer_bytes=64),
    "line buffers of a few columns": racetrack(
        domains=16, lanes=8, line_buffer_bytes=700
    ),
    "line buffers of less than a window": racetrack(line_buffer_bytes=64),
    "line buffers of less than a column": racetrack(
        domains=16, ports=4, lanes=24, port_policy="nearest", line_buffer_bytes=64
    ),
}


def default_way(pipeline: str, chip: Chip) -> str:
    """The pipeline as it is."""
    return pipeline


def balanced(pipeline: str, chip: Chip) -> str:
    """Few copies of each layer; products are cheap, so that others are copied, too."""
    return re.sub(r"(balance[^}]*)mvm=\d+", r"\1mvm=60 limit=3", pipeline)


#: Ways to run layers at the same time, or one after another.
WAYS: dict[str, Callable[[str, Chip], str]] = {
    "default": default_way,
    "columns of one layer on several cores": balanced,
    "one copy of each layer": lambda pipeline, chip: (
        without(pipeline, "balance-pipeline")
    ),
    "in turns": lambda pipeline, chip: pipeline.replace('"auto"', '"cyclic"'),
    "in a line": lambda pipeline, chip: pipeline.replace('"auto"', '"linear"'),
    "whole buffers": lambda pipeline, chip: without(pipeline, "recycle-buffers"),
    "small rings, and parts of one position": lambda pipeline, chip: (
        re.sub("part=[0-9]+", "part=1", pipeline.replace('"auto"', '"linear"'))
        .replace("recycle-buffers{", "recycle-buffers{sums=1 ")
    ),
    "layer by layer": lambda pipeline, chip: (
        without(pipeline, "recycle-buffers")
        .replace('"auto"', '"linear" overlap=false')
    ),
    "core by core": lambda pipeline, chip: (
        without(pipeline, "recycle-buffers").replace('"auto"', '"sequential"')
    ),
}  # fmt: skip


class Reference:
    """An imported model, one image, and what onnxruntime computes of it."""

    def __init__(self, model, seed: int = 0) -> None:
        self.model = import_model(model, name="random")
        feeds = feeds_for(model, seed)
        self.inputs = self.model.host.inputs(0, feeds)
        self.expected = Golden(self.model.quantised).run(feeds, self.model.tensors)

    def check(self, maps, stage: str) -> None:
        """Compare all feature maps that onnxruntime knows, the outputs among them."""
        assert set(self.model.segments[0].border.outputs) <= maps.keys(), stage
        for tensor in self.model.tensors:
            if tensor in maps:
                found = self.model.host.to_onnx(tensor, maps[tensor])
                np.testing.assert_array_equal(
                    found, self.expected[tensor], f"{tensor}, after {stage}"
                )


@pytest.mark.parametrize("machine", CROSSBARS)
@given(model=networks(), way=st.sampled_from(sorted(WAYS)))
def test_every_level_equals_onnxruntime(machine, model, way):
    metrics = check_every_level(CROSSBARS[machine], model, WAYS[way])

    event("phases", len(metrics.get("phases", [0])))
    assert metrics["bound"]["cycles"] <= metrics["cycles"]


@pytest.mark.parametrize("machine", TRACKS)
@given(model=networks())
@settings(max_examples=settings().max_examples // 10)
def test_every_level_on_tracks_equals_onnxruntime(machine, model):
    metrics = check_every_level(TRACKS[machine], model)

    assert metrics["shifts"]["total"] >= metrics["shifts"]["bound"]


def check_counts(module) -> None:
    """Of every sequence as much is signalled as awaited: the next image finds it so."""
    moved: dict[tile.SequenceOp, Counter[str]] = defaultdict(Counter)
    for sweep in module.body.block.ops:
        if isinstance(sweep, tile.SweepOp):
            for op in sweep.body.block.ops:
                if isinstance(op, tile.AwaitOp | tile.SignalOp):
                    times = sweep.positions // op.every
                    moved[op.sequence_op][op.name] += times * op.by
    for counts in moved.values():
        assert counts["tile.signal"] == counts["tile.await"]


def check_every_level(
    machine: Machine,
    model,
    way: Callable[[str, Chip], str] = default_way,
):
    """Compare after every pass; the metrics of the program in the end."""
    target, chip = get_target(machine.target), machine.chip
    note(onnx.printer.to_text(model))
    reference = Reference(model)
    module, weights = reference.model.module, reference.model.weights
    target.attach_chip(module, chip)

    def check(stage: str) -> None:
        maps = execute(module, weights, target, chip, reference.inputs)
        reference.check(maps, stage)

    check("import")
    context = CompilationContext(weights=weights)
    default = target.pipeline(chip, "latency")
    pipeline = way(default, chip)
    assert (pipeline == default) == (way is default_way)
    for pass_ in parse_passes(pipeline):
        run_passes(module, context, [pass_])
        check(pass_.name)
        if pass_.name == "insert-sync":
            check_counts(module)
        if pass_.name == "im2col-partition":
            for layer in module.body.block.ops:
                if layer.name == "tile.layer" and layer.kind.data == "conv":
                    several = [layer.p_v.value.data > 1, layer.p_h.value.data > 1]
                    event("P_V, P_H > 1", several)
    assert level_of(module) == "isa"
    program = target.encode(module)
    return target.simulator(program, weights, chip).run(reference.inputs).metrics
