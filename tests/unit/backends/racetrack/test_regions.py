"""Windows in pieces that fit a line buffer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects import test
from xdsl.dialects.builtin import i8

from cimc.backends.racetrack.regions import Region, Strip, pieces_of
from cimc.dialects import tile
from cimc.dialects.cim import Range, Window

HERE = Strip(0, 1)


def region(rows: int, columns: int, channels: int, dilation: int = 1) -> Region:
    """A window's region; its taps and channels begin at 1 and 2."""
    type_ = tile.FeatureMapType.of((9, 9, channels + 2), i8)
    source = test.TestOp(result_types=[type_]).results[0]
    window = Window.of((rows + 1, columns + 1), dilation=(1, dilation))
    taps = Range.of(1, rows + 1), Range.of(1, columns + 1)
    return Region(source, window, *taps, Range.of(2, channels + 2))


def as_numbers(region: Region, elements: Range, capacity: int):
    return [
        (
            piece.first,
            piece.region.tap_rows.start,
            range(piece.region.tap_columns.start, piece.region.tap_columns.stop),
            range(piece.region.channels.start, piece.region.channels.stop),
        )
        for piece in pieces_of(region, elements, capacity)
    ]


@pytest.mark.parametrize(
    ("elements", "capacity", "pieces"),
    [
        # Kernel rows as a whole.
        ((0, 24), 12, [(0, 1, (1, 4), (2, 6)), (12, 2, (1, 4), (2, 6))]),
        # Two taps fit at a time.
        ((0, 12), 11, [(0, 1, (1, 3), (2, 6)), (8, 1, (3, 4), (2, 6))]),
        # The end of one tap, a whole one, the beginning of one in the next row.
        (
            (6, 14),
            99,
            [(6, 1, (2, 3), (4, 6)), (8, 1, (3, 4), (2, 6)), (12, 2, (1, 2), (2, 4))],
        ),
        # Not even a tap fits.
        ((4, 8), 3, [(4, 1, (2, 3), (2, 5)), (7, 1, (2, 3), (5, 6))]),
    ],
)
def test_pieces_are_cut_at_kernel_rows_taps_and_the_capacity(
    elements, capacity, pieces
):
    expected = [(first, row, range(*x), range(*c)) for first, row, x, c in pieces]
    assert as_numbers(region(2, 3, 4), Range.of(*elements), capacity) == expected


@given(st.data())
def test_pieces_make_up_the_elements_and_fit(data):
    shape = [data.draw(st.integers(1, 5)) for _ in range(3)]
    whole = region(*shape, dilation=data.draw(st.integers(1, 3)))
    rows, columns, channels = shape
    size = rows * columns * channels
    start = data.draw(st.integers(0, size - 1))
    elements = Range.of(start, data.draw(st.integers(start + 1, size)))
    capacity = data.draw(st.integers(1, 2 * whole.size(HERE)))
    found: list[int] = []
    for piece in pieces_of(whole, elements, capacity):
        part = piece.region
        assert part.size(HERE) <= capacity
        numbers = [
            ((part.tap_rows.start - 1) * columns + column - 1) * channels + channel - 2
            for column in range(part.tap_columns.start, part.tap_columns.stop)
            for channel in range(part.channels.start, part.channels.stop)
        ]
        assert numbers[0] == piece.first
        found += numbers
    assert found == list(range(elements.start, elements.stop))
