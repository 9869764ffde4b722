"""The cells against integer arithmetic, for all operands, and their steps."""

import itertools
import re

import numpy as np
import pytest

from cimc.backends.racetrack.cells import CELLS, Steps, get_cell
from cimc.backends.racetrack.cells.adder import SerialAdder
from cimc.backends.racetrack.cells.bits import pack, unpack, unpack_flags
from cimc.backends.racetrack.cells.cell import Cell
from cimc.backends.racetrack.cells.lanes import Lanes, Segment
from cimc.backends.racetrack.cells.manual import README, updated
from cimc.backends.racetrack.cells.transverse import TransverseMultiplier
from cimc.diagnostics import InputError

ACTIVATIONS = {"int8": (-128, 128), "uint8": (0, 256)}

every_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
every_width = pytest.mark.parametrize("bits", range(2, 9))


def pairs(first, second):
    """All pairs of two half-open ranges, each as an int64 array."""
    grid = np.meshgrid(np.arange(*first), np.arange(*second), indexing="ij")
    return [values.ravel() for values in grid]


def operands(bits, activations=(-128, 256)):
    return pairs(activations, (-(1 << bits - 1), 1 << bits - 1))


def wrapped(values, bits):
    """The low ``bits`` of ``values`` in two's complement."""
    half = 1 << bits - 1
    return ((values + half) & ((1 << bits) - 1)) - half


def product_of(multiplier, activation, weight, bits):
    lanes = Lanes(len(weight))
    product = multiplier.multiply(lanes, pack(activation, 9), pack(weight, bits))
    assert len(product) == bits + 8
    return unpack(product, len(weight)), lanes.steps


@pytest.mark.parametrize("carry", [0, 1])
def test_the_adder_adds_all_pairs_of_8_bits(carry):
    a, b = pairs((-128, 128), (-128, 128))
    lanes, total = Lanes(a.size), pack(a, 8)
    overflow = SerialAdder().add(
        lanes, total, pack(b, 8), columns=8, carry=carry * lanes.ones
    )
    exact = a + b + carry
    np.testing.assert_array_equal(unpack(total, a.size), wrapped(exact, 8))
    np.testing.assert_array_equal(
        unpack_flags(overflow, a.size), (exact < -128) | (exact > 127)
    )
    assert lanes.steps == Steps(sense=8, gate=8, write=8, shift=7)


def test_the_adder_repeats_signs_and_grows_its_target():
    a, b = pairs((-8, 8), (-4, 4))
    lanes, total = Lanes(a.size), pack(a, 4)
    SerialAdder().add(lanes, total, pack(b, 3), start=2, columns=4)
    np.testing.assert_array_equal(unpack(total, a.size), a + 4 * b)
    assert lanes.steps == Steps(sense=2, gate=4, write=4, shift=5)


@every_cell
@pytest.mark.parametrize("activations", ACTIVATIONS.values(), ids=ACTIVATIONS)
@pytest.mark.parametrize("bits", [4, 8])
def test_products_of_all_operands(cell, bits, activations):
    x, w = operands(bits, activations)
    product, _ = product_of(cell.multiplier, x, w, bits)
    np.testing.assert_array_equal(product, x * w)


@every_cell
@every_width
def test_products_of_all_widths(cell, bits):
    x, w = operands(bits)
    product, _ = product_of(cell.multiplier, x, w, bits)
    np.testing.assert_array_equal(product, x * w)


@pytest.mark.parametrize("distance", range(3, 9))
@pytest.mark.parametrize("bits", [3, 8])
def test_products_of_all_transverse_distances(distance, bits):
    x, w = operands(bits)
    product, _ = product_of(TransverseMultiplier(distance), x, w, bits)
    np.testing.assert_array_equal(product, x * w)


@every_cell
@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("accumulator_bits", [16, 24, 32, 48])
def test_accumulation_of_all_operands(cell, bits, accumulator_bits):
    x, w = operands(bits)
    low, high = -(1 << accumulator_bits - 1), (1 << accumulator_bits - 1) - 1
    generator = np.random.default_rng(accumulator_bits)
    near = generator.integers(0, 1 << bits + 8, x.size)
    total = generator.integers(low, high, x.size, endpoint=True)
    total = np.choose(
        generator.integers(0, 5, x.size), [total, low + near, high - near, low, high]
    )
    total = total.clip(low, high)
    before = total.copy()
    result, overflow, _ = cell.multiply_accumulate(
        total, x, w, weight_bits=bits, accumulator_bits=accumulator_bits
    )
    exact = before + x * w
    np.testing.assert_array_equal(total, before)
    np.testing.assert_array_equal(result, wrapped(exact, accumulator_bits))
    np.testing.assert_array_equal(overflow, (exact < low) | (exact > high))
    assert (exact < low).any()
    assert (exact > high).any()
    assert not overflow.all()


@every_cell
def test_accumulators_of_64_bits(cell):
    ends = np.iinfo(np.int64)
    total = np.array([ends.max, ends.max, ends.min, ends.min])
    weight = np.array([1, -1, 1, -1])
    result, overflow, _ = cell.multiply_accumulate(
        total, np.full(4, 255), weight, weight_bits=4, accumulator_bits=64
    )
    np.testing.assert_array_equal(result, total + 255 * weight)
    assert overflow.tolist() == [True, False, False, True]


