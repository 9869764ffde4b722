"""Halos and cuts of windows, against a look at every tap of every position."""

from hypothesis import assume, given
from hypothesis import strategies as st
from xdsl.dialects.builtin import i8

from cimc.dialects import tile
from cimc.dialects.cim import Range, Window
from cimc.dialects.feature_map import FeatureMap
from cimc.passes.tile.borders import cut_at_borders, halo_of


def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


sizes = pairs(1, 9)
windows = st.builds(
    Window.of,
    pairs(1, 4),
    pairs(1, 3),
    pairs(1, 3),
    st.tuples(*[st.integers(0, 3)] * 4),
)


def taps_of(window, axis, position):
    """Elements under a window along one axis, which may lie outside the map."""
    first = position * window.stride[axis] - window.pad[axis]
    return [first + tap * window.dilation[axis] for tap in range(window.kernel[axis])]


def inside(window, axis, position, size):
    taps = enumerate(taps_of(window, axis, position))
    return [tap for tap, element in taps if 0 <= element < size]


@given(sizes, st.lists(windows, max_size=3))
def test_halo_is_what_windows_reach(size, found):
    positions = [window.output_size(*size) for window in found]
    assume(all(min(p) >= 1 for p in positions))
    top, left, bottom, right = halo_of(*size, found)
    for axis, before, after in ((0, top, bottom), (1, left, right)):
        reached = [
            element
            for window, shape in zip(found, positions, strict=True)
            for position in range(shape[axis])
            for element in taps_of(window, axis, position)
        ]
        assert before == max([0, *(-element for element in reached)])
        assert after == max([0, *(e - size[axis] + 1 for e in reached)])


@given(sizes, windows)
def test_every_position_is_in_the_cut_of_its_taps(size, window):
    shape = window.output_size(*size)
    assume(min(shape) >= 1)
    expected = {
        (row, column): (
            inside(window, 0, row, size[0]),
            inside(window, 1, column, size[1]),
        )
        for row in range(shape[0])
        for column in range(shape[1])
    }
    assume(all(rows and columns for rows, columns in expected.values()))
    ifm = FeatureMap(*size, 1, False, 1.0, 0)
    ofm = FeatureMap(*shape, 1, False, 1.0, 0)
    found = {}
    for cut in cut_at_borders(window, ifm, ofm):
        taps = [
            list(range(part.start, part.stop))
            for part in (cut.tap_rows, cut.tap_columns)
        ]
        for row in range(cut.rows.start, cut.rows.stop):
            for column in range(cut.columns.start, cut.columns.stop):
                assert (row, column) not in found
                found[row, column] = tuple(taps)
    assert found == expected


def test_positions_that_are_cut_alike_share_a_sweep():
    window = Window.of((3, 3), pad=(1, 1, 1, 1))
    ifm = ofm = FeatureMap(8, 8, 1, False, 1.0, 0)
    assert len(list(cut_at_borders(window, ifm, ofm))) == 9
    inner = Window.of((2, 2), (2, 2))
    assert (
        len(list(cut_at_borders(inner, ifm, FeatureMap(4, 4, 1, False, 1.0, 0)))) == 1
    )


@given(sizes, windows)
def test_a_window_reaches_what_its_halo_holds(size, window):
    shape = window.output_size(*size)
    assume(min(shape) >= 1)
    halo = halo_of(*size, [window])
    map_type = tile.FeatureMapType.of((*size, 1), i8, halo)
    feature_map = tile.FeatureMapOp("x", "x", "input", map_type)
    found = tile.WindowOp(feature_map.result, window)
    rows, columns = (Range.of(0, positions) for positions in shape)
    tile.SweepOp("x", rows, columns, [found])
    assert tuple(max(0, reach) for reach in found.reach) == halo
