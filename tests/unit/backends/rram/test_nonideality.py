"""Non-ideal cells and converters against closed forms, and repairs against all ways."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import yaml

from cimc.backends.rram.chip import CHIPS
from cimc.backends.rram.nonideality import NONIDEALITIES, Nonidealities
from cimc.backends.rram.repair import compensated, remapped
from cimc.backends.rram.simulator.analogue import execute_analogue_mvm, seed_noise
from cimc.backends.rram.simulator.specimen import Crossbars
from cimc.backends.rram.slices import Slices
from cimc.diagnostics import InputError
from cimc.driver import Session
from cimc.target import Specimen
from tests.support.shipped import compiled, images

CHIP = CHIPS.load("pelke-32")
DRAWS = 10_000
#: Deviations from a closed form that are taken for chance.
SIGMAS = 3.0


def described(converter: dict | None = None, **cells: float) -> Nonidealities:
    """Ideal devices but for what is given."""
    values = NONIDEALITIES.load("none").model_dump()
    for name, value in cells.items():
        values["cells"][name]["value"] = value
    values["converter"] = converter or {"kind": "ideal"}
    return NONIDEALITIES.validated(values, "test")


def block_and_input(seed: int, rows: int = 24, columns: int = 6):
    random = np.random.default_rng(seed)
    block = random.integers(-128, 128, (rows, columns)).astype(np.int8)
    return block, random.integers(0, 256, rows).astype(np.uint8)


def products(crossbars: Crossbars, block, source, count: int, *, unsigned: bool = True):
    """So many products, each of cells programmed anew."""
    analogue, inputs = crossbars.analogue(), np.zeros(source.size, np.int16)
    currents = np.zeros((2, block.shape[1]))
    found = np.zeros((count, block.shape[1]), np.int32)
    for draw in range(count):
        cells = crossbars.program(block, draw, 0, 0).ravel()
        execute_analogue_mvm(
            *(cells, 0, *block.shape, source, unsigned),
            *(inputs, analogue, currents, found[draw]),
        )
    return found


def agrees(found, mean, variance):
    """Whether draws (draws, …) have that mean and variance, within chance."""
    count = len(found)
    means = np.abs(found.mean(0) - mean) / np.sqrt(variance / count)
    # The variance of n normal numbers has a standard deviation of √(2 / n) of it.
    spreads = np.abs(found.var(0) / variance - 1) / np.sqrt(2 / count)
    # The most of several deviations.
    likely = SIGMAS + np.sqrt(2 * np.log(found[0].size)) / 2
    return means.max() < likely and spreads.max() < likely


@pytest.mark.parametrize("dac_bits", [1, 2])
@pytest.mark.parametrize("cell_bits", [1, 2, 4])
def test_programming_variation_has_its_closed_form(cell_bits, dac_bits):
    """Var = Σ x² · 2 Σ 4^(bits·k) · (σ M)², and 1/12 of rounding."""
    chip = CHIP.with_structure(cell_bits=cell_bits, dac_bits=dac_bits)
    slices = Slices.of(chip)
    block, source = block_and_input(1)
    found = products(
        Crossbars(chip, Specimen(described(programming=0.02), 5)), block, source, DRAWS
    )
    x = source.astype(np.int64)
    places = 2 * np.sum(slices.places.astype(np.float64) ** 2)
    variance = np.sum(x**2) * places * (0.02 * slices.highest) ** 2 + 1 / 12
    assert agrees(found, x @ block.astype(np.int64), np.full(block.shape[1], variance))


@pytest.mark.parametrize("dac_bits", [1, 3, 8])
@pytest.mark.parametrize("unsigned", [True, False])
def test_read_noise_has_its_closed_form(dac_bits, unsigned):
    """Each digit is read by itself: Σ (digit · place)² takes the place of x²."""
    chip = CHIP.with_structure(dac_bits=dac_bits)
    slices = Slices.of(chip)
    block, source = block_and_input(2)
    seed_noise(3)
    crossbars = Crossbars(chip, Specimen(described(read_noise=0.05), 0))
    found = products(crossbars, block, source, DRAWS, unsigned=unsigned)
    x = source.astype(np.int64) if unsigned else source.view(np.int8).astype(np.int64)
    base = 1 << dac_bits
    digits = [(np.abs(x) // base**k % base) * base**k for k in range(8)]
    places = 2 * np.sum(slices.places.astype(np.float64) ** 2)
    energy = float(sum(np.sum(digit.astype(np.float64) ** 2) for digit in digits))
    variance = energy * places * (0.05 * slices.highest) ** 2 + 1 / 12
    assert agrees(found, x @ block.astype(np.int64), np.full(block.shape[1], variance))


def converted(chip, block, x, share: float, *, unsigned: bool):
    """What converters make of each line, in plain numpy."""
    slices = Slices.of(chip)
    levels = slices.levels(block)
    base, codes = 1 << chip.structure.dac_bits, 1 << chip.structure.adc_bits
    largest = chip.structure.rows * slices.highest * (base - 1)
    step = max(1.0, share * largest / (codes - 1))
    low = 0 if unsigned else -(codes // 2)
    total = np.zeros(block.shape[1])
    for digit in range(-(-8 // chip.structure.dac_bits)):
        driven = np.sign(x) * (np.abs(x) // base**digit % base)
        for index in range(slices.count):
            for sign in (0, 1):
                line = driven @ levels[index, sign]
                code = np.clip(np.rint(line / step), low, low + codes - 1)
                place = base**digit * slices.places[index] * (1, -1)[sign]
                total += place * step * code
    return np.rint(total).astype(np.int64)


@pytest.mark.parametrize("unsigned", [True, False])
@pytest.mark.parametrize("share", [0.2, 1.0])
@pytest.mark.parametrize("adc_bits", [3, 5, 16])
def test_finite_converters_round_and_clip(adc_bits, share, unsigned):
    chip = CHIP.with_structure(adc_bits=adc_bits)
    block, source = block_and_input(4)
    crossbars = Crossbars(
        chip, Specimen(described({"kind": "finite", "range": share}), 0)
    )
    (found,) = products(crossbars, block, source, 1, unsigned=unsigned)
    x = source.astype(np.int64) if unsigned else source.view(np.int8).astype(np.int64)
    wanted = converted(chip, block, x, share, unsigned=unsigned)
    assert found.tolist() == wanted.tolist()
    exact = (found == x @ block.astype(np.int64)).all()
    assert exact if adc_bits == 16 else adc_bits == 5 or not exact


def test_drift_lowers_all_levels():
    block, source = block_and_input(5)
    (found,) = products(
        Crossbars(CHIP, Specimen(described(drift=0.1, age=100.0), 0)), block, source, 1
    )
    exact = source.astype(np.int64) @ block.astype(np.int64)
    assert np.abs(found - exact * 100**-0.1).max() <= 0.5 + 1e-6 * np.abs(exact).max()


def test_cells_are_stuck_as_often_as_described():
    nonidealities = described(stuck_low=0.03, stuck_high=0.01)
    maps = [
        Crossbars(CHIP, Specimen(nonidealities, 7)).stuck(core, 0) for core in range(40)
    ]
    found = np.stack(maps)
    highest = Slices.of(CHIP).highest
    for level, rate in ((0, 0.03), (highest, 0.01)):
        deviation = np.sqrt(found.size * rate * (1 - rate))
        assert abs(np.sum(found == level) - found.size * rate) < SIGMAS * deviation
    assert set(np.unique(found)) == {-1, 0, highest}


def test_stuck_cells_belong_to_the_place_and_the_chip():
    nonidealities = described(stuck_low=0.1)
    first, again = (Crossbars(CHIP, Specimen(nonidealities, 1)) for _ in range(2))
    other = Crossbars(CHIP, Specimen(nonidealities, 2))
    assert (first.stuck(3, 0) == again.stuck(3, 0)).all()
    assert (first.stuck(3, 0) != first.stuck(4, 0)).any()
    assert (first.stuck(3, 0) != other.stuck(3, 0)).any()


def test_a_part_of_a_chip_has_the_faults_of_its_cores():
    nonidealities = described(stuck_low=0.03, stuck_high=0.01)
    block = np.ones((4, 4), np.int8)
    whole = Crossbars(CHIP, Specimen(nonidealities, 7))
    part = Crossbars(CHIP, Specimen(nonidealities, 7, first=5))
    for core in (0, 2):
        given = part.program(block, 0, core, 0)
        assert np.array_equal(given, whole.program(block, 0, core + 5, 0))
    assert part.noise_seed(0) != whole.noise_seed(0)


def error(block, stuck, slices):
    """Sum of squared errors of weights with stuck cells."""
    levels = np.where(stuck >= 0, stuck, slices.levels(block))
    return int(np.sum((slices.weights(levels) - block.astype(np.int64)) ** 2))


@pytest.mark.parametrize("seed", range(5))
def test_remapping_is_the_best_of_all_columns_and_of_all_rows(seed):
    slices = Slices(2, 2)
    random = np.random.default_rng(seed)
    block = random.integers(-15, 16, (3, 3)).astype(np.int8)
    stuck = random.choice([-1, -1, -1, 0, 3], (2, 2, 4, 4)).astype(np.int8)
    rows, columns = remapped(block, stuck, slices)
    assert len(set(rows)) == len(set(columns)) == 3

    def at(some_rows, some_columns):
        return error(block, stuck[:, :, some_rows][..., some_columns], slices)

    found = at(rows, columns)
    assert found <= at([0, 1, 2], [0, 1, 2])
    assert found == min(at(list(some), columns) for some in permutations(range(4), 3))


def test_compensation_is_as_close_as_can_be():
    slices = Slices(2, 2)
    every = np.arange(-15, 16).astype(np.int8).reshape(1, -1)
    for cell in np.ndindex(2, 2):
        for level in range(4):
            stuck = np.full((2, 2, *every.shape), -1, np.int8)
            stuck[cell] = level
            levels = compensated(every, slices.levels(every), stuck, slices)
            assert (levels[cell] == level).all()
            found = np.abs(slices.weights(levels) - every)[0]
            free = [other for other in np.ndindex(2, 2) if other != cell]
            sign = {0: 1, 1: -1}
            stuck_part = level * 4 ** cell[0] * sign[cell[1]]
            reachable = {
                stuck_part
                + sum(v * 4**i * sign[s] for v, (i, s) in zip(vs, free, strict=True))
                for vs in np.ndindex(4, 4, 4)
            }
            best = [min(abs(w - r) for r in reachable) for w in every[0].astype(int)]
            assert found.tolist() == best


@pytest.mark.parametrize(
    ("chip", "converter"),
    [
        ("pelke-32", {"kind": "ideal"}),
        # 8 bits are enough for 32 rows, not for 128.
        ("pelke-32", {"kind": "finite", "range": 1.0}),
        ("mesh-128", {"kind": "ideal"}),
    ],
)
def test_without_amplitude_every_feature_map_is_exact(chip, converter):
    artifact = compiled("lenet5", chip)
    (feeds,) = images(artifact, "lenet5", 1).feeds
    exact = Session(artifact).simulate(feeds)
    session = Session(artifact, None, Specimen(described(converter), 3, "both"))
    found = session.simulate(feeds)
    for name, values in exact.feature_maps.items():
        assert (found.feature_maps[name] == values).all(), name
    assert found.metrics["cycles"] == exact.metrics["cycles"]


def test_a_run_depends_on_the_seed_and_its_number():
    artifact = compiled("lenet5", "pelke-32")
    some = images(artifact, "lenet5", 2).feeds
    nonidealities = described(read_noise=0.05)

    def outputs(seed: int) -> list[bytes]:
        session = Session(artifact, None, Specimen(nonidealities, seed))
        (name,) = (info.name for info in artifact.model.graph.output)
        return [session.run([name], feeds)[0].tobytes() for feeds in (*some, some[0])]

    assert outputs(1) == outputs(1)
    assert outputs(1) != outputs(2)
    assert outputs(1)[0] != outputs(1)[2]


def test_more_than_all_cells_cannot_be_stuck(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text(
        yaml.safe_dump(
            {
                "extends": "none",
                "cells": {"stuck_low": {"value": 0.6}, "stuck_high": {"value": 0.6}},
            }
        )
    )
    with pytest.raises(InputError, match="E027") as caught:
        NONIDEALITIES.load(str(file))
    assert "more than all cells" in str(caught.value)
