"""Random networks at the tile level compute several images as onnxruntime does each."""

import numpy as np
import pytest
from hypothesis import given, settings

from cimc.context import CompilationContext
from cimc.driver.levels import level_of
from cimc.driver.passes import parse_passes, run_passes
from cimc.frontend import import_model
from cimc.golden import Golden
from cimc.interpreters import tile
from cimc.target import get_target
from tests.properties.networks import networks
from tests.properties.test_every_level import CROSSBARS, TRACKS
from tests.support.qdq import feeds_for

MACHINES = {
    "rram": CROSSBARS["seven crossbars a core"],
    "racetrack": TRACKS["arrays for all blocks"],
}


@pytest.mark.parametrize("target", MACHINES)
@given(model=networks())
@settings(max_examples=settings().max_examples // 5)
def test_images_are_computed_each_alone(target, model):
    imported = import_model(model, name="random")
    (segment,), tensors = imported.segments, imported.tensors
    module, chip = segment.module, MACHINES[target].chip
    backend, context = get_target(target), CompilationContext(weights=imported.weights)
    backend.attach_chip(module, chip)
    feeds = [feeds_for(model, seed) for seed in range(3)]
    inputs = [imported.host.inputs(0, images) for images in feeds]
    together = {tensor: np.stack([i[tensor] for i in inputs]) for tensor in inputs[0]}
    golden = Golden(imported.quantised)
    expected = [golden.run(images, tensors) for images in feeds]

    checked = 0
    for pass_ in parse_passes(backend.pipeline(chip, "latency")):
        run_passes(module, context, [pass_])
        if level_of(module) != "tile":
            continue
        maps = tile.interpret_images(module, imported.weights, together)
        for tensor in tensors:
            for number, image in enumerate(expected) if tensor in maps else ():
                found = imported.host.to_onnx(tensor, maps[tensor][number])
                np.testing.assert_array_equal(found, image[tensor], tensor)
                checked += 1
    assert checked
