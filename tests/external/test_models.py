"""Third-party models compile, equal onnxruntime, and run on the device.

``pytest -m external tests/external`` after ``python -m tests.external.fetch``.
"""

from __future__ import annotations

import pytest

from tests.external.fetch import fetched
from tests.external.models import MODELS
from tests.external.trials import trial_of

pytestmark = pytest.mark.external


@pytest.mark.parametrize(
    ("name", "target"), [(n, t) for n, model in MODELS.items() for t in model.chips]
)
def test_it_equals_onnxruntime_on_the_device(name: str, target: str) -> None:
    if not fetched(name):
        pytest.skip("python -m tests.external.fetch has not fetched it")
    trial = trial_of(name, target)

    assert trial.result == "equal", trial.why
    assert trial.share >= MODELS[name].share
