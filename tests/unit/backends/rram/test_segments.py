"""Strided copies, against the bytes that a window gathers."""

from hypothesis import given
from hypothesis import strategies as st

from cimc.lowering.copies import Copy, copies


def gathered(found):
    """(byte of the vector, offset in memory) of every byte that copies move."""
    moved = {}
    for copy in found:
        for index in range(copy.count * copy.length):
            segment, byte = divmod(index, copy.length)
            target = copy.target + index
            assert target not in moved
            moved[target] = copy.offset + segment * copy.stride + byte
    return moved


@given(st.data())
def test_copies_gather_the_elements_in_order(data):
    length = data.draw(st.integers(1, 6))
    step = st.integers(1, 4).map(lambda n: n * length)
    steps = data.draw(st.lists(st.one_of(step, st.integers(length, 30)), max_size=12))
    taps = [data.draw(st.integers(0, 9))]
    for distance in steps:
        taps.append(taps[-1] + distance)
    total = len(taps) * length
    start = data.draw(st.integers(0, total - 1))
    stop = data.draw(st.integers(start + 1, total))
    elements = [tap + byte for tap in taps for byte in range(length)][start:stop]
    found = copies(taps, length, start, stop)
    assert gathered(found) == dict(enumerate(elements))
    assert len(found) <= len(taps)


def test_a_dense_window_is_one_strided_copy():
    # 3x3 taps of 16 channels in a map of 34 columns.
    taps = [row * 34 * 16 + column * 16 for row in range(3) for column in range(3)]
    assert copies(taps, 16, 0, 144) == [Copy(0, 0, 3, 48, 544)]


def test_a_row_block_that_begins_and_ends_inside_taps():
    taps = [0, 16, 32, 544, 560, 576]
    assert copies(taps, 16, 8, 90) == [
        Copy(0, 8, 1, 40, 0),
        Copy(40, 544, 1, 42, 0),
    ]


def test_dilated_columns_are_one_copy():
    assert copies([0, 8, 16], 4, 0, 12) == [Copy(0, 0, 3, 4, 8)]


def test_one_load_counts_its_segments_in_12_bits():
    assert copies(range(0, 10_000, 2), 1, 0, 5000) == [
        Copy(0, 0, 4095, 1, 2),
        Copy(4095, 8190, 905, 1, 2),
    ]


def test_rows_of_a_ring_stay_apart():
    # 3x2 taps of a map that is two columns wide: the rows touch each other.
    taps = [0, 3, 6, 9, 12, 15]
    assert copies(taps, 3, 0, 18) == [Copy(0, 0, 1, 18, 0)]
    assert copies(taps, 3, 0, 18, row=6) == [Copy(0, 0, 3, 6, 6)]
    assert copies(taps, 3, 4, 18, row=6) == [Copy(0, 4, 1, 2, 0), Copy(2, 6, 2, 6, 6)]
