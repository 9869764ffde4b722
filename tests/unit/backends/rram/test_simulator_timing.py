"""Cycles, stalls, energy and traffic against numbers worked out by hand."""

import json

import numpy as np
import pytest
from rram_programs import AddOp, MaxOp, as_map, core, encode, module_of, small_chip

from cimc.backends.rram.chip import Chip
from cimc.backends.rram.isa import (
    CallOp,
    CreditOp,
    LoadOp,
    LoopOp,
    MvmOp,
    NextOp,
    ProgramOp,
    RingOp,
    SetOp,
    SplatOp,
    StepOp,
    StoreOp,
    WaitOp,
    WalkOp,
)
from cimc.backends.rram.simulator.simulator import Simulator
from cimc.weights import WeightStore
from tests.support.programs import constant

# rram-small: 8 B bus, memory latency 20, MVM 100, CALL 4, vector 2 + n / 8, issue 1.


def run(*cores, store=None, chip=None, trace=None, size=1024):
    chip = chip or small_chip()
    module = module_of(
        *cores,
        declarations=(as_map("in", 0, size, "input"),),
        memory=4 * size,
        chip=chip,
    )
    simulator = Simulator(encode(module), store or WeightStore(), chip)
    image = np.ones((1, 1, size), np.uint8)
    return simulator.run({"in": image}, trace=trace).metrics


def programmed(store, rows=16, columns=16):
    matrix = constant(store, "w", np.ones((rows, columns), np.int8))
    return [ProgramOp(xb=0, matrix=matrix, row=0, rows=rows, column=0, columns=columns)]


def test_one_core_step_by_step():
    store = WeightStore()
    main = [
        LoadOp(vd=0, base=0, count=1, length=16),  # issue 0, bus 0-2, value at 22
        MvmOp(vd=1, xb=0, vs=0),  # issue 22, value at 122
        AddOp(vd=2, va=1, vb=1, n=16),  # issue 122, value at 126
        StoreOp(base=0, offset=1024, vs=2, length=64),  # bus 126-134, complete at 154
    ]
    metrics = run(core(0, main, programmed(store)), store=store)
    assert metrics["cycles"] == 154
    assert metrics["time_ns"] == 154
    assert metrics["stalls"] == {
        "hazard": 21 + 99 + 3,
        "wait": 0,
        "bus": 0,
        "lsu": 0,
        "vector": 0,
        "crossbar": 0,
    }
    assert metrics["busy"] == {
        "issue": 1,
        "lsu": 10,
        "vector": 4,
        "crossbar": 100,
        "bus": 10,
    }
    assert metrics["instructions"] == {"static": 7, "setup": 2, "dynamic": 5}
    assert metrics["traffic"] == {
        "data_bytes": 80,
        "load_bytes": 16,
        "store_bytes": 64,
        "sync_bytes": 0,
    }
    assert metrics["programming"] == {
        "cycles": 160_000,
        "time_ns": 160_000,
        "energy_pj": 256 * 8 * 100.0,
        "cell_writes": 256 * 8,
        "times_until_worn": 100_000_000,
    }
    assert "phases" not in metrics
    energy = metrics["energy_pj"]
    # 8 one-bit reads of 16 rows; a weight is 4 cells of 2 bits, twice for the sign.
    assert energy["adc"] == 8 * 16 * 8 * 2.0
    assert energy["crossbar"] == pytest.approx(8 * 16 * (0.01 + 128 * 0.001))
    assert energy["vector"] == pytest.approx(16 * 0.2)
    assert energy["bus"] == energy["memory"] == 80.0
    assert energy["leakage"] == 154 * 50.5
    parts = sum(value for key, value in energy.items() if key != "total")
    assert energy["total"] == pytest.approx(parts)
    (layer,) = metrics["layers"]
    assert (layer["name"], layer["start"], layer["cycles"]) == ("layer", 0, 154)


def test_units_overlap_and_registers_double_buffer():
    store = WeightStore()
    main = [
        LoadOp(vd=0, base=0, count=1, length=16),
        MvmOp(vd=1, xb=0, vs=0),  # 22-122
        LoadOp(vd=2, base=0, count=1, length=16),  # issue 23: another register
        StoreOp(base=0, offset=1024, vs=2, length=16),  # issue 45, bus 45-47
        LoadOp(vd=2, base=0, count=1, length=16),  # issue 47: v2 is read until then
        AddOp(vd=1, va=2, vb=2, n=4),  # issue 119: completes with the MVM
    ]
    metrics = run(core(0, main, programmed(store)), store=store)
    assert metrics["cycles"] == 122
    assert metrics["stalls"]["hazard"] == 21 + 21 + 1 + 71


