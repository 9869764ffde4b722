"""Cycles, shifts, energy and traffic against numbers worked out by hand."""

import json

import numpy as np
import pytest

from cimc.backends.racetrack.isa import (
    CallOp,
    ClearOp,
    FillOp,
    LoopOp,
    MacOp,
    SetOp,
    ShiftOp,
    StoreSumsOp,
    WaitOp,
)
from cimc.weights import WeightStore
from tests.unit.backends.racetrack.racetrack_programs import (
    IMAGE,
    bank,
    load,
    read,
    run,
    shift,
    simulator,
    small_chip,
    stored,
    transfer,
    write,
)

# The small chip: issue, shift and read 1 cycle, write 2, vector 2 + n / 4, link of 4
# bytes, 10 to another bank, 4 for a CALL. A MAC of the Booth cell with 8 bits and an
# accumulator of 32 takes 64 sense, 76 gate, 72 write and 134 shift steps, 1 cycle each.
MAC_CYCLES = 64 + 76 + 72 + 134


def test_one_bank_step_by_step():
    main = [
        read(0),  # 0-1
        read(4, offset=4),  # 1-2
        shift(1),  # 2-3
        read(1, offset=8),  # 3-4
        shift(-1),  # 4-5
        load(12),  # 5-10: 2 + 12 / 4
        write(0),  # 10-12
        write(4, source=4),  # 12-14
        shift(3, m=1),  # 14-17
        write(3, source=8),  # 17-19
        shift(-3, m=1),  # 19-22
    ]  # and HALT, 22-23
    metrics = run(bank(0, main)).metrics
    assert metrics["cycles"] == 23
    assert metrics["time_ns"] == 23
    assert metrics["instructions"] == {"static": 13, "setup": 1, "dynamic": 12}
    assert metrics["shifts"]["total"] == 1 + 1 + 3 + 3
    assert metrics["busy"] == {
        "issue": 1,
        "vector": 5,
        "shift": 8,
        "port": 3 * 1 + 3 * 2,
        "mac": 0,
        "link": 0,
    }
    assert metrics["stalls"] == {"wait": 0, "link": 0}
    assert metrics["utilisation"]["banks"] == 1.0
    energy = metrics["energy_pj"]
    assert energy["issue"] == 12
    # 8 steps of a macro unit of 32 tracks; words of 32 bits.
    assert energy["shift"] == pytest.approx(8 * 32 * 0.06)
    assert energy["sense"] == pytest.approx(3 * 32 * 0.08)
    assert energy["write"] == pytest.approx(3 * 32 * 0.12)
    assert energy["vector"] == pytest.approx(12 * 0.2)
    assert energy["mac"] == energy["transfer"] == energy["sync"] == 0
    # x, y: one macro unit of 4 bytes each; z: two.
    assert energy["leakage"] == pytest.approx(23 * (5 + 0.5 + 4 * 0.001))
    parts = sum(value for key, value in energy.items() if key != "total")
    assert energy["total"] == pytest.approx(parts)
    (layer,) = metrics["layers"]
    assert (layer["start"], layer["cycles"], layer["shifts"]) == (0, 22, 8)
    assert metrics["memory_bytes"] == {"weights": 0, "maps_and_sums": 4 * 8 * 4}


def weights(store):
    """Three rows of two columns: domains 0 and 4 at offset 0, domain 1 at offset 1."""
    return stored(store, np.ones((3, 2)), [0, 2, -1, -1, 1, -1, -1, -1])


def product(*more):
    return [
        *more,
        ClearOp(n=2),  # 2 + ⌈2 / 4⌉ = 3
        MacOp(w=0, base=0, domain=0, at=0, count=2, vs=0, index=0, n=2),
        ShiftOp(w=0, base=0, by=1),
        MacOp(w=0, base=0, domain=1, at=0, count=1, vs=0, index=0, source=2, n=2),
        ShiftOp(w=0, base=0, by=-1),
        StoreSumsOp(vd=1, n=2),  # 3
    ]


def test_products():
    store = WeightStore()
    main = product(read(0), load(4))  # 1 + 3
    metrics = run(bank(0, main, [weights(store)]), store=store).metrics
    assert metrics["cycles"] == 1 + 3 + 3 + 3 * MAC_CYCLES + 2 + 3 + 1
    assert metrics["busy"]["mac"] == 3 * MAC_CYCLES + 3 + 3
    assert metrics["macs"] == 3 * 2
    assert metrics["utilisation"]["lanes"] == 2 / 4
    energy = metrics["energy_pj"]
    # Six MACs of a lane, and 2 + 2 + 4 lane operations elsewhere.
    assert energy["mac"] == pytest.approx(6 * 76 * 0.005)
    assert energy["sense"] == pytest.approx(6 * 64 * 0.04 + 32 * 0.08)
    assert energy["write"] == pytest.approx(6 * 72 * 0.06)
    # An array of weights is one macro unit: 4 lanes of 8 bits.
    assert energy["shift"] == pytest.approx(6 * 134 * 0.06 + 2 * 32 * 0.06)
    assert energy["vector"] == pytest.approx((4 + 2 + 2) * 0.2)
    assert metrics["weight_arrays"] == {"used": 1, "available": 8}
    assert metrics["memory_bytes"]["weights"] == 8 * 4


def test_weights_that_are_stored_anew_take_time_and_energy():
    store = WeightStore()
    program = weights(store)
    metrics = run(bank(0, [program, ShiftOp(w=0, base=0, by=-1)]), store=store).metrics
    # Three rows of 2 bytes: a beat of the link and a write each; one step between.
    assert metrics["cycles"] == 3 * (1 + 2) + 1 + 1 + 1
    assert metrics["shifts"]["total"] == 1 + 1
    energy = metrics["energy_pj"]
    assert energy["write"] == pytest.approx(3 * 16 * 0.12)
    assert energy["transfer"] == pytest.approx(3 * 2 * 1)
    assert energy["shift"] == pytest.approx(2 * 32 * 0.06)


