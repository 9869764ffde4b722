"""What sweeps read and write of a map, against the elements of its array."""

from itertools import product

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from xdsl.dialects.builtin import i8

from cimc.dialects import tile
from cimc.dialects.cim import Range, Window
from cimc.passes.tile.borders import halo_of
from cimc.passes.tile.dependences import Reader, Writer


def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


def parts(size):
    """Ranges within [0, size)."""
    return st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)).map(
        lambda ends: Range.of(min(ends), max(ends) + 1)
    )


def a_map(shape, halo):
    type_ = tile.FeatureMapType.of(shape, i8, halo)
    return tile.FeatureMapOp("x", "x", "intermediate", type_)


def elements_read(window: tile.WindowOp, row: int, column: int) -> np.ndarray:
    """(row, column, channel) of all elements of a window, in padded coordinates."""
    type_ = window.source_type
    shape = type_.padded_rows, type_.padded_columns, type_.channels.data
    numbers = np.arange(np.prod(shape)).reshape(shape)
    top, left, _, _ = type_.halo
    taps = product(
        range(window.tap_rows.start, window.tap_rows.stop),
        range(window.tap_columns.start, window.tap_columns.stop),
    )
    vector = np.concatenate(
        [
            numbers[
                top + window.input_row(row, tap_row),
                left + window.input_column(column, tap_column),
                window.channels.slice,
            ]
            for tap_row, tap_column in taps
        ]
    )
    return np.stack(np.unravel_index(vector[window.elements.slice], shape), axis=1)


@st.composite
def sweeps_that_read(draw):
    """A sweep with one or two row blocks of a window over a map."""
    shape = (*draw(pairs(1, 8)), draw(st.integers(1, 4)))
    window = Window.of(
        draw(pairs(1, 3)),
        draw(pairs(1, 3)),
        draw(pairs(1, 2)),
        draw(st.tuples(*[st.integers(0, 2)] * 4)),
    )
    positions = window.output_size(*shape[:2])
    assume(min(positions) >= 1)
    map_ = a_map(shape, halo_of(*shape[:2], [window]))
    channels = draw(parts(shape[2]))
    size = window.kernel[0] * window.kernel[1] * channels.size
    blocks = [
        tile.WindowOp(map_.result, window, channels=channels, elements=elements)
        for elements in draw(st.lists(parts(size), min_size=1, max_size=2))
    ]
    rows, columns = (draw(parts(extent)) for extent in positions)
    return map_, tile.SweepOp("l", rows, columns, list(blocks), 1), blocks


@given(sweeps_that_read())
def test_a_reader_needs_and_keeps_what_its_windows_read(found):
    map_, sweep, blocks = found
    reader = Reader.of(map_, sweep, blocks)
    read = {
        (row, column): np.concatenate(
            [
                elements_read(
                    block, sweep.rows.start + row, sweep.columns.start + column
                )
                for block in blocks
            ]
        )
        for row in range(sweep.rows.size)
        for column in range(sweep.columns.size)
    }
    for row in range(sweep.rows.size):
        here = np.concatenate([read[row, j] for j in range(sweep.columns.size)])
        assert here[:, 0].max() + 1 == reader.first + row * reader.step
        assert here[:, 0].min() >= reader.kept + row * reader.step
    for (row, column), elements in read.items():
        last = elements[elements[:, 0] == reader.first - 1 + row * reader.step]
        stop = reader.first_column + column * reader.column_step
        assert (last[:, 1] < stop).all()
    everything = np.concatenate(list(read.values()))
    for axis, hull in ((1, reader.columns), (2, reader.channels)):
        assert hull.start <= everything[:, axis].min()
        assert everything[:, axis].max() < hull.stop
    if len(blocks) == 1 and blocks[0].elements.size == blocks[0].channels.size * (
        blocks[0].tap_rows.size * blocks[0].tap_columns.size
    ):
        # Of whole windows, nothing is too much.
        assert everything[:, 0].min() == reader.kept
        assert reader.columns == Range.of(
            everything[:, 1].min(), everything[:, 1].max() + 1
        )
        assert reader.channels == blocks[0].channels


