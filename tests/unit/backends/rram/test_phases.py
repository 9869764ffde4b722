"""Programs of several phases: text, bytes, rules, order, time and effort."""

import json

import numpy as np
import pytest
from rram_programs import as_map, core, decode, encode, from_text, module_of, small_chip

from cimc.backends.rram.dialect import phases_of
from cimc.backends.rram.isa import (
    CallOp,
    CreditOp,
    LoadOp,
    MvmOp,
    ProgramOp,
    StoreOp,
    WaitOp,
)
from cimc.backends.rram.simulator.simulator import Simulator
from cimc.backends.rram.verify.proof import prove
from cimc.diagnostics import InputError, VerificationError
from cimc.weights import WeightStore
from tests.support.programs import constant, to_text

# rram-small: 8 B bus, memory latency 20, MVM 100, CALL 4, issue 1; a row is programmed
# in 10 000 cycles, a cell written with 100 pJ, and a weight is in 8 cells.


def load(address, length=16):
    return LoadOp(vd=0, base=0, offset=address, count=1, length=length)


def store(address, length=16):
    return StoreOp(base=0, offset=address, vs=0, length=length)


def programmed(constants, xb=0, rows=16, columns=16):
    matrix = constant(constants, "w", np.ones((16, 16), np.int8))
    return ProgramOp(xb=xb, matrix=matrix, row=0, rows=rows, column=0, columns=columns)


def simulator(*cores, constants=None):
    module = module_of(*cores, declarations=(as_map("in", 0, 16, "input"),))
    return Simulator(encode(module), constants or WeightStore(), small_chip())


def run(*cores, constants=None, trace=None):
    image = np.ones((1, 1, 16), np.uint8)
    loaded = simulator(*cores, constants=constants)
    return loaded.run({"in": image}, trace=trace).metrics


def test_text_and_bytes_round_trip():
    module = module_of(
        core(3, [store(0)]), core(0, [load(0)], phase=1), core(3, [load(0)], phase=1)
    )
    text = to_text(module)
    assert "rram.core 3 main" in text
    assert "rram.core 0 phase 1 main" in text
    assert to_text(from_text(text)) == text
    data = encode(module)
    assert to_text(decode(data)) == text
    assert encode(from_text(text)) == data
    assert [[unit.number for unit in cores] for cores in phases_of(module)] == [
        [3],
        [0, 3],
    ]


@pytest.mark.parametrize(
    ("phases", "message"),
    [
        ([(0, 1)], r"\[RRAM-7\] core 0 phase 1 stands where phase 0 begins"),
        ([(0, 0), (0, 2)], r"\[RRAM-7\] core 0 phase 2 stands where phase 1 begins"),
        ([(0, 0), (0, 1), (1, 0)], r"\[RRAM-7\] core 1 stands where phase 2 begins"),
        ([(0, 0), (0, 1), (0, 1)], r"\[RRAM-7\] core 0 is declared twice"),
    ],
)
def test_phases_are_listed_in_order(phases, message):
    cores = [core(number, [store(0)], phase=phase) for number, phase in phases]
    with pytest.raises(InputError, match=message):
        encode(module_of(*cores))


def test_a_phase_finds_what_those_before_have_stored():
    def cores(phase):
        late = [load(0), store(2048), load(1024)]
        return core(0, [load(0), store(1024)]), core(1, late, phase=phase)

    run(*cores(1))
    with pytest.raises(VerificationError, match="without waiting for its writer"):
        run(*cores(0))


def test_a_phase_may_overwrite_what_those_before_have_read():
    run(
        core(0, [load(0), store(1024)]),
        core(1, [load(0), store(0)], phase=1),
        core(0, [load(0), store(1024)], phase=2),
    )


def test_sequences_start_again_from_their_credits():
    def cores(phase, *waits):
        """The first wait uses the credit up, the second needs the call."""
        return (
            core(0, [CallOp(core=1, s=0, by=1)], phase=phase),
            core(
                1,
                [WaitOp(s=0, by=by) for by in waits],
                [CreditOp(s=0, count=2)],
                phase=phase,
            ),
        )

    # Credits come back at the end: calls and waits are as many in each phase.
    run(*cores(0, 1), *cores(1, 1))
    with pytest.raises(VerificationError, match="s0 is 3, must reach 4"):
        run(*cores(0, 1), *cores(1, 1, 3))
    with pytest.raises(VerificationError, match="s0 of core 1 in phase 0 ends at 3"):
        run(*cores(0, 2), *cores(1, 1))


