"""Programs that share a chip get all of it, each at least what it needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cimc.isa.shares import shares


@pytest.mark.parametrize(
    ("available", "needs", "weights", "expected"),
    [
        (10, [1, 1], [1, 1], [5, 5]),
        (10, [1, 1], [1, 4], [2, 8]),
        (10, [6, 1], [1, 4], [6, 4]),
        (10, [6, 1, 1], [1, 4, 4], [6, 2, 2]),
        (10, [5, 5], [1, 9], [5, 5]),
        (10, [0, 0], [0, 0], [10, 0]),
        (10, [3, 8], [1, 1], None),
    ],
)
def test_shares(available, needs, weights, expected):
    assert shares(available, needs, weights) == expected


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 99)), min_size=1, max_size=5),
    st.integers(0, 200),
)
def test_nothing_is_left_and_nobody_lacks(items, spare):
    needs, weights = map(list, zip(*items, strict=True))
    found = shares(sum(needs) + spare, needs, weights)
    assert found is not None
    assert sum(found) == sum(needs) + spare
    assert all(share >= need for share, need in zip(found, needs, strict=True))