def test_channels_of_one_tap_are_those_of_its_elements():
    map_ = a_map((4, 4, 6), (0, 0, 0, 0))
    block = tile.WindowOp(
        map_.result,
        Window.of((2, 2)),
        channels=Range.of(1, 5),
        elements=Range.of(5, 7),
    )
    sweep = tile.SweepOp("l", Range.of(0, 3), Range.of(0, 3), [block], 1)
    assert Reader.of(map_, sweep, [block]).channels == Range.of(2, 4)


@st.composite
def writers(draw):
    """A core that writes parts of a map's rows; some may be padded."""
    shape = (*draw(pairs(1, 8)), draw(st.integers(1, 4)))
    map_ = a_map(shape, tuple(draw(st.integers(0, 2)) for _ in range(4)))
    sweeps = []
    for _ in range(draw(st.integers(1, 3))):
        padded = draw(st.booleans())
        height, width = (
            (map_.type.padded_rows, map_.type.padded_columns) if padded else shape[:2]
        )
        channels = draw(parts(shape[2]))
        splat = tile.SplatOp(0, channels.size, i8)
        store = tile.StoreOp(splat.result, map_.result, channels, padded=padded)
        rows, columns = draw(parts(height)), draw(parts(width))
        sweeps.append(tile.SweepOp("l", rows, columns, [splat, store], 0))
    return Writer(map_, 0, tuple(sweeps))


def written(writer: Writer, sweep: tile.SweepOp) -> np.ndarray:
    """Which padded elements a sweep writes."""
    type_ = writer.map.type
    shape = type_.padded_rows, type_.padded_columns, type_.channels.data
    mask = np.zeros(shape, bool)
    top, left, _, _ = type_.halo
    store = sweep.body.block.last_op
    inside = mask if store.padded else mask[top:, left:]
    inside[sweep.rows.slice, sweep.columns.slice, store.channels.slice] = True
    return mask


@given(writers())
def test_a_writer_knows_its_rows_and_columns(writer):
    type_ = writer.map.type
    masks = [written(writer, sweep) for sweep in writer.sweeps]
    for rows, mask in zip(writer.rows, masks, strict=True):
        found = np.flatnonzero(mask.any(axis=(1, 2)))
        assert list(range(rows.start, rows.stop)) == found.tolist()
    order = [row for rows in writer.rows for row in range(rows.start, rows.stop)]
    top, _, bottom, _ = type_.halo
    assert writer.in_order == any(
        order == list(range(start, stop))
        for start in (0, top)
        for stop in (type_.padded_rows - bottom, type_.padded_rows)
    )
    inner = {
        tuple(np.flatnonzero(mask.any(axis=(0, 2))))
        for mask, sweep in zip(masks, writer.sweeps, strict=True)
        if not sweep.body.block.last_op.padded
    }
    if len(inner) == 1:
        assert tuple(range(writer.columns.start, writer.columns.stop)) in inner
    else:
        assert writer.columns == Range.of(0, 1)


@given(writers(), st.data())
def test_a_writer_overlaps_those_who_read_what_it_writes(writer, data):
    """Or the halo beside it: who reads that must not be taken for a stranger."""
    type_ = writer.map.type
    _, left, _, right = type_.halo
    columns = data.draw(parts(type_.padded_columns))
    channels = data.draw(parts(type_.channels.data))
    reader = Reader(
        writer.map, writer.sweeps[0], 0, 0, 1, 0, 1, channels=channels, columns=columns
    )
    mask = np.zeros(
        (type_.padded_rows, type_.padded_columns, type_.channels.data), bool
    )
    for sweep in writer.sweeps:
        mask |= written(writer, sweep)
        if not sweep.body.block.last_op.padded:
            # Who writes the first or last column answers for the halo next to it.
            mask[:, :left] |= written(writer, sweep)[:, left : left + 1]
            end = type_.padded_columns - right
            mask[:, end:] |= written(writer, sweep)[:, end - 1 : end]
    assert writer.overlaps(reader) == mask[:, columns.slice, channels.slice].any()
