"""Rings of rows, against cores that run as far as rings let them."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from cimc.context import CompilationContext
from cimc.dialects import tile
from cimc.dialects.cim import Window
from cimc.driver.passes import parse_passes, run_passes
from cimc.frontend import import_model
from cimc.passes.tile.dependences import readers_of, targets_of
from cimc.passes.tile.rows_alive import rows_alive
from tests.support.qdq import QdqBuilder
from tests.unit.passes.row_networks import RowNetwork, Rows, row_networks


def completes(network: RowNetwork, rings: dict[Rows, int], ahead: bool = False) -> bool:
    """Whether all rows get computed by cores that wait for rows and for room.

    A map without a ring has room for all. With ``ahead`` readers wait for as many rows
    more as their stride. A halo above is written before the first row, one below after
    the last.
    """
    written = dict.fromkeys(network.maps, 0)
    computed = dict.fromkeys(network.maps, 0)
    source = network.maps[0]
    written[source], computed[source] = source.total, source.height

    def released(map_: Rows) -> int:
        found = [
            min(min(reader.rows_read(row, map_, window)), map_.total)
            for reader in network.maps
            for read, window in reader.reads
            if read is map_
            for row in range(computed[reader], reader.height)
        ]
        return min(found, default=map_.total)

    def has_room(map_: Rows) -> bool:
        return written[map_] - released(map_) < rings.get(map_, map_.total)

    def may_compute(map_: Rows) -> bool:
        return all(
            written[source]
            >= min(
                max(map_.rows_read(computed[map_], source, window))
                + 1
                + window.stride[0] * ahead,
                source.total,
            )
            for source, window in map_.reads
        )

    moved = True
    while moved:
        moved = False
        busy = set()
        for map_ in network.maps[1:]:
            if written[map_] < map_.total and map_.core not in busy:
                busy.add(map_.core)
                top = map_.halo[0]
                inside = top <= written[map_] < top + map_.height
                while has_room(map_) and (not inside or may_compute(map_)):
                    computed[map_] += inside
                    written[map_] += 1
                    moved = True
                    inside = top <= written[map_] < top + map_.height
                    if written[map_] == map_.total:
                        break
    return all(written[map_] == map_.total for map_ in network.maps)


def rings_of(network: RowNetwork, release_rows: int) -> dict[Rows, int]:
    sweeps = network.sweeps()
    alive = rows_alive(sweeps, readers_of(sweeps), targets_of(sweeps), release_rows)
    return {map_: alive[map_.value] for map_ in network.maps[1:] if map_.users}


@given(row_networks())
def test_rings_of_the_rows_alive_end_in_no_deadlock(network):
    assume(len(network.maps) > 1)
    rings = rings_of(network, 0)
    assert all(1 <= rows <= map_.total for map_, rows in rings.items())
    assert completes(network, rings)


@given(row_networks())
def test_slack_lets_readers_wait_for_a_stride_more(network):
    assume(len(network.maps) > 1)
    assert completes(network, rings_of(network, 1), ahead=True)


@given(row_networks(chain=True), st.data())
def test_a_chain_deadlocks_with_fewer_rows(network, data):
    """Only the rows of the halo below, which come with the last row, are too many."""
    rings = rings_of(network, 0)
    assume(rings)
    map_ = data.draw(st.sampled_from(sorted(rings, key=network.maps.index)))
    least = next(
        rows for rows in range(1, map_.total + 1) if completes(network, {map_: rows})
    )
    assert least <= rings[map_] <= least + map_.halo[1]


def test_slack_grows_with_stride_and_layers_between():
    # The input, a map of 12 rows, one of 6 with stride 2, one of 6, and the sum of the
    # last and of a map with stride 2 over the first.
    source, first = Rows(12, -1), Rows(12, 0)
    half, again, last = Rows(6, 1), Rows(6, 2), Rows(6, 3)
    one, two = Window.of((1, 1)), Window.of((2, 1), (2, 1))
    for map_, reads in (
        (first, [(source, one)]),
        (half, [(first, two)]),
        (again, [(half, one)]),
        (last, [(again, one), (first, two)]),
    ):
        map_.reads = reads
        for read, window in reads:
            read.users.append(window)
    network = RowNetwork([source, first, half, again, last])
    assert list(rings_of(network, 0).values()) == [2, 1, 1]
    # Three layers of stride 2 lie between the first and the last.
    assert list(rings_of(network, 1).values()) == [2 + 2 * 3, 2, 2]
    assert list(rings_of(network, 2).values()) == [12, 3, 3]


def test_a_late_branch_of_a_concatenation_has_its_slack():
    # The first branch makes the concatenation look as if it came early.
    builder = QdqBuilder()
    x = builder.input([1, 2, 13, 13], 0.1, 3)

    def conv(source, kernel, stride):
        weights = np.ones((2, 2, kernel, kernel), np.int8)
        size = {"strides": [stride, stride]}
        return builder.dense("Conv", source, weights, 0.01, None, 0.1, 3, **size)

    early, late = conv(x, 3, 2), x
    for _ in range(3):
        late = conv(late, 1, 1)
    y = builder.op("Concat", [early, conv(late, 3, 2)], 0.1, 3, axis=1)
    imported = import_model(builder.model(y))
    context = CompilationContext(weights=imported.weights)
    passes = (
        "convert-cnn-to-tile,fuse-sweeps,im2col-partition,place-blocks,"
        "distribute-sweeps"
    )
    run_passes(imported.module, context, parse_passes(passes), verify=False)
    sweeps = imported.module.body.block.ops
    sweeps = [op for op in sweeps if isinstance(op, tile.SweepOp)]
    targets = targets_of(sweeps)
    first, *_ = sweeps
    (read,) = {
        window.source
        for sweep in sweeps
        for window in sweep.body.block.ops
        if isinstance(window, tile.WindowOp) and window.window.stride == (2, 2)
    } - {window.source for window in list(first.body.block.ops)[:1]}
    # Three rows of a window, and the two by which it moves on.
    assert rows_alive(sweeps, readers_of(sweeps), targets, 1)[read] == 3 + 2
