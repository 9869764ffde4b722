"""Fixtures for all tests, and the profiles of hypothesis.

``ci`` is the same on every run, ``thorough`` searches on.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.command_line import CommandLine
from tests.support.second_target import SecondTarget

settings.register_profile(
    "ci",
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile(
    "thorough", parent=settings.get_profile("ci"), max_examples=2000, derandomize=False
)
settings.load_profile("ci")


@pytest.fixture
def cimc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """Runs ``cimc`` in process, in an empty folder."""
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> SecondTarget:
    """A second target beside rram, installed for one test."""
    target = SecondTarget()
    target.install(monkeypatch)
    return target