def test_the_operand_of_an_mvm_is_free_once_it_has_started():
    store = WeightStore()
    main = [
        LoadOp(vd=0, base=0, count=1, length=16),
        MvmOp(vd=1, xb=0, vs=0),  # 22-122
        LoadOp(vd=0, base=0, count=1, length=16),  # issue 23, value at 45
        MaxOp(vd=0, vs=0, segments=1, n=8),  # issue 45
        MvmOp(vd=2, xb=0, vs=0),  # issue 122: the crossbar is free
    ]
    metrics = run(core(0, main, programmed(store)), store=store)
    assert metrics["cycles"] == 222
    assert metrics["stalls"]["hazard"] == 21 + 21 + 2
    assert metrics["stalls"]["crossbar"] == 74


def test_a_write_completes_after_earlier_reads():
    store = WeightStore()
    main = [
        LoadOp(vd=0, base=0, count=1, length=64),  # value at 28
        MvmOp(vd=1, xb=0, vs=0),  # 28-128
        AddOp(vd=3, va=1, vb=0, n=16),  # 128-132
        MvmOp(vd=1, xb=0, vs=0),  # issue 129, v1 is read until 132 and written at 229
        AddOp(vd=2, va=0, vb=0, n=16),  # 132-136
        StoreOp(base=0, offset=1024, vs=2, length=64),  # bus 136-144
        SplatOp(vd=2, n=8, value=0),  # issue 141: done when the bus has v2
    ]
    metrics = run(core(0, main, programmed(store)), store=store)
    assert metrics["cycles"] == 229
    assert metrics["stalls"]["hazard"] == 27 + 99 + 3 + 4
    assert metrics["stalls"]["vector"] == 2


def test_loads_of_one_register_are_pipelined():
    main = [
        LoadOp(vd=0, dest=8 * i, base=0, offset=64 * i, count=1, length=8)
        for i in range(4)
    ]
    assert run(core(0, main))["cycles"] == 4 + 20


def test_segments_start_a_beat_each():
    main = [LoadOp(vd=0, base=0, count=3, length=9, stride=16)]
    assert run(core(0, main))["cycles"] == 3 * 2 + 20


def test_the_bus_serves_first_come_first_served():
    main = [LoadOp(vd=i, base=0, count=1, length=64) for i in range(2)]
    metrics = run(core(0, main), core(1, [op.clone() for op in main]))
    # Grants: core 0 at 0, core 1 at 8; both ask again at 8 and 16: 16, 24.
    assert metrics["cycles"] == 32 + 20
    # Core 1 waits 1-8 for the bus and 8-16 for its unit, core 0 1-8 for its unit.
    assert metrics["stalls"]["bus"] == 7
    assert metrics["stalls"]["lsu"] == 8 + 7


def test_a_call_is_visible_after_the_stores_before_it():
    first = [
        LoadOp(vd=0, base=0, count=1, length=8),  # value at 21
        StoreOp(base=0, offset=1024, vs=0, length=8),  # bus 21-22, complete at 42
        CallOp(core=1, s=3, by=1),  # bus 22-23, visible at max(27, 42)
    ]
    second = [
        WaitOp(s=3, by=1),  # until 42
        LoadOp(vd=0, base=0, offset=1024, count=1, length=8),  # bus 43-44, value at 64
        StoreOp(base=0, offset=2048, vs=0, length=8),  # bus 64-65
    ]
    metrics = run(core(0, first), core(1, second))
    assert metrics["cycles"] == 65 + 20
    assert metrics["stalls"]["wait"] == 42
    assert metrics["traffic"]["sync_bytes"] == 4


def test_loops_take_issue_cycles():
    body = [SetOp(a=0, value=0), LoopOp([StepOp(a=0, by=1)], count=5)]
    metrics = run(core(0, [LoopOp(body, count=3)]))
    # LOOP + 3 x (SET + LOOP + 5 x (STEP + END) + END) + HALT
    assert metrics["instructions"]["dynamic"] == 1 + 3 * (2 + 10 + 1) + 1
    assert metrics["cycles"] == metrics["instructions"]["dynamic"]


def test_addresses_are_set_and_stepped_at_issue():
    main = [
        RingOp(a=0, base=0, size=64, value=0),
        WalkOp(a=0, columns=2, column=0, step=8, jump=8),
        LoopOp([NextOp(a=0)], count=4),
    ]
    # RING, WALK, LOOP, 4 x (NEXT + END), HALT
    assert run(core(0, main))["cycles"] == 12


