"""Cuts into phases, by hand and against all that there are."""

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from cimc.passes.tile.phase_cuts import Work, best_cuts

works = st.builds(
    Work,
    arrays=st.integers(0, 5),
    cycles=st.integers(0, 20),
    bus=st.integers(0, 9),
    programming=st.integers(0, 12),
)


def price(chosen, cuts, arrays):
    """Time and number of phases; nothing if one takes too many arrays."""
    time = 0
    for start, stop in pairwise([*cuts, len(chosen)]):
        phase = chosen[start:stop]
        if sum(work.arrays for work in phase) > arrays:
            return None
        slowest = max(work.cycles for work in phase)
        bus = sum(work.bus for work in phase)
        time += max(slowest, bus) + max(work.programming for work in phase)
    return time, len(cuts)


@given(st.lists(works, min_size=1, max_size=9), st.integers(5, 12))
def test_no_other_cuts_are_better(chosen, arrays):
    cuts = best_cuts(chosen, arrays)

    assert cuts[0] == 0
    assert cuts == sorted(set(cuts))
    inner = range(1, len(chosen))
    prices = [
        price(chosen, (0, *others), arrays)
        for number in range(len(chosen))
        for others in combinations(inner, number)
    ]
    assert price(chosen, cuts, arrays) == min(filter(None, prices))


def test_slow_layers_share_a_phase():
    slow, fast = Work(1, 100, 0, 10), Work(1, 1, 0, 10)
    # In the middle a cut would put a slow layer into each phase.
    assert best_cuts([fast, slow, slow, fast], 3) == [0, 3]
    # A phase more costs less than a slow layer in each of two.
    assert best_cuts([fast, slow, slow, fast], 2) == [0, 1, 3]


def test_as_few_phases_as_do_as_well():
    assert best_cuts([Work(arrays=1)] * 4, 4) == [0]
    assert best_cuts([Work(arrays=1)] * 5, 2) == [0, 2, 4]


def test_a_bus_that_all_share_makes_no_cut_worse():
    busy = Work(1, 10, 100, 5)
    assert best_cuts([busy] * 4, 4) == [0]
    assert best_cuts([busy] * 4, 2) == [0, 2]


def test_nothing_to_cut():
    assert best_cuts([], 4) == []