def test_traps_name_the_phase():
    with pytest.raises(VerificationError) as error:
        run(core(0, [load(0)]), core(0, [load(1024)], phase=1))
    assert error.value.diagnostic.where.startswith("layer 'layer', core 0 in phase 1,")
    with pytest.raises(VerificationError) as error:
        run(core(0, [load(0)]), core(2, [WaitOp(s=0, by=1)], phase=1))
    assert "core 2 in phase 1, instruction 1" in error.value.diagnostic.notes[0]


def test_a_call_reaches_only_the_cores_of_its_phase():
    with pytest.raises(VerificationError, match="s0 of core 1 in phase 0 ends at 1"):
        run(
            core(0, [CallOp(core=1, s=0, by=1)]),
            core(1, [WaitOp(s=0, by=1)], phase=1),
        )


def test_time_and_effort_of_programming(tmp_path):
    constants = WeightStore()
    both = [programmed(constants), programmed(constants, xb=1, rows=4, columns=2)]
    # Load: bus 0-2, value at 22; MVM until 122; store on the bus 122-124, over at 144.
    main = [
        load(0),
        MvmOp(vd=1, xb=0, vs=0),
        StoreOp(base=0, offset=512, vs=1, length=16),
    ]
    one = core(0, main, both)
    # Load at 0, value at 22; store on the bus 22-24, over at 44.
    two = core(0, [load(0), store(1024)], [programmed(constants)], phase=1)
    three = core(1, [load(0)], phase=1)
    trace = tmp_path / "trace.json"
    metrics = run(one, two, three, constants=constants, trace=trace)
    first, second = 20 * 10_000 + 144, 16 * 10_000 + 44
    writes = 8 * (16 * 16 + 4 * 2), 8 * 16 * 16
    assert metrics["cycles"] == first + second
    assert metrics["programming"] == {
        "cycles": 36 * 10_000,
        "time_ns": 36 * 10_000,
        "energy_pj": 100.0 * sum(writes),
        "cell_writes": sum(writes),
        # Crossbar 0 of core 0 is written twice for every image.
        "times_until_worn": 50_000_000,
        "images_until_worn": 50_000_000,
    }
    assert metrics["phases"] == [
        {
            "cores": 1,
            "crossbars": 2,
            "programming": {
                "cycles": 200_000,
                "time_ns": 200_000,
                "energy_pj": 100.0 * writes[0],
                "cell_writes": writes[0],
            },
            "cycles": first,
        },
        {
            "cores": 2,
            "crossbars": 1,
            "programming": {
                "cycles": 160_000,
                "time_ns": 160_000,
                "energy_pj": 100.0 * writes[1],
                "cell_writes": writes[1],
            },
            "cycles": second,
        },
    ]
    # All crossbars hold the same block.
    assert metrics["without_phases"] == {"crossbars": 1, "cores": 1}
    assert metrics["crossbars"]["used"] == metrics["cores"]["used"] == 2
    energy = metrics["energy_pj"]
    assert energy["programming"] == 100.0 * sum(writes)
    # One core leaks in the first phase, two in the second.
    leakage = 0.5 * (first + 2 * second) + 50 * (first + second)
    assert energy["leakage"] == pytest.approx(leakage)
    parts = sum(value for key, value in energy.items() if key != "total")
    assert energy["total"] == pytest.approx(parts)
    events = json.loads(trace.read_text())["traceEvents"]
    starts = {e["args"]["phase"]: e["ts"] for e in reversed(events) if e["ph"] == "X"}
    assert starts == {0: 200_000, 1: first + 160_000}


def test_every_phase_is_proven_by_itself():
    def handed_over(phase, *, wait=True):
        first = [load(0), store(1024), CallOp(core=1, s=0, by=1)]
        second = [WaitOp(s=0, by=1), load(1024), store(2048)]
        return (
            core(0, first, phase=phase),
            core(1, second if wait else second[1:], phase=phase),
        )

    assert prove(module_of(*handed_over(0), *handed_over(1))) is None
    problem = prove(module_of(*handed_over(0), *handed_over(1, wait=False)))
    assert problem is not None
    assert problem.kind == "unbalanced"
    assert "core 0 phase 1" in problem.where
    # What one phase stores and another reads, the barrier orders.
    apart = core(0, [load(0), store(1024)]), core(1, [load(1024)], phase=1)
    assert prove(module_of(*apart)) is None
    together = core(0, [load(0), store(1024)]), core(1, [load(1024)])
    problem = prove(module_of(*together))
    assert problem is not None
    assert problem.kind == "unordered"