@every_cell
@pytest.mark.parametrize("count", [1, 5, 8, 17])
def test_steps_depend_neither_on_data_nor_on_lanes(cell, count):
    generator = np.random.default_rng(count)
    for bits, _ in itertools.product([4, 5, 8], range(4)):
        half = 1 << bits - 1
        x = generator.integers(-128, 256, count)
        w = generator.integers(-half, half, count)
        total = generator.integers(-(1 << 30), 1 << 30, count)
        result, overflow, steps = cell.multiply_accumulate(
            total, x, w, weight_bits=bits, accumulator_bits=32
        )
        np.testing.assert_array_equal(result, total + x * w)
        assert not overflow.any()
        assert overflow.shape == (count,)
        assert steps == cell.steps(bits, 32)


def ripple(b):
    shift = 9 * b - 1 + 8 * (b - 1)
    columns = 10 * b - 1
    return Steps(sense=b + 9 * (b - 1), gate=columns, write=columns, shift=shift)


def booth(b):
    n, r = -(-b // 2), b % 2
    return Steps(
        sense=b + 8 * (n - 1),
        gate=n + 10 * n - r,
        write=10 * n - r,
        shift=9 * n - r + 7 * (n - 1),
    )


def transverse(b):
    columns, rounds = b + 8, 1 if b <= 5 else 2
    return Steps(
        sense=b,
        gate=columns * rounds,
        write=columns,
        shift=columns - 1,
        transverse_read=columns * rounds,
        transverse_write=7 * columns * rounds,
    )


@every_width
@pytest.mark.parametrize(
    ("name", "formula"),
    [("ripple", ripple), ("booth", booth), ("transverse-read", transverse)],
)
def test_the_stated_formulas(name, formula, bits):
    zero = np.zeros(1, np.int64)
    _, steps = product_of(CELLS[name].multiplier, zero, zero, bits)
    assert steps == formula(bits)
    for a in (20, 32):
        accumulation = Steps(sense=a, gate=a, write=a, shift=bits + 7 + 2 * (a - 1))
        assert CELLS[name].steps(bits, a) == formula(bits) + accumulation


def test_a_transverse_read_counts_the_ones():
    for distance in range(1, 9):
        lanes = Lanes(1)
        for bits in itertools.product([0, 1], repeat=distance):
            segment = Segment(lanes, distance)
            for bit in bits:
                lanes.transverse_write(segment, bit)
            levels = lanes.transverse_read(segment)
            assert levels == [int(sum(bits) > level) for level in range(distance)]
            assert unpack([*lanes.decode(levels), 0], 1) == sum(bits)


def test_a_segment_keeps_what_is_not_pushed_out():
    lanes = Lanes(1)
    segment = Segment(lanes, 3)
    for stale in (3, 2, 1, 0):
        assert sum(lanes.transverse_read(segment)) == stale
        lanes.transverse_write(segment, 0)
    assert lanes.steps == Steps(transverse_read=4, transverse_write=4)


def test_booth_digits():
    for high, middle, low in itertools.product([0, 1], repeat=3):
        one, two, negative = Lanes(1).recode(high, middle, low)
        digit = (one + 2 * two) * (-1 if negative else 1)
        assert digit == middle + low - 2 * high


def test_arithmetic_of_steps():
    once = Steps(sense=1, gate=2, write=3, shift=4, transverse_read=5)
    assert once + Steps(shift=1, transverse_write=6) == Steps(1, 2, 3, 5, 5, 6)
    assert 3 * once == once * 3 == once + once + once
    assert list(once.as_dict().items()) == [
        ("sense", 1),
        ("gate", 2),
        ("write", 3),
        ("shift", 4),
        ("transverse_read", 5),
        ("transverse_write", 0),
    ]


@pytest.mark.parametrize("bits", [1, 9, 32, 64])
@pytest.mark.parametrize("count", [1, 7, 8, 9, 100])
def test_packing_is_undone_by_unpacking(bits, count):
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1
    values = np.random.default_rng(bits).integers(low, high, count, endpoint=True)
    values[0] = low
    np.testing.assert_array_equal(unpack(pack(values, bits), count), values)


def test_the_registry():
    assert list(CELLS) == ["ripple", "booth", "transverse-read"]
    assert all(get_cell(name) is cell for name, cell in CELLS.items())
    assert all(isinstance(cell, Cell) for cell in CELLS.values())


def test_an_unknown_cell():
    with pytest.raises(InputError, match="unknown cell 'wallace'") as caught:
        get_cell("wallace")
    assert caught.value.diagnostic.code == "E021"
    assert caught.value.diagnostic.hints == ("one of: ripple, booth, transverse-read",)


def test_the_readme_is_up_to_date():
    text = README.read_text("utf-8")
    assert updated(text) == text, "run python -m cimc.backends.racetrack.cells.manual"


def test_the_example_of_the_readme():
    [example] = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    exec(example, {})
