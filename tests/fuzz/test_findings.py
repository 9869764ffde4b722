"""What fuzzing has found stays fixed, and a short search finds nothing new.

``python -m tests.fuzz`` searches for long, led by coverage.
"""

from __future__ import annotations

from itertools import cycle, islice
from pathlib import Path

import pytest

from tests.fuzz.mutations import flip
from tests.fuzz.surfaces import SURFACES

FINDINGS = sorted((Path(__file__).parent / "findings").iterdir())

#: Changed examples per surface.
INPUTS = 60


@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: path.name)
def test_a_finding_gives_nothing_but_a_diagnostic(path: Path) -> None:
    SURFACES[path.name.split("-")[0]].accept(path.read_bytes())


@pytest.mark.parametrize("name", SURFACES)
def test_examples_are_read(name: str) -> None:
    surface = SURFACES[name]

    assert any(surface.accept(seed) is None for seed in surface.seeds())


@pytest.mark.parametrize("name", SURFACES)
def test_changed_examples_give_nothing_but_diagnostics(name: str) -> None:
    surface = SURFACES[name]
    mutate = surface.mutate or flip
    for number, seed in enumerate(islice(cycle(surface.seeds()), INPUTS)):
        surface.accept(mutate(seed, number))
