"""Orders of a chain, the model of their time, and the simulator."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cimc.passes.tile.order_time import Timing, best_order, cycles
from cimc.passes.tile.orders import Order
from tests.benchmarks.mapping.layers import Shape
from tests.benchmarks.mapping.single import chip, run

TIMING = Timing(mvm=1000, hand_on=50)

orders = st.builds(
    Order,
    st.sampled_from(["linear", "cyclic"]),
    st.integers(2, 40),
    st.integers(1, 60),
    st.integers(1, 70),
)


def visited(order: Order, core: int, *, first=None, last=None) -> list[tuple[int, int]]:
    """The chunks that a core visits in order, perhaps only some of them."""
    return [
        (start, start + visit.every)
        for visit in order.visits(core)
        if first in (None, visit.first) and last in (None, visit.last)
        for start in range(visit.start, visit.stop, visit.every)
    ]


@given(orders)
def test_every_core_visits_every_position_from_its_start_on(order):
    for core in range(order.cores):
        chunks = visited(order, core)
        positions = [p for chunk in chunks for p in range(*chunk)]

        start = order.start(core)
        assert positions == [
            (start + i) % order.positions for i in range(len(positions))
        ]


@given(orders)
def test_what_one_core_hands_on_is_what_the_next_one_awaits(order):
    for core in range(order.cores):
        handed = visited(order, order.before(core), last=False)
        assert handed == visited(order, core, first=False)


@given(orders)
def test_every_chunk_has_one_first_and_one_last_core(order):
    for end in ("first", "last"):
        ends = [
            chunk
            for core in range(order.cores)
            for chunk in visited(order, core, **{end: True})
        ]
        assert sorted(p for chunk in ends for p in range(*chunk)) == list(
            range(order.positions)
        )
    assert order.handovers == sum(
        len(visited(order, core, last=False)) for core in range(order.cores)
    )


def event_driven(order: Order, timing: Timing) -> int:
    """The time of an order, one product after another as they become ready."""
    turns = {
        core: [p for chunk in visited(order, core) for p in range(*chunk)]
        for core in range(order.cores)
    }
    begins: dict[int, dict[int, tuple[int, int]]] = {}
    for core in range(order.cores):
        begins[core] = {}
        for start, stop in visited(order, core, first=False):
            held = stop - start <= timing.hold
            begins[core][stop - 1 if held else start] = stop - 1, stop - start
    taken: dict[tuple[int, int], int] = {}
    now, done = dict.fromkeys(turns, 0), dict.fromkeys(turns, 0)
    while any(done[core] < order.positions for core in turns):
        progress = False
        for core, positions in turns.items():
            while done[core] < order.positions:
                position = positions[done[core]]
                ready = now[core] + timing.mvm
                if (found := begins[core].get(position)) is not None:
                    last, size = found
                    if (order.before(core), last) not in taken:
                        break
                    hand_on = timing.hand_on
                    if size <= timing.hold:
                        hand_on += (size - 1) * timing.more
                    ready = max(ready, taken[order.before(core), last] + hand_on)
                taken[core, position] = now[core] = ready
                done[core] += 1
                progress = True
        assert progress
    return max(now.values())


@given(orders, st.integers(0, 3000), st.integers(1, 5))
def test_the_recurrence_is_that_of_single_products(order, hand_on, hold):
    timing = Timing(1000, hand_on, more=7, hold=hold)
    assert cycles(order, timing) == event_driven(order, timing)


@given(st.integers(2, 150), st.integers(1, 400))
def test_best_order_is_about_the_fastest(cores, positions):
    best = best_order(cores, positions, TIMING)
    others = [
        Order(scheme, cores, positions, every)
        for scheme in ("linear", "cyclic")
        for every in (1, 2, 5)
    ]
    least = min(cycles(order, TIMING) for order in others)
    assert cycles(best, TIMING) <= 1.002 * least


def test_many_more_cores_than_positions_hand_on_vector_by_vector():
    assert best_order(144, 49, TIMING) == Order("cyclic", 144, 49, 1)


def test_cores_that_hold_products_hand_on_less_often():
    holding = Timing(mvm=1001, hand_on=46, more=3, hold=4)
    assert best_order(72, 49, holding) == Order("cyclic", 72, 49, 2)
    assert cycles(Order("linear", 8, 64, 4), holding) == 64 * 1001 + 7 * (46 + 3 * 3)
    assert cycles(Order("linear", 8, 64, 5), holding) > 64 * 1001 + 7 * 4 * 1001


def test_few_cores_hand_on_a_few_times():
    best = best_order(5, 12544, TIMING)
    assert best.scheme == "cyclic"
    assert best.every > 100


def test_one_position_has_no_order():
    assert best_order(3, 1, TIMING) == Order("linear", 3, 1)


@pytest.mark.parametrize("scheme", ["linear", "cyclic", "auto"])
@pytest.mark.parametrize("shape", [Shape(3, 24, 16, 14), Shape(1, 512, 32, 7)], ids=str)
def test_the_simulator_takes_as_long_as_the_model_says(shape, scheme):
    machine = chip(32, bus_bytes=4096)
    (result,) = run(shape, [machine], scheme)

    timing = Timing(mvm=1001, hand_on=43 + 2 + 1, more=2 + 1, hold=4)
    cores = shape.row_blocks(32)
    order = Order(scheme, cores, shape.positions) if scheme != "auto" else None
    expected = cycles(order or best_order(cores, shape.positions, timing), timing)
    # Beside it are the first window, the last vector, and the start of all loops.
    assert expected <= result.cycles <= expected + 120