def test_credits_are_there_from_the_start():
    """A producer with two credits is at most two vectors ahead."""
    producer = [WaitOp(s=0, by=1), CallOp(core=1, s=0, by=1)]
    busy = LoopOp([SetOp(a=0, value=0)], count=50)
    consumer = [WaitOp(s=0, by=1), busy, CallOp(core=0, s=0, by=1)]
    metrics = run(
        core(0, [LoopOp(producer, count=3)], [CreditOp(s=0, count=2)]),
        core(1, [LoopOp(consumer, count=3)]),
    )
    # Calls at 2 and 5 are seen 5 later; the consumer's turns take 1 + 101 + 1 + 1.
    first = 7 + 1 + 101
    seen = first + 5
    assert metrics["stalls"]["wait"] == 6 + (seen - 7)
    assert metrics["cycles"] == 7 + 3 * 104 - 1 - 1 + 5


def row_block(core_number, last, outputs, store, *, every_vector):
    """Row block of a chain: accumulate into the partial sums at 1024."""
    turn = [
        LoadOp(vd=0, base=0, count=1, length=16),
        MvmOp(vd=1, xb=0, vs=0),
    ]
    if core_number:
        turn += [
            *([WaitOp(s=0, by=1)] if every_vector else []),
            LoadOp(vd=2, base=1, count=1, length=64),
            AddOp(vd=1, va=1, vb=2, n=16),
        ]
    turn += [StoreOp(base=1, vs=1, length=64), StepOp(a=1, by=64)]
    signal = [] if core_number == last else [CallOp(core=core_number + 1, s=0, by=1)]
    if every_vector:
        main = [SetOp(a=1, value=1024), LoopOp([*turn, *signal], count=outputs)]
    else:
        first = [WaitOp(s=0, by=1)] if core_number else []
        main = [*first, SetOp(a=1, value=1024), LoopOp(turn, count=outputs), *signal]
    return core(core_number, main, programmed(store))


def slow_mvm() -> Chip:
    values = small_chip(bus_bytes=64, vector_lanes=32).model_dump()
    values["timing"]["mvm"]["value"] = 2000
    return Chip.model_validate(values)


def chain_cycles(p_v, outputs, *, every_vector):
    store = WeightStore()
    cores = [
        row_block(v, p_v - 1, outputs, store, every_vector=every_vector)
        for v in range(p_v)
    ]
    size = 1024 * (1 + outputs // 32)
    return run(*cores, store=store, chip=slow_mvm(), size=size)["cycles"]


@pytest.mark.parametrize(("p_v", "outputs", "share"), [(16, 196, 0.99), (4, 49, 0.99)])
def test_linear_synchronisation_approaches_p_v(p_v, outputs, share):
    """P_V cores that announce every vector run nearly P_V times as fast."""
    sequential = chain_cycles(p_v, outputs, every_vector=False)
    linear = chain_cycles(p_v, outputs, every_vector=True)
    assert share * p_v < sequential / linear <= p_v


def test_linear_synchronisation_follows_its_recurrence():
    """With one more row block the last vector makes one more hop.

    From a core's WAIT to the next core's: LOAD issues 1 later, takes 1 + 20; ADD takes
    2 + 1; STORE 1 + 20, and only then the CALL may be seen.
    """
    cycles = [chain_cycles(p_v, 32, every_vector=True) for p_v in (3, 4, 5)]
    hop = 1 + 21 + 3 + 21
    assert [later - cycles[0] for later in cycles] == [0, hop, 2 * hop]


def test_runs_are_deterministic_and_traced(tmp_path):
    store = WeightStore()

    def cores():
        return [row_block(v, 3, 8, store, every_vector=True) for v in range(4)]

    path = tmp_path / "trace.json"
    plain = run(*cores(), store=store)
    assert run(*cores(), store=store, trace=path) == plain
    trace = json.loads(path.read_text())
    events = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    assert trace["otherData"]["note"] == "complete"
    assert max(event["ts"] + event["dur"] for event in events) <= plain["cycles"]
    mvms = [event for event in events if event["name"] == "rram.mvm v1, xb0, v0"]
    assert len(mvms) == 4 * 8
    assert {event["dur"] for event in mvms} == {100}
    assert {event["cat"] for event in events} == {"layer"}


def test_a_trace_that_overflows_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("cimc.simulation.simulator.TRACE_EVENTS", 3)
    path = tmp_path / "trace.json"
    main = [LoadOp(vd=0, base=0, count=1, length=8) for _ in range(5)]
    run(core(0, main), trace=path)
    trace = json.loads(path.read_text())
    assert sum(event["ph"] == "X" for event in trace["traceEvents"]) == 3
    assert trace["otherData"]["note"] == "2 later events did not fit"
