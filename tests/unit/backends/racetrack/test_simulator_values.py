"""What instructions compute and move, against numpy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cimc.backends.racetrack.isa import (
    VECTOR,
    AddSumsOp,
    ClearOp,
    FillOp,
    LoadOp,
    LoadSumsOp,
    MacOp,
    SetOp,
    ShiftOp,
    SlideOp,
    StoreSumsOp,
)
from cimc.backends.racetrack.passes.order_domains import interleaved
from cimc.weights import WeightStore
from tests.support.programs import constant
from tests.unit.backends.racetrack.racetrack_programs import (
    DOMAINS,
    IMAGE,
    MAPS,
    PORTS,
    bank,
    load,
    read,
    row,
    run,
    shift,
    simulator,
    stored,
    transfer,
    write,
)

WORDS = row("x", 0, 32, "input"), row("y", 1, 16, "output")
WIDE = tuple(op for pair in zip(*WORDS, strict=True) for op in pair)


def result(main, x=None, *, setup=(), store=None):
    """Put ``x`` into v0, run ``main``, and return the 16 bytes that v1 has then."""
    image = np.zeros((1, DOMAINS, 32), np.uint8)
    image[0, 0] = np.zeros(32) if x is None else x
    main = [read(0, length=32), load(32), *main, write(0, vs=1, length=16)]
    program = simulator(bank(0, main, list(setup)), store=store, maps=WIDE)
    return program.run({"x": image}).feature_maps["y"][0, 0]


def test_columns_stand_port_by_port():
    # Column c is under port c mod 2 at offset c // 2: domain 4·(c mod 2) + c // 2.
    main = [
        SetOp(a=1, value=-4),
        read(0),  # column 0
        read(8, offset=4, at=1),  # domain 8 − 4: column 1
        shift(3),
        read(3, offset=8),  # column 6
        read(7, offset=12),  # column 7
        shift(-3),
        load(16),
        write(0, source=4),  # column 0 of y is column 1 of x
        write(4, source=8),  # column 1 of y is column 6
        shift(1, m=1),
        write(5),  # column 3 is column 0
        write(1, source=12),  # column 2 is column 7
        shift(-1, m=1),
    ]
    y = run(bank(0, main)).feature_maps["y"][0]
    assert (y[:4] == IMAGE[0, [1, 6, 7, 0]]).all()
    assert (y[4:] == 0).all()


def test_parts_of_words_go_where_they_are_told():
    main = [
        SetOp(a=2, value=10),
        read(0, first=1, length=2, to=2, offset=-10),
        read(4, first=3, length=1, to=2, offset=-8),
        load(3),
        load(1, dest=3),
        write(0),
    ]
    y = run(bank(0, main)).feature_maps["y"][0, 0]
    assert y.tolist() == [1, 2, 7, 1]


def test_transfers_reach_other_banks():
    main = [read(0), read(4, offset=4), load(8), transfer(0)]
    z = run(bank(3, main)).feature_maps["z"][0]
    assert z[0].tolist() == list(range(8))
    assert not z[1:].any()


def test_line_buffer():
    main = [
        FillOp(base=0, offset=0, length=20, value=-2),
        FillOp(base=0, offset=12, length=4, value=7),
        SlideOp(offset=4, length=6, by=6),  # bytes 4 to 9 become 10 to 15
        LoadOp(vd=1, base=0, offset=0, count=4, length=4, stride=4),
    ]
    expected = [254] * 6 + [7] * 4 + [254] * 2 + [7] * 4
    assert result(main).tolist() == expected


def test_loads_pack_segments_that_may_run_backwards():
    main = [
        read(0, length=32),
        LoadOp(vd=1, base=0, offset=24, count=3, length=4, stride=-10),
        LoadOp(vd=1, dest=12, base=0, offset=1, count=2, length=2, stride=6),
    ]
    got = result(main, np.arange(32))
    assert got.tolist() == [24, 25, 26, 27, 14, 15, 16, 17, 4, 5, 6, 7, 1, 2, 7, 8]


def mac(domain, count, columns, **fields):
    values = {"base": 0, "at": 0, "index": 0, **fields}
    return MacOp(w=0, domain=domain, count=count, vs=0, n=columns, **values)


def passes(rows, columns, **fields):
    """MACs of all rows interleaved over the ports, and the array's way back."""
    lanes = columns if fields.get("lanewise") else 1
    main = [ClearOp(n=4)]
    for offset in range(-(-rows // PORTS)):
        count = min(PORTS, rows - PORTS * offset)
        source = PORTS * offset * lanes
        main += [ShiftOp(w=0, base=0, by=1)] if offset else []
        main.append(mac(offset, count, columns, source=source, **fields))
    home = (rows - 1) // PORTS
    return [*main, *([ShiftOp(w=0, base=0, by=-home)] if home else [])]


@given(
    hnp.arrays(np.int8, (8, 4)),
    hnp.arrays(np.uint8, 32),
    st.integers(1, 8),
    st.integers(1, 4),
    st.booleans(),
    st.booleans(),
)
def test_mac(matrix, x, rows, columns, unsigned, lanewise):
    store = WeightStore()
    block = matrix[:rows, :columns]
    order = interleaved(np.arange(rows), DOMAINS, PORTS).tolist()
    setup = [
        stored(store, block, order),
    ]
    # The program leaves the array at offset 0 when it is loaded.
    main = [
        *passes(rows, columns, unsigned=unsigned, lanewise=lanewise),
        StoreSumsOp(vd=1, n=4),
    ]
    got = result(main, x, setup=setup, store=store).view(np.int32)
    values = x.view(np.uint8 if unsigned else np.int8).astype(np.int64)
    if lanewise:
        a = values[: rows * columns].reshape(rows, columns)
        expected = (a * block).sum(axis=0)
    else:
        expected = values[:rows] @ block.astype(np.int64)
    assert got[:columns].tolist() == expected.tolist()
    assert not got[columns:].any()


def test_rows_of_a_block_stand_where_order_says():
    store = WeightStore()
    matrix = np.array([[1], [10], [100]])
    # Domain 5 (port 1, offset 1) has row 2, domain 0 row 1; row 0 is not stored.
    setup = [stored(store, matrix, [1, -1, -1, -1, -1, 2, -1, -1])]
    main = [
        ClearOp(n=1),
        mac(0, 1, 1, source=1),
        ShiftOp(w=0, base=0, by=1),
        mac(5, 1, 1, source=2),
        ShiftOp(w=0, base=0, by=-1),
        StoreSumsOp(vd=1, n=1),
        StoreSumsOp(vd=1, n=4),
    ]
    got = result(main, np.arange(32) + 3, setup=setup, store=store)
    assert got.view(np.int32).tolist() == [10 * 4 + 100 * 5, 0, 0, 0]


def test_an_array_that_is_stored_anew_ends_at_the_highest_offset():
    store = WeightStore()
    first = stored(store, np.array([[3], [5], [7]]), [0, 2, -1, -1, 1, -1, -1, -1])
    main = [
        first,  # rows at offsets 0 and 1: the array stands at 1
        ClearOp(n=1),
        mac(1, 1, 1, source=2),
        ShiftOp(w=0, base=0, by=-1),
        mac(0, 2, 1),
        StoreSumsOp(vd=1, n=4),
    ]
    got = result(main, np.arange(32) + 1, store=store).view(np.int32)
    assert got[0] == 3 * 1 + 5 * 2 + 7 * 3


int32s = hnp.arrays(np.int32, 4, elements=st.integers(-(2**30), 2**30 - 1))


@given(int32s, int32s)
def test_sums_go_to_accumulators_and_back(a, b):
    x = np.concatenate([a, b]).view(np.uint8)
    main = [
        LoadOp(vd=2, base=0, offset=16, count=1, length=16),
        LoadSumsOp(vs=0, n=4),
        AddSumsOp(vs=2, n=3),
        StoreSumsOp(vd=1, n=4),
    ]
    got = result(main, x).view(np.int32)
    assert got.tolist() == [*(a + b)[:3], a[3]]


def test_accumulators_are_zero_at_first_and_cleared_by_lane():
    main = [
        StoreSumsOp(vd=1, n=4),
        LoadSumsOp(vs=0, n=4),
        AddSumsOp(vs=1, n=4),
        ClearOp(n=2),
        StoreSumsOp(vd=1, n=4),
    ]
    x = np.array([5, 6, 7, 8, 0, 0, 0, 0], np.int32).view(np.uint8)
    assert result(main, x).view(np.int32).tolist() == [0, 0, 7, 8]


def test_vector_instructions_use_the_parameters_of_their_bank():
    store = WeightStore()
    setup = [
        VECTOR.setq(
            q=1,
            bias=constant(store, "b", np.array([9, 1, 2], np.int32)),
            multiplier=constant(store, "m", np.array([9, 0.5, 2], np.float32)),
            column=1,
            n=2,
        ),
        VECTOR.sett(t=1, table=constant(store, "t", np.arange(255, -1, -1, np.uint8))),
    ]
    main = [
        LoadOp(vd=1, base=0, count=1, length=16),
        VECTOR.requant(vd=1, vs=0, q=1, n=2, zero=10, low=0, high=255),
        VECTOR.table(vd=1, vs=1, t=1, n=2),
    ]
    x = np.array([9, 30, 0, 0, 0, 0, 0, 0], np.int32).view(np.uint8)
    got = result(main, x, setup=setup, store=store)
    # (9 + 1) · 0.5 + 10 = 15 and (30 + 2) · 2 + 10 = 74; the table is 255 − x.
    assert got[:2].tolist() == [240, 181]


def test_a_run_leaves_nothing_behind_for_the_next():
    store = WeightStore()
    setup = [stored(store, np.ones((3, 1)), [0, 2, -1, -1, 1, -1, -1, -1])]
    main = [
        read(0),
        load(4),
        ClearOp(n=1),
        mac(0, 2, 1, unsigned=True),
        ShiftOp(w=0, base=0, by=1),
        mac(1, 1, 1, source=2, unsigned=True),
        ShiftOp(w=0, base=0, by=-1),
        StoreSumsOp(vd=1, n=1),
        write(0, vs=1),
    ]
    program = simulator(bank(0, main, setup), store=store, maps=MAPS)
    for image in (IMAGE, IMAGE + 1, IMAGE):
        y = program.run({"x": image}).feature_maps["y"]
        assert y[0, 0, 0] == image[0, 0, :3].sum()