def test_banks_take_turns_on_the_link():
    other = [
        FillOp(base=0, offset=0, length=8, value=1),
        load(8),
        CallOp(core=0, s=0, by=1),
    ]
    metrics = run(
        bank(0, [FillOp(base=0, offset=0, length=8, value=1), load(8), transfer(0),
                 WaitOp(s=0, by=1)]),
        bank(2, other),
    ).metrics  # fmt: skip
    # Both ask at 8. Bank 0 has the link from 8 to 10, is done at 10 + 10 + 2 = 22;
    # bank 2 from 10 to 11: its call is visible at 15, before bank 0 waits at 22.
    assert metrics["stalls"] == {"wait": 0, "link": 2}
    assert metrics["busy"]["link"] == 2 + 1
    assert metrics["cycles"] == 22 + 1 + 1
    assert metrics["traffic"] == {"data_bytes": 8, "sync_bytes": 4}
    assert metrics["energy_pj"]["transfer"] == 8 + 4
    assert metrics["energy_pj"]["sync"] == 5


def test_the_link_goes_to_who_asks_first():
    early = [CallOp(core=3, s=0, by=1)]
    late = [SetOp(a=1, value=0), CallOp(core=3, s=1, by=1)]
    metrics = run(
        bank(0, late), bank(1, early), bank(3, [WaitOp(s=1, by=1), WaitOp(s=0, by=1)])
    ).metrics
    # Bank 1 has the link from 0 to 1, bank 0 from 1 to 2: no one waits for it.
    assert metrics["stalls"]["link"] == 0
    # Visible at 2 + 4; then two WAITs and HALT of a cycle each.
    assert metrics["stalls"]["wait"] == 6
    assert metrics["cycles"] == 6 + 3


def test_equal_times_go_to_the_lower_bank():
    calls = [bank(n, [CallOp(core=3, s=n, by=1)]) for n in (0, 1, 2)]
    waits = bank(3, [WaitOp(s=0, by=1)] + [WaitOp(s=n, by=1) for n in (2, 1)])
    metrics = run(*calls, waits).metrics
    assert metrics["stalls"]["link"] == 0 + 1 + 2
    # Visible at 5, 6 and 7. The first WAIT is over at 6, the second waits until 7.
    assert metrics["stalls"]["wait"] == 5 + 1 + 0
    assert metrics["cycles"] == 7 + 1 + 1 + 1


def test_a_call_comes_after_the_words_before_it():
    metrics = run(
        bank(0, [FillOp(base=0, offset=0, length=8, value=1), load(8), transfer(0),
                 CallOp(core=1, s=0, by=1)]),
        bank(1, [WaitOp(s=0, by=1), read(0, m=2, length=8)]),
    ).metrics  # fmt: skip
    # TRANSFER 8-10, done at 22; the bank goes on then: CALL 22-23, visible at 27.
    assert metrics["stalls"] == {"wait": 27, "link": 0}
    assert metrics["cycles"] == 27 + 1 + 1 + 1


def test_loops_cost_an_instruction_per_turn_and_bank_sharing_is_measured():
    body = LoopOp([SetOp(a=1, value=0)], count=5)
    metrics = run(bank(0, [body, CallOp(core=1, s=0, by=1)]), bank(1, [
        WaitOp(s=0, by=1)])).metrics  # fmt: skip
    # LOOP, 5 · (SET and END), CALL and HALT; the other waits until 1 + 10 + 1 + 4.
    assert metrics["instructions"]["dynamic"] == 1 + 10 + 2 + 2
    assert metrics["cycles"] == 16 + 2
    assert metrics["stalls"]["wait"] == 16
    assert metrics["utilisation"]["banks"] == pytest.approx((13 + 2) / (2 * 18))


def test_a_trace_has_an_event_per_instruction(tmp_path):
    path = tmp_path / "trace.json"
    program = simulator(bank(2, [read(0), shift(1), shift(-1)]))
    program.run({"x": IMAGE}, trace=path)
    events = json.loads(path.read_text())["traceEvents"]
    names = {e["args"]["name"] for e in events if e["ph"] == "M"}
    assert names == {"bank 2", "port", "shift"}
    found = [(e["name"], e["ts"], e["dur"]) for e in events if e["ph"] == "X"]
    assert found == [
        ("racetrack.read [a0], m0[a0] domain 0[a0], 4", 0, 1),
        ("racetrack.shift_map m0[a0], 1", 1, 1),
        ("racetrack.shift_map m0[a0], -1", 2, 1),
    ]


def test_wider_words_are_more_macro_units():
    main = [shift(1, m=2), shift(-1, m=2)]
    metrics = run(bank(1, main)).metrics
    # z has 8 bytes a word: two macro units, whose tracks move together.
    assert metrics["shifts"]["total"] == 2
    assert metrics["energy_pj"]["shift"] == pytest.approx(2 * 2 * 32 * 0.06)


def test_timing_is_that_of_the_chip():
    slow = small_chip()
    timing = slow.timing.model_copy(
        update={
            "shift": slow.timing.shift.model_copy(update={"value": 7}),
            "read": slow.timing.read.model_copy(update={"value": 11}),
        }
    )
    chip = slow.model_copy(update={"timing": timing})
    main = [shift(2), read(2), shift(-2)]
    assert run(bank(0, main), chip=chip).metrics["cycles"] == 14 + 11 + 14 + 1
