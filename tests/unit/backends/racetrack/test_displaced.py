"""What displaced tracks deliver and take, against a model of single bits."""

import numpy as np
import pytest

from cimc.backends.racetrack.isa import ClearOp, MacOp, ShiftOp, StoreSumsOp
from cimc.backends.racetrack.simulator.layout import (
    MAP_NOT_AT_HOME,
    T_COUNT,
    T_FIRST,
    WEIGHTS_NOT_AT_HOME,
)
from cimc.backends.racetrack.simulator.racetrack_state import RacetrackState
from cimc.weights import WeightStore
from tests.unit.backends.racetrack.racetrack_programs import (
    DOMAINS,
    IMAGE,
    bank,
    load,
    read,
    row,
    shift,
    simulator,
    small_chip,
    stored,
    write,
)
from tests.unit.backends.racetrack.test_position_errors import erring

#: x and y lie in bank 0 and have words of 4 bytes.
MAPS = tuple(
    op
    for pair in zip(row("x", 0, 4, "input"), row("y", 1, 4, "output"), strict=True)
    for op in pair
)

OFTEN = erring(over_shift=0.3, under_shift=0.3)


def bits_of(values):
    """Bits of bytes along the last axis, the lowest first."""
    return np.unpackbits(values.view(np.uint8), axis=-1, bitorder="little")


def delivered(bits, domain, displacements):
    """A word of ``bits`` (domains × tracks) through displaced tracks."""
    word = np.zeros(bits.shape[1], np.uint8)
    for track, by in enumerate(displacements):
        if 0 <= domain + by < len(bits):
            word[track] = bits[domain + by, track]
    return word


def taken(bits, domain, displacements, word):
    """``bits`` once a word has been written through displaced tracks."""
    for track, by in enumerate(displacements):
        if 0 <= domain + by < len(bits):
            bits[domain + by, track] = word[track]


def run(main, why, seed, setup=None, store=None):
    """The machine at the end of a program that leaves an array away from offset 0."""
    chip = small_chip()
    made = simulator(
        bank(0, main, setup), chip=chip, maps=MAPS, store=store or WeightStore()
    )
    state = RacetrackState(
        chip.machine(), made._program, nonidealities=OFTEN, seed=seed
    )
    made.write_input(state, "x", IMAGE)
    assert state.run() == why
    return state


def displacements(state, array):
    table, found = state.errors[:2]
    first, count = table[array, T_FIRST], table[array, T_COUNT]
    return found[first : first + count].tolist()


#: Shifts that leave an array at offset 1, and some of its tracks far from there.
ASTRAY = (1, 1, 1, -1, -1)


@pytest.mark.parametrize("seed", range(5))
def test_words_of_maps(seed):
    state = run(
        [
            *(shift(by) for by in ASTRAY),
            *(shift(by, m=1) for by in ASTRAY),
            read(1),
            read(5, offset=4),
            load(8),
            write(1),
            write(5, source=4),
        ],
        MAP_NOT_AT_HOME,
        seed,
    )
    from_x, to_y = displacements(state, 0), displacements(state, 1)
    assert max(map(abs, from_x)) > 1 < max(map(abs, to_y))
    assert from_x != to_y
    x, y = bits_of(IMAGE[0]), np.zeros((DOMAINS, 32), np.uint8)
    # Column c of x stands in domain 4 · (c mod 2) + ⌊c / 2⌋.
    x = np.concatenate([x[0::2], x[1::2]])
    for domain in (1, 5):
        taken(y, domain, to_y, delivered(x, domain, from_x))
    found = state.words[4 * DOMAINS :].reshape(DOMAINS, 4)
    np.testing.assert_array_equal(bits_of(found), y)
    # The host reads through the same tracks.
    for domain in range(DOMAINS):
        expected = delivered(y, domain, to_y)
        np.testing.assert_array_equal(bits_of(state.word(DOMAINS + domain)), expected)


@pytest.mark.parametrize("seed", range(5))
def test_weights(seed):
    store = WeightStore()
    matrix = np.random.default_rng(seed).integers(-128, 128, (DOMAINS, 4))
    state = run(
        [
            *(ShiftOp(w=0, base=0, by=by) for by in ASTRAY),
            read(0),
            load(4),
            ClearOp(n=4),
            MacOp(w=0, base=0, domain=1, at=0, count=2, vs=0, index=0, source=2, n=4),
            StoreSumsOp(vd=1, n=4),
        ],
        WEIGHTS_NOT_AT_HOME,
        seed,
        [stored(store, matrix, list(range(DOMAINS)))],
        store,
    )
    off = displacements(state, len(state.maps))
    assert max(map(abs, off)) > 1
    bits = bits_of(matrix.astype(np.int8))
    rows = [delivered(bits, domain, off) for domain in (1, 5)]
    found = np.packbits(rows, axis=1, bitorder="little").view(np.int8).astype(int)
    activations = IMAGE[0, 0, 2:4].astype(int)
    np.testing.assert_array_equal(state.accumulators[0], activations @ found)


def test_a_misread_bit_is_flipped():
    main = [read(0), load(4), write(0)]
    chip, copies = small_chip(), 0
    made = simulator(bank(0, main), chip=chip, maps=MAPS)
    for seed in range(200):
        state = RacetrackState(
            chip.machine(), made._program, nonidealities=erring(misread=0.05), seed=seed
        )
        made.write_input(state, "x", IMAGE)
        state.run()
        copies += int(bits_of(state.word(DOMAINS) ^ IMAGE[0, 0]).sum())
    mean = 0.05 * 32 * 200
    assert abs(copies - mean) < 3 * np.sqrt(mean)
