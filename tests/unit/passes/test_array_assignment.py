"""Assignments are valid, deterministic and, where all fits, as balanced as can be."""

from collections import defaultdict
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from cimc.passes.tile.array_assignment import Assignment, Item, assign


@st.composite
def problems(draw, sweeps=8):
    """Items, cores, arrays; sweeps larger than a core are cut as the pass does."""
    cores, arrays = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    items = []
    for sweep in range(draw(st.integers(1, sweeps))):
        layer = draw(st.sampled_from("abc"))
        left = draw(st.integers(0, cores * arrays))
        if not left:
            items.append(Item(layer, sweep, 0, 0, draw(st.integers(1, 9))))
        while left:
            size = min(left, arrays)
            weights = size * draw(st.integers(1, 9))
            items.append(Item(layer, sweep, size, weights, size * 10))
            left -= size
    return items, cores, arrays


def load_of(found: Assignment) -> int:
    return sum(found.spans.values())


def is_valid(found: Assignment) -> bool:
    used, pool, sweeps = defaultdict(int), defaultdict(int), set()
    for item, core, resident in zip(
        found.items, found.core, found.resident, strict=True
    ):
        if not 0 <= core < found.cores or (item.sweep, core) in sweeps:
            return False
        sweeps.add((item.sweep, core))
        if resident:
            used[core] += item.size
        else:
            pool[core] = max(pool[core], item.size)
    return all(used[c] + pool[c] <= found.arrays for c in range(found.cores))


@given(problems())
def test_every_assignment_is_valid_and_deterministic(problem):
    found = assign(*problem)
    assert is_valid(found)
    again = assign(*problem)
    assert (again.core, again.resident) == (found.core, found.resident)


@settings(max_examples=40)
@given(problems(sweeps=3))
def test_no_assignment_of_the_same_residents_is_better(problem):
    found = assign(*problem)
    other = Assignment(*problem)
    other.resident = found.resident
    if found.cores ** len(found.items) > 5000:
        return
    for cores in product(range(found.cores), repeat=len(found.items)):
        other.core = list(cores)
        assert not is_valid(other) or load_of(other) >= load_of(found)


def test_nothing_is_reloaded_where_all_fits():
    items = [Item("a", sweep, 2, 2, 2) for sweep in range(6)]
    assert assign(items, 3, 4).reloaded == 0


def test_the_smallest_blocks_per_array_are_reloaded():
    weights = [9, 1, 9, 2, 9]
    items = [Item("a", sweep, 1, w, 5) for sweep, w in enumerate(weights)]
    found = assign(items, 2, 2)
    assert found.reloaded == 3
    assert found.resident == [True, False, True, False, True]


def test_what_is_reloaded_is_spread_over_the_cores():
    """One array for all that does not stay would make one core do all of its work."""
    items = [
        Item(f"layer {layer}", 4 * layer + sweep, 1, 10, 5)
        for layer in range(6)
        for sweep in range(4)
    ]
    found = assign(items, 4, 2)
    assert is_valid(found)
    assert load_of(found) == 6 * 5


def test_large_networks_are_balanced_layer_by_layer():
    # Largest first would give 3 + 2 + 2.
    items = [
        Item(f"layer {layer}", 5 * layer + sweep, 1, 1, work)
        for layer in range(101)
        for sweep, work in enumerate([3, 3, 2, 2, 2])
    ]
    found = assign(items, 2, 300)
    assert is_valid(found)
    assert load_of(found) == 101 * 6
