"""Host and device take as few turns as there can be."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cimc.frontend.turns import take_turns

KINDS = {"h": "host", "d": "device", "e": "either"}


def turns(kinds: str, edges: list[tuple[int, int]], sizes=None) -> list[int]:
    readers = [[b for a, b in edges if a == item] for item in range(len(kinds))]
    names = [KINDS[kind] for kind in kinds]
    return take_turns(names, readers, sizes or [1] * len(kinds))


def chain(kinds: str) -> list[int]:
    return turns(kinds, [(i, i + 1) for i in range(len(kinds) - 1)])


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ("hdh", [0, 1, 2]),
        ("dd", [1, 1]),
        ("dhd", [1, 2, 3]),
        ("dhdhd", [1, 2, 3, 4, 5]),
        ("ede", [1, 1, 1]),
        ("ehdeh", [0, 0, 1, 1, 2]),
        # Without MACs between two operators of the host: no segment for its own sake.
        ("dhehd", [1, 2, 2, 2, 3]),
        ("dheed", [1, 2, 3, 3, 3]),
        ("dhee", [1, 2, 2, 2]),
        ("dehed", [1, 1, 2, 3, 3]),
        ("hh", [0, 0]),
        ("", []),
    ],
)
def test_chains(kinds, expected):
    assert chain(kinds) == expected


def test_a_diamond_with_the_host_on_one_branch():
    """The other branch goes where fewer bytes cross the border: all are alike here."""
    edges = [(0, 1), (0, 2), (1, 3), (2, 3)]
    assert turns("dhdd", edges) == [1, 2, 3, 3]
    assert turns("dhdd", edges, [9, 9, 1, 1]) == [1, 2, 3, 3]


@pytest.mark.parametrize(("read", "given", "turn"), [(9, 1, 1), (1, 9, 3), (5, 5, 1)])
def test_a_branch_runs_where_fewer_bytes_leave_the_device(read, given, turn):
    #  0 → 1 → 4 beside 2 → 3 (host) → 4
    edges = [(0, 1), (1, 4), (2, 3), (3, 4)]
    found = turns("dddhd", edges, [read, given, 1, 1, 1])
    assert found[1:] == [turn, 1, 2, 3]


def test_what_leaves_the_device_anyway_costs_nothing():
    #  As above, and the host reads the result of 0, too.
    edges = [(0, 1), (0, 3), (1, 4), (2, 3), (3, 4)]
    assert turns("dddhd", edges, [9, 1, 1, 1, 1]) == [1, 3, 1, 2, 3]


def test_the_host_feeds_two_later_segments():
    #  0 d → 1 h → 2 d → 3 h → 4 d, and 1 → 4
    edges = [(0, 1), (1, 2), (2, 3), (3, 4), (1, 4)]
    assert turns("dhdhd", edges) == [1, 2, 3, 4, 5]


def test_heads_of_a_detector_share_a_segment():
    edges = [(0, 1), (0, 2), (0, 3), (1, 4), (2, 5), (3, 6)]
    assert turns("ddddhhh", edges) == [1, 1, 1, 1, 2, 2, 2]


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 8))
    kinds = draw(st.text("hde", min_size=count, max_size=count))
    edges = [
        (a, b) for b in range(count) for a in range(b) if draw(st.integers(0, 2)) == 0
    ]
    sizes = draw(st.lists(st.integers(0, 9), min_size=count, max_size=count))
    return kinds, edges, sizes


def fewest(kinds: str, edges: list[tuple[int, int]]) -> int:
    """The last device turn, for the best choice of what can run on either."""
    best = len(kinds) * 2
    for choice in product("hd", repeat=kinds.count("e")):
        chosen = iter(choice)
        fixed = [next(chosen) if kind == "e" else kind for kind in kinds]
        found: list[int] = []
        for item, kind in enumerate(fixed):
            turn = max((found[a] for a, b in edges if b == item), default=0)
            found.append(turn + (turn + (kind == "d")) % 2)
        best = min(best, (max(found) + 1) // 2)
    return best


@given(graphs())
def test_turns_are_in_order_of_the_right_kind_and_as_few_as_can_be(graph):
    kinds, edges, sizes = graph
    found = turns(kinds, edges, sizes)

    assert all(found[a] <= found[b] for a, b in edges)
    for kind, turn in zip(kinds, found, strict=True):
        assert kind == "e" or turn % 2 == (kind == "d")
    segments = {turn for turn in found if turn % 2}
    if "d" in kinds:
        assert segments == set(range(1, 2 * fewest(kinds, edges), 2))
