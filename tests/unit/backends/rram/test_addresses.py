"""What address registers hold at every position of a sweep."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cimc.backends.rram.isa import (
    CallOp,
    LoopOp,
    NextOp,
    RingOp,
    SetOp,
    StepOp,
    WalkOp,
)
from cimc.backends.rram.lowering.addresses import AddressRegisters, Motion, Place
from cimc.context import CompilationContext
from cimc.diagnostics import DoesNotFitError
from cimc.dialects import tile
from cimc.dialects.cim import Range
from cimc.dialects.tile import SweepOp
from cimc.driver.text import parse_module


def run(operations, registers, walks, log):
    """Execute what moves registers; log all of them at every CALL."""
    for op in operations:
        match op:
            case SetOp() | RingOp():
                registers[op.a] = op.value
                walks.pop(op.a, None)
            case StepOp():
                registers[op.a] += op.by
            case WalkOp():
                walks[op.a] = [op.columns, op.column, op.step, op.jump]
            case NextOp():
                columns, column, step, jump = walks[op.a]
                last = column + 1 == columns
                registers[op.a] += step + (jump if last else 0)
                walks[op.a][1] = 0 if last else column + 1
            case LoopOp():
                for _ in range(op.count):
                    run(op.body(), registers, walks, log)
            case CallOp():
                log.append((op.s, dict(registers)))


ranges = st.tuples(st.integers(0, 3), st.integers(1, 5)).map(
    lambda found: Range.of(found[0], sum(found))
)
strides = st.integers(0, 40)


@given(
    ranges,
    ranges,
    st.lists(st.tuples(st.sampled_from(["fetch", "compute"]), strides, strides)),
    st.lists(st.integers(1, 9), max_size=2),
)
def test_registers_follow_the_position_of_their_stage(rows, columns, moves, dense):
    moves = [*moves[:5], *(("compute", columns.size * by, by) for by in dense)]
    addresses = AddressRegisters(SweepOp("l", rows, columns, []))
    numbers = [addresses.register(stage, Motion(*move)) for stage, *move in moves]
    fetching, computing = (
        sorted({n for n, (of, *_) in zip(numbers, moves, strict=True) if of == stage})
        for stage in ("fetch", "compute")
    )
    turn = [
        CallOp(core=0, s=0, by=1),
        *addresses.advance(fetching),
        CallOp(core=0, s=1, by=1),
        *addresses.advance(computing),
    ]
    log = []
    positions = rows.size * columns.size
    loop = LoopOp(turn, count=positions)
    placed = addresses.place(sorted({*numbers}), Range.of(0, positions))
    run([*placed, loop], {}, {}, log)
    for sequence, stage in enumerate(["fetch", "compute"]):
        found = [registers for s, registers in log if s == sequence]
        assert len(found) == rows.size * columns.size
        for position, registers in enumerate(found):
            row, column = divmod(position, columns.size)
            for (of, *move), number in zip(moves, numbers, strict=True):
                if of == stage:
                    assert registers[number] == row * move[0] + column * move[1]


def test_accesses_of_one_stage_that_move_alike_share_a_register():
    addresses = AddressRegisters(SweepOp("l", Range.of(0, 4), Range.of(0, 2), []))
    assert addresses.register("fetch", Motion(64, 8)) == 0
    assert addresses.register("compute", Motion(64, 8)) == 1
    assert addresses.register("fetch", Motion(64, 16)) == 2
    assert addresses.register("fetch", Motion(64, 8)) == 0


def test_only_registers_that_jump_from_row_to_row_need_a_walk():
    addresses = AddressRegisters(SweepOp("l", Range.of(0, 4), Range.of(0, 8), []))
    addresses.register("compute", Motion(64, 8))
    addresses.register("compute", Motion(80, 8))
    assert [op.name for op in addresses.place((0, 1), Range.of(0, 32))] == [
        "rram.set",
        "rram.set",
        "rram.walk",
    ]
    step, next_ = addresses.advance((0, 1))
    assert (step.name, step.a, step.by) == ("rram.step", 0, 8)
    assert (next_.name, next_.a) == ("rram.next", 1)


def test_a_single_column_steps_by_rows():
    addresses = AddressRegisters(SweepOp("l", Range.of(0, 4), Range.of(0, 1), []))
    addresses.register("fetch", Motion(64, 8))
    assert [op.name for op in addresses.place((0,), Range.of(0, 4))] == ["rram.set"]
    assert [op.by for op in addresses.advance((0,))] == [64]


def test_a_core_has_16_address_registers():
    addresses = AddressRegisters(SweepOp("l", Range.of(0, 4), Range.of(0, 1), []))
    for stride in range(16):
        addresses.register("fetch", Motion(stride, 1))
    with pytest.raises(DoesNotFitError, match="more than 16 address registers"):
        addresses.register("fetch", Motion(16, 1))


RINGS = """
%x = tile.feature_map "x" of "" role "intermediate" ring 3 at 64 :
  !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of 0>
%y = tile.feature_map "y" of "l" role "output" at 512 :
  !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of 0>
%s = tile.partial_sums "l" ring 5 at 256 : !tile.partial_sums<4x4x2xi32>
tile.sweep "l" core 0 rows <1 : 4> columns <2 : 4> {
  %a = tile.window %x <kernel 2x2 pad 1x1x0x0> channels <1 : 2> :
    !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of 0> -> vector<4xi8>
  %p = tile.load_partial %s : !tile.partial_sums<4x4x2xi32> -> vector<2xi32>
  %h = tile.splat 0 : vector<1xi8>
  tile.store %h, %y channels <1 : 2> : vector<1xi8>,
    !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of 0>
  tile.store %h, %y padded channels <1 : 2> : vector<1xi8>,
    !tile.feature_map<4x4x2xi8, halo 1x1x0x0 of 0>
}
"""


def test_places_begin_where_the_sweep_does():
    module = parse_module(RINGS, CompilationContext(), "rings")
    found = list(module.walk())
    maps = [op for op in found if isinstance(op, tile.FeatureMapOp)]
    sums = next(op for op in found if isinstance(op, tile.PartialSumsOp))
    sweep = next(op for op in found if isinstance(op, tile.SweepOp))
    window = next(op for op in found if isinstance(op, tile.WindowOp))
    inside, padded = (op for op in found if isinstance(op, tile.StoreOp))
    # Padded rows have 5 columns of 2 bytes. In a ring, addresses count from its start.
    assert Place.of_window(window) == Place(10 + 4, Motion(10, 2, ring=maps[0]))
    assert Place.of_store(inside) == Place(512 + 12 + 10 + 4 + 1, Motion(10, 2))
    assert Place.of_store(padded) == Place(512 + 10 + 4 + 1, Motion(10, 2))
    # A ring of sums holds the vectors of the sweep one after another.
    assert Place.of_sums(sums.result, sweep) == Place(0, Motion(16, 8, ring=sums))
    addresses = AddressRegisters(sweep)
    addresses.register("fetch", Place.of_window(window).motion)
    addresses.register("compute", Place.of_sums(sums.result, sweep).motion)
    placed = addresses.place((0, 1), Range.of(0, sweep.positions))
    rings = [op for op in placed if isinstance(op, RingOp)]
    assert [(op.base, op.size, op.value) for op in rings] == [(64, 30, 0), (256, 40, 0)]
