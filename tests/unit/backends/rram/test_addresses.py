"""Loop nests: what address registers hold whenever the body runs."""

from hypothesis import given
from hypothesis import strategies as st

from cimc.backends.rram.isa import CallOp, LoopOp, SetOp, StepOp, WaitOp
from cimc.backends.rram.lowering.addresses import AddressRegisters, nest
from cimc.dialects.cim import Range
from cimc.dialects.tile import SweepOp


def run(operations, registers, log):
    """Execute SET, STEP and LOOP; log the registers at every other operation."""
    for op in operations:
        match op:
            case SetOp():
                registers[op.a] = op.value
            case StepOp():
                registers[op.a] += op.by
            case LoopOp():
                for _ in range(op.count):
                    run(op.body(), registers, log)
            case WaitOp() | CallOp():
                log.append((op.name, op.s, dict(registers)))


ranges = st.tuples(st.integers(0, 3), st.integers(1, 5)).map(
    lambda found: Range.of(found[0], sum(found))
)
strides = st.integers(0, 40)


@given(ranges, ranges, st.lists(st.tuples(strides, strides), max_size=5), st.data())
def test_registers_follow_the_position(rows, columns, moves, data):
    dense = data.draw(st.lists(st.integers(1, 9), max_size=2))
    moves = [*moves, *((columns.size * step, step) for step in dense)]
    addresses = AddressRegisters(SweepOp("l", rows, columns, []))
    numbers = [addresses.register(*move) for move in moves]
    by_row = data.draw(st.booleans())
    operations = nest(
        addresses,
        [CallOp(core=0, s=0, by=1)],
        [WaitOp(s=1, by=1)] if by_row else [],
        [CallOp(core=0, s=2, by=1)] if by_row else [],
    )
    log = []
    run(operations, {}, log)
    body = [registers for _, s, registers in log if s == 0]
    positions = [
        (row, column)
        for row in range(rows.start, rows.stop)
        for column in range(columns.start, columns.stop)
    ]
    assert len(body) == len(positions)
    for (row, column), registers in zip(positions, body, strict=True):
        for move, number in zip(moves, numbers, strict=True):
            reached = registers[number] + addresses.base(*move)
            assert reached == row * move[0] + column * move[1]
    if by_row:
        order = [s for _, s, _ in log]
        assert order == [1, *[0] * columns.size, 2] * rows.size


def test_accesses_that_move_alike_share_a_register():
    addresses = AddressRegisters(SweepOp("l", Range.of(0, 4), Range.of(0, 1), []))
    assert addresses.register(64, 8) == 0
    # With a single column, the way from column to column does not matter.
    assert addresses.register(64, 16) == 0
    assert addresses.register(32, 8) == 1


def test_a_map_without_gaps_is_swept_by_one_loop():
    addresses = AddressRegisters(SweepOp("l", Range.of(0, 4), Range.of(0, 8), []))
    addresses.register(64, 8)
    found = nest(addresses, [CallOp(core=0, s=0, by=1)], [], [])
    assert [op.name for op in found] == ["rram.set", "rram.loop"]
    assert found[1].count == 32
