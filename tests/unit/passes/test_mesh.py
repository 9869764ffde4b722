"""Where buffers lie on a mesh, and which blocks share a core."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cimc.dialects import tile
from cimc.dialects.cim import Range, WeightsRef
from cimc.isa.mesh import place_of
from cimc.passes.tile.banks import Banks
from cimc.passes.tile.core_packing import packing


def hops(one: int, other: int, columns: int) -> int:
    places = zip(place_of(one, columns), place_of(other, columns), strict=True)
    return sum(abs(a - b) for a, b in places)


@given(st.integers(1, 9), st.integers(1, 9))
def test_neighbours_in_number_are_neighbours_on_the_mesh(rows, columns):
    places = [place_of(core, columns) for core in range(rows * columns)]
    assert sorted(places) == [(r, c) for r in range(rows) for c in range(columns)]
    assert all(hops(c, c + 1, columns) == 1 for c in range(rows * columns - 1))


traffics = st.dictionaries(st.integers(0, 11), st.integers(1, 999), min_size=1)
requests = st.lists(st.tuples(st.integers(1, 70), traffics), min_size=1, max_size=12)


@given(requests)
def test_a_buffer_lies_in_the_nearest_bank_with_room(wanted):
    """Against free bytes, bank by bank: 12 banks of 48 bytes, in rows of 4."""
    bank, cores, columns, alignment = 48, 12, 4, 8
    banks = Banks(bank * cores, alignment, cores, columns)
    free = np.ones(bank * cores, bool)

    def fits(start, size):
        return start + size <= free.size and free[start : start + size].all()

    for size, traffic in wanted:
        address = banks.take(size, traffic)
        starts = [a for a in range(0, free.size, alignment) if fits(a, size)]
        if address is None:
            assert not starts
            continue
        assert address in starts
        cost = [
            sum(w * hops(core, at, columns) for core, w in traffic.items())
            for at in range(cores)
        ]
        # Within one bank, or from its first byte on if it is larger than a bank.
        inside = [
            a
            for a in starts
            if a % bank + size <= bank or (size > bank and a % bank == 0)
        ]
        if inside:
            assert cost[address // bank] == min(cost[a // bank] for a in inside)
        free[address : address + size] = False


def strips_of(row_blocks: int, column_blocks: int) -> list[list[tile.WeightBlockOp]]:
    matrix = WeightsRef.of("w", "00")
    return [
        [
            tile.WeightBlockOp(
                matrix, Range.of(4 * r, 4 * r + 4), Range.of(2 * c, 2 * c + 2)
            )
            for r in range(row_blocks)
        ]
        for c in range(column_blocks)
    ]


@given(st.integers(1, 9), st.integers(1, 6), st.integers(1, 12))
def test_tiles_take_the_fewest_cores(row_blocks, column_blocks, crossbars):
    strips = strips_of(row_blocks, column_blocks)
    tiles = packing(strips, crossbars)
    placed = [block for members in tiles for block in members]
    assert len(placed) == len(set(placed)) == row_blocks * column_blocks
    assert all(len(members) <= crossbars for members in tiles)
    assert len(tiles) == min(
        -(-row_blocks // high) * -(-column_blocks // (crossbars // high))
        for high in range(1, min(row_blocks, crossbars) + 1)
    )


def test_of_as_few_cores_those_with_the_fewest_bytes():
    # Four cores in any shape. All row blocks of a column block on one core move no
    # sums: 4 x 8 bytes of windows; 2 x 2 would move sums of each column twice.
    tiles = packing(strips_of(4, 4), 4)
    assert [{b.columns.start for b in members} for members in tiles] == [
        {0},
        {2},
        {4},
        {6},
    ]
