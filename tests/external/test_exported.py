"""Networks that PyTorch exported equal onnxruntime on the device.

``pytest -m external tests/external/test_exported.py`` behind
:mod:`tests.external.export`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import load

from cimc.frontend import import_model
from tests.external.models import exported
from tests.support.trial import quietly, try_on

pytestmark = pytest.mark.external

CHIPS = {"rram": "pelke-128", "racetrack": "mu-64-large"}

#: Attention multiplies maps, and much of these networks is that.
_HYBRID = {"mobilevit_xxs", "edgenext_xx_small", "efficientformerv2_s0"}
_HYBRID |= {"visformer_tiny", "gmixer_12_224"}


@pytest.mark.parametrize("target", CHIPS)
@pytest.mark.parametrize(
    "path", sorted(exported().glob("*.onnx")), ids=lambda p: p.stem
)
def test_it_equals_onnxruntime_on_the_device(path: Path, target: str) -> None:
    (image,) = load(path).graph.input
    shape = [dim.dim_value for dim in image.type.tensor_type.shape.dim]
    images = np.random.default_rng(0).normal(size=(4, *shape)).astype(np.float32)
    model = quietly(import_model, path, calibration={image.name: images[:, 0]})

    trial = try_on(model, target, [{image.name: images[0]}], CHIPS[target])

    assert trial.result == "equal", trial.why
    assert trial.share >= (0.9 if path.stem in _HYBRID else 0.99)
