"""The time of the bus, against the simulator's."""

import numpy as np
import pytest

from cimc.backends.rram.chip import CHIPS
from cimc.context import CompilationContext
from cimc.dialects import tile
from cimc.driver.passes import parse_passes, run_passes
from cimc.frontend import import_model
from cimc.passes.tile.bus_time import BusTime, signals
from cimc.target import get_target
from tests.support.qdq import QdqBuilder, feeds_for

CHIP = CHIPS.load("rram-small").with_structure(bus_bytes=4, rows=64)


def layers(channels: int, kernel: int, columns: int, number: int = 1):
    """Convolutions one behind the other, each of one row block."""
    builder = QdqBuilder()
    x = builder.input([1, channels, 7, columns], 0.1, 3)
    weights = np.ones((channels, channels, kernel, kernel), np.int8)
    for _ in range(number):
        x = builder.dense("Conv", x, weights, 0.01, None, 0.1, 3)
    return builder.model(x)


def compiled(model):
    """The sweeps that are to be balanced, and cycles in which the bus is busy."""
    target, imported = get_target("rram"), import_model(model)
    context = CompilationContext(weights=imported.weights)
    first, others = target.pipeline(CHIP, "area").split("cut-phases")
    target.attach_chip(imported.module, CHIP)
    run_passes(imported.module, context, parse_passes(first.rstrip(",")), verify=False)
    sweeps = [op for op in imported.module.clone().ops if isinstance(op, tile.SweepOp)]
    others = parse_passes("cut-phases" + others)
    run_passes(imported.module, context, others, verify=False)
    program = target.encode(imported.module)
    simulator = target.simulator(program, imported.weights, CHIP)
    found = simulator.run(imported.host.inputs(0, feeds_for(model)))
    return sweeps, found.metrics["busy"]["bus"]


@pytest.mark.parametrize(
    ("channels", "kernel", "slides"), [(4, 1, False), (2, 3, True), (6, 3, True)]
)
def test_one_layer_takes_the_time_of_its_positions_and_rows(channels, kernel, slides):
    (sweep,), busy = compiled(layers(channels, kernel, 12))
    time = BusTime(CHIP.structure.bus_bytes, 1)
    assert (time.of_rows(sweep) > 0) == slides
    assert busy == time.of_positions(sweep) + time.of_rows(sweep)


def test_layers_signal_every_row_and_its_end():
    (first, second), busy = compiled(layers(4, 1, 7, number=2))
    time = BusTime(CHIP.structure.bus_bytes, 1)
    moved = time.of_positions(first) + time.of_positions(second)
    assert signals([first], second) == 2 * 7
    assert busy == moved + signals([first], second)
