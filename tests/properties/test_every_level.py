"""Random networks compute what onnxruntime computes, at every level of the way.

The cnn level as imported, the module after every pass of both synchronisation schemes
and the encoded program in the simulator: all their feature maps, integer for integer.
"""

from __future__ import annotations

import numpy as np
import onnx
import onnx.printer
import pytest
from hypothesis import event, given, note
from hypothesis import strategies as st

from cimc.backends.rram.chip import CHIPS
from cimc.context import CompilationContext
from cimc.driver.levels import execute, level_of
from cimc.driver.passes import parse_passes, run_passes
from cimc.frontend import import_model
from cimc.golden import Golden
from cimc.target import get_target
from tests.properties.networks import networks
from tests.support.qdq import feeds_for

RRAM = get_target("rram")
SMALL = CHIPS.load("rram-small").with_structure(
    sequence_registers=256, parameter_registers=64, table_registers=16
)

#: Crossbars so small that most layers need several, side by side and below each other.
CHIPS = {
    "two crossbars a core": SMALL,
    "one crossbar a core": SMALL.with_structure(
        crossbars_per_core=1, rows=9, columns=7, vector_register_bytes=64, cores=1024
    ),
    "seven crossbars a core": SMALL.with_structure(
        crossbars_per_core=7, rows=11, columns=5, bus_bytes=4
    ),
    "cores that share the work": SMALL.with_structure(
        crossbars_per_core=200, rows=24, columns=8, cores=2
    ),
}


class Reference:
    """An imported model, one image, and what onnxruntime computes of it."""

    def __init__(self, model) -> None:
        self.model = import_model(model, name="random")
        feeds = feeds_for(model)
        self.inputs = self.model.host.prologue(feeds)
        self.expected = Golden(self.model.quantised).run(feeds, self.model.tensors)

    def check(self, maps, stage: str) -> None:
        """Compare all feature maps that onnxruntime knows, the outputs among them."""
        assert set(self.model.outputs) <= maps.keys(), stage
        for tensor in self.model.tensors:
            if tensor in maps:
                found = self.model.host.to_onnx(tensor, maps[tensor])
                np.testing.assert_array_equal(
                    found, self.expected[tensor], f"{tensor}, after {stage}"
                )


@pytest.mark.parametrize("machine", CHIPS)
@given(model=networks(), scheme=st.sampled_from(["linear", "sequential"]))
def test_every_level_equals_onnxruntime(machine, model, scheme):
    chip = CHIPS[machine]
    note(onnx.printer.to_text(model))
    reference = Reference(model)
    module, weights = reference.model.module, reference.model.weights
    RRAM.attach_chip(module, chip)

    def check(stage: str) -> None:
        maps = execute(module, weights, RRAM, chip, reference.inputs)
        reference.check(maps, stage)

    check("import")
    context = CompilationContext(weights=weights)
    pipeline = RRAM.pipeline(chip).replace('"linear"', f'"{scheme}"')
    for pass_ in parse_passes(pipeline):
        run_passes(module, context, [pass_])
        check(pass_.name)
        if pass_.name == "im2col-partition":
            for layer in module.body.block.ops:
                if layer.name == "tile.layer" and layer.kind.data == "conv":
                    several = [layer.p_v.value.data > 1, layer.p_h.value.data > 1]
                    event("P_V, P_H > 1", several)
    assert level_of(module) == "isa"
