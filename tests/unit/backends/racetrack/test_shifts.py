"""What the benchmark of placements claims, as far as it is not about time."""

from collections import deque
from itertools import combinations, permutations

import pytest

from tests.benchmarks.racetrack import NETWORKS, counted, numbers, simulated, variants
from tests.benchmarks.shifts_reduce import lazy_shifts, shifts_reduce

LENET, RESNET, _ = NETWORKS


@pytest.mark.parametrize("network", [LENET, RESNET], ids=lambda network: network.name)
def test_every_layer_shifts_hardly_more_than_it_must(network):
    metrics = simulated(network, network.compile(variants()["ours"]))
    for row in metrics["layers"]:
        bound = row["shift_bound"]
        assert bound <= row["shifts"] <= 1.05 * bound, row["name"]
    assert metrics["shifts"]["total"] == sum(row["shifts"] for row in metrics["layers"])


def test_the_baselines_shift_more():
    chips = variants()
    ours = numbers(simulated(LENET, LENET.compile(chips["ours"])))
    program = LENET.compile(chips["naive"])
    naive = numbers(simulated(LENET, program))
    reduced = counted(program, naive)
    assert naive["shifts"] >= 4 * reduced["shifts"]
    assert reduced["shifts"] >= 4 * ours["shifts"]


def test_shifts_reduce_puts_neighbours_side_by_side():
    assert shifts_reduce([3, 1, 4, 2] * 9) in ([3, 1, 4, 2], [2, 4, 1, 3])
    hub = shifts_reduce([0, 1, 0, 2, 0, 3, 0, 4] * 5)
    assert hub.index(0) == 2


@pytest.mark.parametrize("words", [2, 3, 5])
def test_shifts_reduce_places_a_cycle_as_well_as_any_order(words):
    trace = list(range(words)) * 4
    best = min(lazy_shifts(trace, order) for order in permutations(range(words)))
    assert lazy_shifts(trace, shifts_reduce(trace)) == best == 4 * 2 * (words - 1)


@pytest.mark.parametrize("visits", range(1, 5))
@pytest.mark.parametrize("words", range(1, 7))
@pytest.mark.parametrize("ports", [1, 2])
@pytest.mark.parametrize("policy", ["static", "nearest"])
def test_no_walk_is_shorter_than_the_bound(policy, ports, words, visits):
    """The formula of bounds.py, and that a placement attains it."""
    traversal = -(-words // ports) - 1
    shortest = min(
        _shortest_walk(set(domains), ports, policy, visits)
        for domains in combinations(range(6), words)
    )
    assert shortest == traversal * (visits + visits % 2)


def _shortest_walk(domains: set[int], ports: int, policy: str, visits: int) -> int:
    """Fewest steps from an offset back to it, with all domains so many times between.

    A visit is over when every domain was under a port since the visit began. Searched
    breadth first over (offset, domains seen, visits done), from every offset.
    """
    segment = 6 // ports
    reach = segment - 1 if policy == "nearest" and ports > 1 else 0
    under = {
        offset: frozenset(
            domain
            for domain in domains
            for port in range(ports)
            if domain == port * segment + offset
        )
        for offset in range(-reach, segment + reach)
    }

    def arrive(offset: int, seen: frozenset[int], done: int):
        seen |= under[offset]
        while done < visits and seen == domains:
            seen, done = under[offset], done + 1
            if under[offset] == domains:
                done = visits
        return offset, seen, done

    def steps(home: int) -> int:
        start = arrive(home, frozenset(), 0)
        found, queue = {start: 0}, deque([start])
        while queue:
            state = queue.popleft()
            if state[0] == home and state[2] == visits:
                return found[state]
            for offset in (state[0] - 1, state[0] + 1):
                if offset in under:
                    following = arrive(offset, *state[1:])
                    if following not in found:
                        found[following] = found[state] + 1
                        queue.append(following)
        raise AssertionError("not every domain can be reached")

    return min(map(steps, under))
