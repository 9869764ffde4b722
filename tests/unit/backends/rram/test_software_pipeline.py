"""Rotated loops, against a naive order of all positions."""

from hypothesis import given
from hypothesis import strategies as st

from cimc.backends.rram.isa import LoopOp, SetOp
from cimc.backends.rram.lowering.software_pipeline import SweepStages
from cimc.isa.program import MAX_LOOP_DEPTH

FETCH, MULTIPLY, COMPUTE, GATE, WAIT, CALL = (100 * kind for kind in range(1, 7))


def mark(number: int) -> SetOp:
    return SetOp(a=0, value=number)


def executed(operations) -> list[int]:
    """The marks in the order in which they run."""
    order = []
    for op in operations:
        if isinstance(op, LoopOp):
            order += op.count * executed(op.body())
        else:
            order.append(op.value)
    return order


def depth(operations) -> int:
    """How deep loops nest."""
    inside = (depth(op.body()) for op in operations if isinstance(op, LoopOp))
    return max((1 + loops for loops in inside), default=0)


def naive(positions, gates, waits, calls, products, computed) -> list[int]:
    """The order of the marks, position by position.

    ``products`` gives for each product how many of ``computed`` instructions run until
    it has been read for the last time.
    """
    periods = sorted({*gates, *waits, *calls})
    run = min(gates, default=positions) if products else 1
    order = []

    def before(position, period):
        if position % period == 0:
            order.extend(GATE + period for _ in range(period in gates))
            order.extend(WAIT + period for _ in range(period in waits))

    def after(position, period):
        if (position + 1) % period == 0 and period in calls:
            order.append(CALL + period)

    def multiply(when):
        order.extend(
            MULTIPLY + number
            for number, read in enumerate(products)
            if when is None or read == when
        )

    for position in range(positions):
        for period in reversed(periods):
            if period > run:
                before(position, period)
        if position % run == 0:
            if run in gates:
                order.append(GATE + run)
            order.append(FETCH)
            multiply(None)
            if run in waits:
                order.append(WAIT + run)
        for period in reversed(periods):
            if 1 < period < run:
                before(position, period)
        last = (position + 1) % run == 0
        if not last:
            order.append(FETCH)
        for instruction in range(computed + 1):
            if not last:
                multiply(instruction)
            if instruction < computed:
                order.append(COMPUTE + instruction)
        for period in periods:
            if period < run:
                after(position, period)
        if last:
            after(position, run)
        for period in periods:
            if period > run:
                after(position, period)
    return order


@st.composite
def nests(draw):
    """Periods of which each divides the next, and the last the positions."""
    periods = [1]
    for factor in draw(st.lists(st.integers(2, 4), max_size=5)):
        periods.append(periods[-1] * factor)
    return periods[-1] * draw(st.integers(1, 3)), periods


@given(nests(), st.lists(st.integers(0, 3), max_size=3), st.data())
def test_rotated_loops_run_in_the_order_of_positions(nest, products, data):
    positions, periods = nest
    some = st.sets(st.sampled_from([*periods, positions]))
    # Without products nothing is fetched ahead, and nothing waits for that. What
    # happens at each position stands in the code, but for gates.
    gates = data.draw(some) if products else set()
    waits, calls = data.draw(some) - {1}, data.draw(some) - {1}
    stages = SweepStages(
        positions,
        fetch=[mark(FETCH)] if products else [],
        multiply=[(read, mark(MULTIPLY + n)) for n, read in enumerate(products)],
        compute=[mark(COMPUTE + instruction) for instruction in range(3)],
        gates={period: [mark(GATE + period)] for period in gates},
        waits={period: [mark(WAIT + period)] for period in waits},
        calls={period: [mark(CALL + period)] for period in calls},
    )
    expected = naive(positions, gates, waits, calls, products, 3)
    if not products:
        expected = [number for number in expected if number != FETCH]
    loops = stages.loops()
    assert depth(loops) <= MAX_LOOP_DEPTH
    assert executed(loops) == expected


def test_a_turn_multiplies_as_soon_as_a_product_has_been_read():
    stages = SweepStages(
        4,
        fetch=[mark(FETCH)],
        multiply=[(1, mark(MULTIPLY)), (2, mark(MULTIPLY + 1))],
        compute=[mark(COMPUTE), mark(COMPUTE + 1), mark(COMPUTE + 2)],
    )
    first, *products, loop, _, _, _ = stages.loops()
    assert [op.value for op in (first, *products)] == [FETCH, MULTIPLY, MULTIPLY + 1]
    assert loop.count == 3
    assert [op.value for op in loop.body()] == [
        FETCH,
        COMPUTE,
        MULTIPLY,
        COMPUTE + 1,
        MULTIPLY + 1,
        COMPUTE + 2,
    ]


def test_loops_with_the_fewest_turns_are_rolled_out():
    stages = SweepStages(480, compute=[mark(COMPUTE)])
    for period in (3, 6, 24, 96):
        stages.calls[period] = [mark(CALL + period)]
    loops = stages.loops()
    assert depth(loops) == MAX_LOOP_DEPTH
    assert len(executed(loops)) == 480 + 160 + 80 + 20 + 5
    turns, loop = [], loops[0]
    while loop is not None:
        turns.append(loop.count)
        loop = next((op for op in loop.body() if isinstance(op, LoopOp)), None)
    # Of five loops of 5, 4, 4, 2 and 3 turns, that of two is written out.
    assert turns == [5, 4, 4, 3]
