"""Windows that keep what they share, against windows loaded whole."""

from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import i8

from cimc.dialects import tile
from cimc.dialects.cim import Range, Window
from cimc.lowering.sliding import fresh, step


@st.composite
def windows(draw):
    """A window over some channels of a map, perhaps a part of it."""
    kernel = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    stride, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    channels = Range.of(1, 1 + draw(st.integers(1, 4)))
    taps = [Range.of(*sorted(draw(st.permutations(range(k + 1)))[:2])) for k in kernel]
    size = taps[0].size * taps[1].size * channels.size
    first = draw(st.integers(0, size - 1))
    source = tile.FeatureMapOp(
        "x", "", "input", tile.FeatureMapType.of((20, 40, 6), i8)
    )
    return tile.WindowOp(
        source.result,
        Window.of(kernel, (1, stride), dilation=(1, dilation)),
        tap_rows=taps[0],
        tap_columns=taps[1],
        channels=channels,
        elements=Range.of(first, draw(st.integers(first + 1, size))),
    )


def elements(window, position):
    """Where each element of the vector lies in the map, at a position of a row."""
    column = position * window.window.stride[1]
    by = window.window.dilation[1]
    found = [
        (row, column + tap * by, channel)
        for row in range(window.tap_rows.start, window.tap_rows.stop)
        for tap in range(window.tap_columns.start, window.tap_columns.stop)
        for channel in range(window.channels.start, window.channels.stop)
    ]
    return found[window.elements.slice]


@given(windows())
def test_what_moves_and_what_is_fresh_are_the_next_window(window):
    before, after = elements(window, 0), elements(window, 1)
    by, start = step(window), window.elements.start
    loaded = {element - start for part in fresh(window) for element in part}
    for index, place in enumerate(after):
        assert (index in loaded) == (place not in before)
        assert index in loaded or before[index + by] == place
