"""How the scaling study reads its measurements, and the chips that it takes."""

from __future__ import annotations

import pytest

from tests.benchmarks.mapping.scaling import EFFORTS, exponents, grown


def test_exponents_are_slopes_of_logarithms():
    sizes = (100, 1000, 10_000)
    rows = [
        {"crossbars": n, **dict.fromkeys(EFFORTS, 7.0), "compile_s": 3e-3 * n**1.25}
        for n in sizes
    ]
    for row in exponents(rows):
        assert row["compile_s"] == pytest.approx(1.25)
        assert row["load_s"] == pytest.approx(0)
    whole, last = exponents(rows)
    assert 1.1 < last["n log n"] < whole["n log n"] < 1.2


@pytest.mark.parametrize("crossbars", [100, 1000, 10_000, 100_000])
def test_chips_grow_along(crossbars):
    chip = grown(crossbars)
    structure = chip.structure
    room = structure.cores * structure.crossbars_per_core
    assert crossbars < room < 2 * crossbars + 1600
    assert structure.cores == structure.mesh_columns**2
    assert structure.shared_memory_bytes == structure.cores << 16
